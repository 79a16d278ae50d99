//! Clients that mean harm cost honest ones no command, and the server a bounded amount.

use std::time::Duration;

use crisol::siege::{SiegePlan, siege};

/// Short, and in a debug build, so that times say nothing; the same for longer is `crisol siege`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_siege_costs_no_honest_command_and_bounded_memory() {
    let plan = SiegePlan {
        rate: 10,
        alone: Duration::from_secs(2),
        besieged: Duration::from_secs(8),
    };
    let say = |line: String| println!("{line}");
    let report = siege(&plan, &say).await;
    let report = report.unwrap_or_else(|error| panic!("{error:#}"));
    for line in report.lines() {
        println!("{line}");
    }
    assert_eq!(report.findings(), Vec::<String>::new());
    assert!(
        report.attacks.values().all(|count| *count > 0),
        "{report:?}"
    );
    assert!(report.files_most > report.files_before + 100, "{report:?}");
}
