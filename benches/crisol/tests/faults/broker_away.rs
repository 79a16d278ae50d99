//! T-11 for a whole server: its broker is killed under load, and comes back.

use std::time::Duration;

use crisol::broker_away::{AwayPlan, away_from};
use ingesta_testing::services::OwnedBroker;

/// Short; the same for minutes is `crisol broker-away`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_11_a_broker_that_is_away_under_load_costs_no_command_and_no_event() {
    let Some(broker) = OwnedBroker::start_or_skip().await.expect("a broker") else {
        return;
    };
    let plan = AwayPlan {
        rate: 20,
        before: Duration::from_secs(2),
        away: Duration::from_secs(5),
        after: Duration::from_secs(1),
    };
    let say = |line: String| println!("{line}");
    let report = away_from(&plan, &broker, &say).await;
    let report = report.unwrap_or_else(|error| panic!("{error:#}"));
    for line in report.lines() {
        println!("{line}");
    }
    assert_eq!(report.findings(), Vec::<String>::new());
    assert!(report.backlog > 0, "the broker was away");
}
