//! What reading the log promises: one total order that agrees with every stream's own.

use std::collections::HashMap;

use ingesta_event_store::{Append, Position, Storage, StreamId, TypeFilter};

use super::sample::{part, read_all, stored, stream, to_one};

pub(super) async fn an_empty_log_is_at_its_start(storage: &dyn Storage) {
    let page = storage
        .read_after(Position::START, &TypeFilter::All, 10)
        .await;
    let page = page.expect("the store answers");
    assert!(
        page.events.is_empty() && !page.more,
        "an empty log has an empty page"
    );
    assert_eq!(
        page.reached,
        Position::START,
        "an empty page does not move on"
    );
    assert_eq!(
        storage.head().await.expect("the store answers"),
        Position::START
    );
}

pub(super) async fn appending_is_announced(storage: &dyn Storage) {
    let mut appended = storage.appended();
    appended.mark_unchanged();
    stored(storage, to_one(&stream("announced"), 0, 1)).await;
    assert!(
        appended.has_changed().expect("the store is alive"),
        "appending is announced"
    );
}

pub(super) async fn pages_of_any_size_give_the_same_order(storage: &dyn Storage) {
    let streams: Vec<_> = (0..5).map(|n| stream(&format!("order-{n}"))).collect();
    for version in 0..4 {
        for stream in &streams {
            stored(storage, to_one(stream, version, 1)).await;
        }
    }
    let several = streams.iter().map(|stream| part(stream, 4, 2)).collect();
    stored(
        storage,
        Append {
            streams: several,
            command: None,
        },
    )
    .await;

    let (all, reached) = read_all(storage, &TypeFilter::All, 1_000).await;
    assert_eq!(all.last().map(|event| event.position), Some(reached));
    assert!(
        all.is_sorted_by(|a, b| a.position < b.position),
        "the order is total and strict"
    );
    let mut versions: HashMap<&StreamId, u64> = HashMap::new();
    for event in &all {
        let version = versions.entry(&event.stream).or_default();
        *version += 1;
        assert_eq!(
            event.sequence, *version,
            "{} is in order in the log",
            event.stream
        );
    }
    for stream in &streams {
        assert_eq!(versions[stream], 6, "nothing of {stream} is left out");
    }
    for limit in [1, 2, 7] {
        let (again, _) = read_all(storage, &TypeFilter::All, limit).await;
        assert!(again == all, "pages of {limit} give the same log");
    }
}

pub(super) async fn the_outcome_is_where_the_last_event_is(storage: &dyn Storage) {
    let stream = stream("outcome");
    let first = stored(storage, to_one(&stream, 0, 3)).await;
    let events = storage.load(&stream, 2).await.expect("the store answers");
    assert_eq!(
        first.position, events[0].position,
        "the outcome is where the last event is"
    );
    let second = stored(storage, to_one(&stream, 3, 1)).await;
    assert!(
        second.position > first.position,
        "what comes later is later in the log"
    );
    let head = storage.head().await.expect("the store answers");
    assert_eq!(head, second.position, "the head is the last event");
}

pub(super) async fn a_filter_leaves_out_but_moves_on(storage: &dyn Storage) {
    let other = StreamId::new("another-type", "1");
    stored(storage, to_one(&other, 0, 1)).await;
    stored(storage, to_one(&stream("after-the-other"), 0, 3)).await;
    let head = storage.head().await.expect("the store answers");

    let only_other = TypeFilter::Only(vec!["another-type".into()]);
    let (wanted, reached) = read_all(storage, &only_other, 2).await;
    assert_eq!(wanted.len(), 1, "only the wanted type is read");
    assert_eq!(wanted[0].stream, other);
    assert_eq!(reached, head, "a page moves on over what it leaves out");

    let (none, reached) = read_all(storage, &TypeFilter::Only(Vec::new()), 2).await;
    assert!(
        none.is_empty() && reached == head,
        "also where nothing is wanted"
    );
}

pub(super) async fn lag_counts_what_is_ahead(storage: &dyn Storage) {
    let before = storage.head().await.expect("the store answers");
    stored(storage, to_one(&stream("lag"), 0, 3)).await;
    let behind = storage.lag(before).await.expect("the store answers");
    assert_eq!(behind.events, 3, "lag counts the events ahead");
    assert!(behind.age.is_some(), "and knows the age of the oldest");
    let head = storage.head().await.expect("the store answers");
    let there = storage.lag(head).await.expect("the store answers");
    assert_eq!(
        (there.events, there.age),
        (0, None),
        "nothing is ahead of the head"
    );
}
