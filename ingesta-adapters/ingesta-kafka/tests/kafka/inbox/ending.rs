//! Shutdown under load, shutdown of a handler that hangs, and an end without any order.

use std::time::Duration;

use ingesta_kafka::inbox::{InboxOptions, InboxState};
use ingesta_testing::eventually;

use super::{Probe, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_under_load_loses_nothing_and_does_nothing_twice() {
    let Some(stage) = Stage::new(3).await else {
        return;
    };
    let probe = Probe::new();
    stage.write_numbers(0..3_000, 30).await;
    for part in 1..4 {
        let member = stage.member(&probe);
        probe.until(part * 700).await;
        assert!(member.leave().await, "it left in time");
    }
    let member = stage.member(&probe);
    probe.until(3_000).await;
    probe.assert_once_and_in_order(0..3_000);
    let again = probe
        .deliveries()
        .values()
        .filter(|times| **times != 1)
        .count();
    assert_eq!(again, 0, "what was under way ended and was committed");
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_does_not_wait_for_a_handler_that_hangs() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    let probe = Probe::new();
    probe.hold_before.send_replace(true);
    stage.write_numbers(0..3, 1).await;
    let options = InboxOptions {
        shutdown_grace: Duration::from_millis(200),
        ..stage.options()
    };
    let member = stage.member_with(options, &probe);
    let begun = async || (probe.under_way() == 1).then_some(());
    eventually("it hangs", begun).await;
    assert!(member.leave().await, "it left all the same");
    assert_eq!(probe.under_way(), 0, "the handler was dropped");

    probe.hold_before.send_replace(false);
    let member = stage.member(&probe);
    probe.until(3).await;
    probe.assert_once_and_in_order(0..3);
    assert_eq!(probe.deliveries()[&0], 2, "it came again");
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn t_13_killed_between_effect_and_offset_the_effect_is_there_once() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    let probe = Probe::new();
    probe.hold_after.send_replace(true);
    stage.write_numbers(0..5, 1).await;
    let member = stage.member(&probe);
    probe.until(1).await;
    member.inbox.abort();
    assert!(member.inbox.join().await, "its thread has ended");
    assert_eq!(stage.committed().get(&0), None, "nothing was committed");

    probe.hold_after.send_replace(false);
    let member = stage.member(&probe);
    probe.until(5).await;
    probe.assert_once_and_in_order(0..5);
    assert_eq!(probe.deliveries()[&0], 2, "it was delivered twice");
    assert_eq!(stage.committed_end(5).await, 5);
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_without_a_broker_ends_too() {
    let stage = Stage::without_topic("127.0.0.1:1", 1);
    let probe = Probe::new();
    let options = InboxOptions {
        shutdown_grace: Duration::from_millis(100),
        close_within: Duration::from_secs(30),
        ..stage.options()
    };
    let member = stage.member_with(options, &probe);
    let away = async || (member.inbox.status().state == InboxState::Unreachable).then_some(());
    eventually("it says that nobody answers", away).await;
    assert!(member.leave().await);
}
