//! Members that come and go, and one that is thrown out of its group.

use std::time::Duration;

use ingesta_kafka::inbox::{InboxOptions, Membership};
use ingesta_testing::eventually;
use ingesta_testing::services::OwnedBroker;

use super::stage::Member;
use super::{Probe, Stage};

/// Two members come and go every few hundred effects while messages flow.
async fn come_and_go(membership: Membership) {
    let Some(stage) = Stage::new(4).await else {
        return;
    };
    let probe = Probe::new();
    let options = || InboxOptions {
        membership,
        ..stage.options()
    };
    let member = || stage.member_with(options(), &probe);
    let mut members = [member(), member()];
    let (rounds, each) = (8_u64, 400_u64);
    for round in 0..rounds {
        stage
            .write_numbers(round * each..(round + 1) * each, 40)
            .await;
        let due = round * each + each / 4;
        probe.until(due).await;
        let index = usize::try_from(round % 2).expect("small");
        let old = std::mem::replace(&mut members[index], member());
        assert!(old.leave().await, "a member left in time");
    }
    let all = rounds * each;
    probe.until(all).await;
    probe.assert_once_and_in_order(0..all);
    let ends = async || {
        let committed = stage.committed();
        (committed.values().sum::<i64>() == all as i64).then_some(())
    };
    eventually("all of it is committed", ends).await;
    for member in members {
        assert!(member.leave().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t_13_members_come_and_go_while_messages_flow() {
    come_and_go(Membership::Range).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t_13_members_come_and_go_and_the_others_keep_what_they_have() {
    come_and_go(Membership::CooperativeSticky).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t_13_members_come_and_go_where_the_broker_decides() {
    come_and_go(Membership::BrokerSide).await;
}

async fn assigned(member: &Member, count: usize) {
    let has = async || (member.inbox.status().assigned.len() == count).then_some(());
    eventually(&format!("{count} partitions"), has).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_joins_takes_over_what_the_other_has_finished() {
    let Some(stage) = Stage::new(2).await else {
        return;
    };
    let probe = Probe::new();
    let first = stage.member(&probe);
    assigned(&first, 2).await;
    stage.write_numbers(0..100, 10).await;
    probe.until(100).await;
    let second = stage.member(&probe);
    assigned(&second, 1).await;
    assigned(&first, 1).await;
    stage.write_numbers(100..200, 10).await;
    probe.until(200).await;
    probe.assert_once_and_in_order(0..200);
    assert!(
        probe.deliveries().values().all(|times| *times == 1),
        "nothing came twice"
    );
    assert_eq!(first.inbox.status().lost + second.inbox.status().lost, 0);
    assert!(first.leave().await && second.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn t_13_a_handler_that_hangs_keeps_no_partition_from_the_next_member() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    let (old, new) = (Probe::new(), Probe::new());
    let options = InboxOptions {
        // Half of this is the most that giving up may take, whatever the grace.
        max_poll_interval: Duration::from_secs(6),
        revoke_grace: Duration::from_secs(600),
        ..stage.options()
    };
    let first = stage.member_with(options, &old);
    stage.write_numbers(0..10, 2).await;
    old.until(10).await;
    old.hold_after.send_replace(true);
    stage.write_numbers(10..20, 2).await;
    old.until(12).await;
    let second = stage.member(&new);
    // The range assignor gives the only partition to one of them, and not always to the newcomer.
    let given_up = async || (old.under_way() == 0).then_some(());
    eventually("what hung is dropped", given_up).await;
    old.hold_after.send_replace(false);
    stage.write_numbers(20..30, 2).await;
    assert_eq!(stage.committed_end(30).await, 30);
    assert_eq!(first.inbox.status().lost, 0, "it was given up in time");
    let mut numbers: Vec<_> = [old.effects(), new.effects()].concat();
    numbers.sort_by_key(|effect| effect.number);
    numbers.dedup_by_key(|effect| effect.number);
    assert_eq!(numbers.len(), 30, "nothing is missing");
    assert!(first.leave().await && second.leave().await);
    assert_eq!(stage.committed()[&0], 30, "and nothing went back");
}

#[tokio::test(flavor = "multi_thread")]
async fn t_13_what_is_finished_of_a_lost_partition_is_not_committed_and_comes_again() {
    let Some(broker) = OwnedBroker::start_or_skip().await.expect("a broker") else {
        return;
    };
    let stage = Stage::on(broker.address(), 1).await;
    let probe = Probe::new();
    let member = stage.member(&probe);
    stage.write_numbers(0..10, 1).await;
    assert_eq!(stage.committed_end(10).await, 10);
    probe.hold_after.send_replace(true);
    stage.write_numbers(10..12, 1).await;
    probe.until(11).await;
    // Nobody answers for longer than a session: the member's partitions are no longer its own.
    broker.pause().expect("it is frozen");
    let lost = async || (member.inbox.status().lost == 1).then_some(());
    eventually("the partition is lost", lost).await;
    assert_eq!(probe.under_way(), 0, "what was under way was dropped");
    assert_eq!(member.inbox.status().assigned, []);
    broker.resume().expect("it goes on");
    probe.hold_after.send_replace(false);
    probe.until(12).await;
    assert_eq!(stage.committed_end(12).await, 12);
    probe.assert_once_and_in_order(0..12);
    assert_eq!(probe.deliveries()[&10], 2, "it came again");
    assert!(member.leave().await);
}
