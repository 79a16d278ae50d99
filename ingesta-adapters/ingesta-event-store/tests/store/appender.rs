//! Many commands in one statement: each caller hears of its own, whatever its neighbours do.

use std::sync::Arc;

use ingesta_event_store::{
    AppendError, CommandContext, Commands, EventCodec, EventStorage, Position, Storage,
};

use crate::support::{Add, Counter, Fixture, append, page, stamp};

#[tokio::test]
async fn a_bad_row_in_a_batch_fails_only_its_own_command() {
    let fixture = Fixture::migrated().await;
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..300 {
        let storage = fixture.storage.clone();
        let mut one = append(&format!("c{index:03}"), 0, &[1, 2]);
        let bad = index % 100 == 50;
        if bad {
            one.streams[0].events[1].payload = "{".to_owned();
        }
        tasks.spawn(async move { (bad, storage.append(one).await) });
    }
    for (bad, told) in tasks.join_all().await {
        match told {
            Ok(outcome) => assert!(!bad && outcome.streams[0].1 == 2),
            Err(AppendError::Rejected { sqlstate }) => assert!(bad && sqlstate == "22P02"),
            Err(other) => panic!("{other:?}"),
        }
    }
    let log = page(&fixture.storage, Position::START).await;
    assert_eq!(
        log.events.len(),
        2 * 297,
        "the bad ones' first events are not stored either"
    );
}

#[tokio::test]
async fn commands_of_one_and_of_many_events_share_batches_with_losers_and_repeats() {
    let fixture = Fixture::migrated().await;
    for index in 0..20 {
        fixture
            .storage
            .append(append(&format!("taken{index}"), 0, &[9]))
            .await
            .unwrap();
    }
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..200_usize {
        let storage = fixture.storage.clone();
        let (id, numbers) = match index % 4 {
            0 => (format!("taken{}", index % 20), vec![1, 2, 3]),
            1 => (format!("new{index}"), vec![1]),
            2 => (format!("new{index}"), vec![1, 2, 3, 4]),
            _ => (format!("repeat{index}"), vec![5, 6]),
        };
        let mut one = append(&id, 0, &numbers);
        if index % 4 == 3 {
            // Ten commands, each sent five times under different streams.
            one.command = stamp(&format!("command{}", (index / 4) % 10), b"same");
        }
        tasks.spawn(async move { (index, numbers.len() as u64, storage.append(one).await) });
    }
    let (mut stored, mut repeats) = (20, 0);
    for (index, length, told) in tasks.join_all().await {
        match (index % 4, told) {
            (0, Err(AppendError::Conflict)) => {}
            (1..=3, Ok(outcome)) => {
                assert_eq!(outcome.streams[0].1, length);
                stored += length;
            }
            (3, Err(AppendError::Duplicate(outcome))) => {
                assert_eq!(outcome.streams[0].1, 2, "the whole of the first one's");
                repeats += 1;
            }
            (_, other) => panic!("{index}: {other:?}"),
        }
    }
    assert_eq!(repeats, 40);
    let log = page(&fixture.storage, Position::START).await;
    assert_eq!(log.events.len() as u64, stored);
}

#[tokio::test]
async fn a_kept_state_that_is_out_of_date_is_found_out_also_without_an_append() {
    let fixture = Fixture::migrated().await;
    let here = fixture.counters();
    let storage: Arc<dyn Storage> = Arc::new(fixture.another().await);
    let elsewhere = Commands::<Counter>::new(storage, EventCodec::default(), ());
    let plain = CommandContext::default;
    here.execute("c", Add(vec![1]), plain()).await.unwrap();
    elsewhere.execute("c", Add(vec![2]), plain()).await.unwrap();

    // Decided on what is kept here it would be refused, for that is at version 1.
    let third = here
        .execute("c", Add(vec![3]), plain().expecting(2))
        .await
        .unwrap();
    assert_eq!(third.version, 3);
    elsewhere.execute("c", Add(vec![4]), plain()).await.unwrap();
    let nothing = here.execute("c", Add(vec![]), plain()).await.unwrap();
    assert_eq!((nothing.version, nothing.already_done), (4, true));
    assert_eq!(here.load("c").await.unwrap().state.seen, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_creation_of_what_exists_is_decided_again_on_its_state() {
    let fixture = Fixture::migrated().await;
    let creating = || CommandContext::default().creating();
    let counters = fixture.counters();
    counters
        .execute("c", Add(vec![1]), creating())
        .await
        .unwrap();
    let fresh = fixture.counters();
    let second = fresh.execute("c", Add(vec![2]), creating()).await.unwrap();
    assert_eq!(second.version, 2);
    assert_eq!(fresh.load("c").await.unwrap().state.seen, [1, 2]);
}

#[tokio::test]
async fn a_refused_command_leaves_nothing_behind_in_what_is_kept() {
    let fixture = Fixture::migrated().await;
    let counters = fixture.counters();
    counters
        .execute("c", Add(vec![1]), CommandContext::default())
        .await
        .unwrap();
    // Its first number was applied before the second was refused.
    counters
        .execute("c", Add(vec![5, 0]), CommandContext::default())
        .await
        .unwrap_err();
    counters
        .execute("c", Add(vec![2]), CommandContext::default())
        .await
        .unwrap();
    let loaded = counters.load("c").await.unwrap();
    assert_eq!((loaded.state.seen, loaded.version), (vec![1, 2], 2));
}

#[tokio::test]
async fn who_waits_behind_a_loser_is_not_told_of_a_conflict() {
    let fixture = Fixture::migrated().await;
    let store = &fixture.storage;
    let mut first = append("other", 0, &[1]);
    first.command = stamp("k", b"same");
    store.append(first).await.unwrap();
    let mut repeat = append("s", 0, &[1]);
    repeat.command = stamp("k", b"same");
    // Nothing is stored on the stream before the third, whose expectation is right.
    let (repeated, stale, right) = tokio::join!(
        store.append(repeat),
        store.append(append("s", 7, &[2])),
        store.append(append("s", 0, &[3])),
    );
    assert!(
        matches!(repeated, Err(AppendError::Duplicate(_))),
        "{repeated:?}"
    );
    assert!(matches!(stale, Err(AppendError::Conflict)), "{stale:?}");
    assert!(right.is_ok(), "nothing is on the stream: {right:?}");
}
