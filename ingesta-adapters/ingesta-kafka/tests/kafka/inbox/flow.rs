//! Order, concurrency, passing failures and full pipelines, on a broker that behaves.

use std::collections::HashSet;

use ingesta_kafka::inbox::{Fault, InboxOptions};
use ingesta_testing::eventually;

use super::stage::Line;
use super::{Probe, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_key_come_one_by_one_and_others_at_the_same_time() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    let probe = Probe::new();
    probe.hold_before.send_replace(true);
    stage.write_numbers(0..40, 8).await;
    let options = InboxOptions {
        concurrency: 4,
        ..stage.options()
    };
    let member = stage.member_with(options, &probe);
    let four = async || (probe.under_way() == 4).then_some(());
    eventually("four keys under way", four).await;
    assert_eq!(member.inbox.status().in_flight, 4);
    probe.hold_before.send_replace(false);
    probe.until(40).await;
    assert_eq!(probe.most(), (1, 4), "one of a key, four in all");
    probe.assert_once_and_in_order(0..40);
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_failure_holds_its_partition_and_no_other_and_loses_nothing() {
    let Some(stage) = Stage::new(2).await else {
        return;
    };
    let probe = Probe::new();
    // Even numbers are on partition 0, odd ones on partition 1.
    probe.failing.send_replace(HashSet::from([4]));
    stage.write_numbers(0..8, 4).await;
    let member = stage.member(&probe);
    let fails = async || (member.inbox.status().retries >= 1).then_some(());
    eventually("the first failure", fails).await;
    stage.write_numbers(8..40, 4).await;
    let others = async || (probe.of_key("k1").len() + probe.of_key("k3").len() == 20).then_some(());
    eventually("the other partition", others).await;
    let tried = async || (member.inbox.status().retries >= 3).then_some(());
    eventually("several tries", tried).await;
    let status = member.inbox.status();
    assert!(status.retrying_since.is_some());
    assert_eq!(
        status.last_error.map(|(fault, _)| fault),
        Some(Fault::HandlerTransient)
    );
    assert_eq!(probe.of_key("k0"), [0], "nothing passes the one that waits");
    assert!(probe.of_key("k2").len() <= 2, "its whole partition waits");
    assert_eq!(
        stage.committed_end(2).await,
        2,
        "nor is it passed by a commit"
    );

    probe.failing.send_replace(HashSet::new());
    probe.until(40).await;
    probe.assert_once_and_in_order(0..40);
    let calm = async || member.inbox.status().retrying_since.is_none().then_some(());
    eventually("nothing waits any more", calm).await;
    assert_eq!(
        member.inbox.status().dead_lettered,
        0,
        "it is never put aside by itself"
    );
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pipeline_pauses_and_goes_on() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    let probe = Probe::new();
    probe.hold_before.send_replace(true);
    stage.write_numbers(0..1_000, 10).await;
    let options = InboxOptions {
        window: 50,
        ..stage.options()
    };
    let member = stage.member_with(options, &probe);
    let full = async || (member.inbox.status().unfinished == 50).then_some(());
    eventually("a full pipeline", full).await;
    // Messages that come while it is full stay where they are.
    stage.write_numbers(1_000..1_100, 10).await;
    let lag = async || member.inbox.status().lag.filter(|lag| *lag >= 1_000);
    eventually("the lag is told", lag).await;
    assert_eq!(member.inbox.status().unfinished, 50);
    probe.hold_before.send_replace(false);
    probe.until(1_100).await;
    probe.assert_once_and_in_order(0..1_100);
    assert!(
        probe.deliveries().values().all(|times| *times == 1),
        "nothing came twice"
    );
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_unbroken_run_is_committed_and_nothing_after_it() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    let probe = Probe::new();
    // The third message is held by a failure only after its neighbours have begun.
    probe.hold_before.send_replace(true);
    probe.failing.send_replace(HashSet::from([2]));
    for number in 0..6_u64 {
        let (key, value) = (format!("k{number}"), number.to_string());
        let line = Line {
            partition: 0,
            key: Some(&key),
            value: Some(value.as_bytes()),
        };
        stage.write(line).await;
    }
    let member = stage.member(&probe);
    let begun = async || (probe.under_way() == 6).then_some(());
    eventually("all have begun", begun).await;
    probe.hold_before.send_replace(false);
    probe.until(5).await;
    assert_eq!(
        stage.committed_end(2).await,
        2,
        "three to five are finished, two is not"
    );
    probe.failing.send_replace(HashSet::new());
    assert_eq!(stage.committed_end(6).await, 6);
    assert!(member.leave().await);
}
