//! Events, appends and parks for the checks, and reading the whole log back.
//!
//! Every check uses streams of its own, so that the checks of one store do not meet.

use std::time::Duration;

use ingesta_event_store::subscription::{Commit, Lease, Park, ParkReason, ParkedStream};
use ingesta_event_store::{
    Append, CommandOutcome, CommandStamp, NewEvent, Position, RecordedEvent, Storage, StreamAppend,
    StreamId, TypeFilter,
};

use crate::eventually;

/// Long enough that no check outlives it.
pub(super) const LONG: Duration = Duration::from_secs(600);

pub(super) fn stream(id: &str) -> StreamId {
    StreamId::new("contract", id)
}

pub(super) fn event(n: u64) -> NewEvent {
    NewEvent {
        event_type: "Happened".to_owned(),
        event_version: "1.0".to_owned(),
        payload: format!("{{\"n\":{n}}}"),
        metadata: "{}".to_owned(),
    }
}

/// `count` events for a stream that is at `version`.
pub(super) fn part(stream: &StreamId, version: u64, count: u64) -> StreamAppend {
    let events = (1..=count).map(|n| event(version + n)).collect();
    StreamAppend {
        stream: stream.clone(),
        expected_version: version,
        events,
    }
}

pub(super) fn to_one(stream: &StreamId, version: u64, count: u64) -> Append {
    Append {
        streams: vec![part(stream, version, count)],
        command: None,
    }
}

pub(super) fn stamped(append: Append, id: &str, fingerprint: &[u8]) -> Append {
    let stamp = CommandStamp {
        id: id.to_owned(),
        fingerprint: fingerprint.to_vec(),
    };
    Append {
        command: Some(stamp),
        ..append
    }
}

/// Appends what nothing speaks against.
#[track_caller]
pub(super) fn stored(
    storage: &dyn Storage,
    append: Append,
) -> impl Future<Output = CommandOutcome> {
    let caller = std::panic::Location::caller();
    async move {
        let outcome = storage.append(append).await;
        outcome.unwrap_or_else(|error| panic!("{caller}: nothing speaks against it: {error}"))
    }
}

pub(super) async fn load(storage: &dyn Storage, stream: &StreamId) -> Vec<RecordedEvent> {
    storage.load(stream, 0).await.expect("the store answers")
}

/// The whole log, in pages of `limit`, once all of it may be read.
pub(super) async fn read_all(
    storage: &dyn Storage,
    types: &TypeFilter,
    limit: usize,
) -> (Vec<RecordedEvent>, Position) {
    let head = storage.head().await.expect("the store answers");
    let (mut all, mut at) = (Vec::new(), Position::START);
    while at < head {
        // An older transaction elsewhere in the cluster may hold readers back for a while.
        let page = eventually("the next page of the log", async || {
            let page = storage
                .read_after(at, types, limit)
                .await
                .expect("the log is in order");
            (page.reached > at).then_some(page)
        });
        let page = page.await;
        assert!(
            page.events.len() <= limit,
            "a page is not longer than asked for"
        );
        all.extend(page.events);
        at = page.reached;
    }
    (all, at)
}

pub(super) async fn acquired(storage: &dyn Storage, name: &str) -> Lease {
    let lease = storage
        .acquire(name, "first", LONG)
        .await
        .expect("the store answers");
    lease.expect("nobody else runs this subscription")
}

/// Puts a stream aside at its event `sequence`, for the first time.
pub(super) fn park(stream: &StreamId, sequence: u64, retry_after: Option<Duration>) -> Park {
    let reason = ParkReason {
        code: "broken".to_owned(),
        message: "It is broken.".to_owned(),
    };
    let position = Position::new(7, 3);
    Park {
        stream: stream.clone(),
        sequence,
        position,
        reason,
        attempts: 1,
        retry_after,
    }
}

pub(super) async fn commit(storage: &dyn Storage, lease: &Lease, commit: Commit) {
    storage
        .commit(lease, commit)
        .await
        .expect("the lease is ours");
}

pub(super) async fn parked_one(storage: &dyn Storage, name: &str) -> ParkedStream {
    let mut parked = storage.parked(name).await.expect("the store answers");
    assert_eq!(parked.len(), 1, "one stream of {name} is parked");
    parked.remove(0)
}
