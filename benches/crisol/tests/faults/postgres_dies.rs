//! T-3: PostgreSQL dies under load, again and again.

use crisol::run::{Fault, Plan, run};

/// Ten times `kill -9` of the postmaster, the server going on: nothing acknowledged is lost, and
/// afterwards the view catches up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_03_postgres_is_killed_ten_times_under_load_and_nothing_acknowledged_is_lost() {
    let seed = uuid::Uuid::now_v7().as_u64_pair().1 >> 32;
    let plan = Plan::of(seed, vec![Fault::KillPostgres; 10]);
    let say = |line: String| println!("{line}");
    let report = run(&plan, &say)
        .await
        .unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    println!("{report:?}");
    assert_eq!(report.kills_postgres, 10);
    assert!(
        report.is_clean(),
        "seed {seed}: {:?} {:?}",
        report.findings,
        report.shortfall()
    );
    assert_eq!(
        (report.lost, report.doubled, report.inverted, report.stuck),
        (0, 0, 0, 0)
    );
}
