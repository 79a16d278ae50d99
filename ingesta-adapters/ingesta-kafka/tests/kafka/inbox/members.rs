//! Members that come and go, and one that is thrown out of its group.

use std::time::Duration;

use ingesta_kafka::inbox::{InboxOptions, Membership};
use ingesta_testing::eventually;

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
        let due = (round * each + each / 4) as usize;
        probe.until(due).await;
        let index = usize::try_from(round % 2).expect("small");
        let old = std::mem::replace(&mut members[index], member());
        assert!(old.leave().await, "a member left in time");
    }
    let all = rounds * each;
    probe.until(all as usize).await;
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
async fn t_13_a_member_whose_partitions_were_taken_commits_nothing_of_them() {
    let Some(stage) = Stage::new(1).await else {
        return;
    };
    let (old, new) = (Probe::new(), Probe::new());
    let options = InboxOptions {
        max_poll_interval: Duration::from_secs(6),
        revoke_grace: Duration::from_secs(600),
        ..stage.options()
    };
    let first = stage.member_with(options, &old);
    stage.write_numbers(0..10, 2).await;
    old.until(10).await;
    // It hangs for longer than the group waits for anybody.
    old.hold_after.send_replace(true);
    stage.write_numbers(10..20, 2).await;
    old.until(12).await;
    let second = stage.member(&new);
    new.until(10).await;
    new.assert_once_and_in_order(10..20);
    assert_eq!(stage.committed_end(20).await, 20);

    let lost = async || (first.inbox.status().lost == 1).then_some(());
    eventually("it knows that it lost its partition", lost).await;
    assert_eq!(old.under_way(), 0, "what hung there was dropped");
    old.hold_after.send_replace(false);
    // It joins again, and what is committed from then on is not of its former life.
    stage.write_numbers(20..30, 2).await;
    let all = async || (old.count() + new.count() >= 32).then_some(());
    eventually("the last messages", all).await;
    assert_eq!(stage.committed_end(30).await, 30);
    assert!(first.leave().await && second.leave().await);
    assert_eq!(stage.committed()[&0], 30, "and nothing went back");
}
