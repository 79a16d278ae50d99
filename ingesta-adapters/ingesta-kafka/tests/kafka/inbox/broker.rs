//! A broker that is not there yet, a topic that is not, and a broker that is killed under load.

use ingesta_kafka::inbox::{Fault, InboxState};
use ingesta_testing::eventually;
use ingesta_testing::services::{OwnedBroker, kafka_or_skip};

use super::{Probe, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn b_06_a_broker_that_comes_after_the_inbox_is_found() {
    let Some(broker) = OwnedBroker::start_or_skip().await.expect("a broker") else {
        return;
    };
    let stage = Stage::on(broker.address(), 1).await;
    broker.stop().await.expect("it stops");
    let probe = Probe::new();
    let member = stage.member(&probe);
    let away = async || {
        let status = member.inbox.status();
        let said = status.last_error.map(|(fault, _)| fault) == Some(Fault::Unreachable);
        (said && status.state == InboxState::Unreachable).then_some(())
    };
    eventually("it says that nobody answers", away).await;
    broker.start_again().await.expect("it comes");
    stage.write_numbers(0..10, 2).await;
    probe.until(10).await;
    let here = async || (member.inbox.status().state == InboxState::Following).then_some(());
    eventually("it says that it follows", here).await;
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_06_a_topic_that_comes_after_the_inbox_is_found() {
    let Some(brokers) = kafka_or_skip().await.expect("a broker") else {
        return;
    };
    let stage = Stage::without_topic(&brokers, 1);
    let probe = Probe::new();
    let member = stage.member(&probe);
    let missing = async || {
        let fault = member.inbox.status().last_error.map(|(fault, _)| fault);
        (fault == Some(Fault::TopicMissing)).then_some(())
    };
    eventually("it says that there is no topic", missing).await;
    stage.create().await;
    stage.write_numbers(0..10, 2).await;
    probe.until(10).await;
    assert!(member.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_under_load_costs_no_message_and_no_order() {
    let Some(broker) = OwnedBroker::start_or_skip().await.expect("a broker") else {
        return;
    };
    let stage = Stage::on(broker.address(), 2).await;
    let probe = Probe::new();
    let member = stage.member(&probe);
    for round in 0..3_u64 {
        let writing = stage.write_numbers(round * 500..(round + 1) * 500, 20);
        let killing = async {
            probe.until(round * 500 + 50).await;
            broker.kill().await.expect("it is killed");
            broker.start_again().await.expect("it comes back");
        };
        tokio::join!(writing, killing);
    }
    probe.until(1_500).await;
    probe.assert_once_and_in_order(0..1_500);
    let ends = async || {
        let committed = stage.committed();
        (committed.values().sum::<i64>() == 1_500).then_some(())
    };
    eventually("all of it is committed", ends).await;
    assert!(member.leave().await);
}
