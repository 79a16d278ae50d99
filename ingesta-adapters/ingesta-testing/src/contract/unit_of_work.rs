//! What one command over several streams promises: all of its events are stored, or none.

use ingesta_event_store::{Append, AppendError, Storage, StreamAppend};

use super::sample::{load, part, stored, stream, to_one};

fn over(streams: Vec<StreamAppend>) -> Append {
    Append {
        streams,
        command: None,
    }
}

pub(super) async fn several_streams_are_stored_together(storage: &dyn Storage) {
    let (a, b) = (stream("unit-b"), stream("unit-a"));
    let outcome = stored(storage, over(vec![part(&a, 0, 2), part(&b, 0, 3)])).await;
    let expected = [(a.clone(), 2), (b.clone(), 3)];
    assert_eq!(
        outcome.streams, expected,
        "streams are named in the command's own order"
    );
    let (of_a, of_b) = (load(storage, &a).await, load(storage, &b).await);
    assert_eq!((of_a.len(), of_b.len()), (2, 3));
    let last = of_a.iter().chain(&of_b).map(|event| event.position).max();
    assert_eq!(
        Some(outcome.position),
        last,
        "the outcome is where the last event is"
    );
}

pub(super) async fn a_conflict_on_the_second_stream_stores_nothing(storage: &dyn Storage) {
    let (fresh, taken) = (stream("unit-fresh"), stream("unit-taken"));
    stored(storage, to_one(&taken, 0, 1)).await;
    for streams in [
        vec![part(&fresh, 0, 2), part(&taken, 0, 1)],
        vec![part(&taken, 0, 1), part(&fresh, 0, 2)],
    ] {
        let refused = storage.append(over(streams)).await;
        assert!(matches!(refused, Err(AppendError::Conflict)), "{refused:?}");
    }
    assert!(
        load(storage, &fresh).await.is_empty(),
        "nothing of the unit of work is stored"
    );
    assert_eq!(load(storage, &taken).await.len(), 1);
}

pub(super) async fn a_gap_on_the_second_stream_stores_nothing(storage: &dyn Storage) {
    let (fresh, short) = (stream("unit-fresh-2"), stream("unit-short"));
    let refused = storage
        .append(over(vec![part(&fresh, 0, 1), part(&short, 4, 1)]))
        .await;
    assert!(matches!(refused, Err(AppendError::Conflict)), "{refused:?}");
    assert!(
        load(storage, &fresh).await.is_empty(),
        "nothing of the unit of work is stored"
    );
}

pub(super) async fn one_stream_twice_is_refused(storage: &dyn Storage) {
    let twice = stream("unit-twice");
    let refused = storage
        .append(over(vec![part(&twice, 0, 1), part(&twice, 1, 1)]))
        .await;
    assert!(refused.is_err(), "one stream twice in a command is refused");
    assert!(load(storage, &twice).await.is_empty());
}
