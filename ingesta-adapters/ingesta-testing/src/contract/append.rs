//! What appending to one stream promises.
//!
//! Versions are optimistic and leave no gaps; the events of one command are stored together.

use ingesta_event_store::{Append, AppendError, NewEvent, Storage, StreamAppend};

use super::sample::{event, load, part, stored, stream, to_one};

pub(super) async fn an_unknown_stream_is_empty(storage: &dyn Storage) {
    assert!(
        load(storage, &stream("nobody")).await.is_empty(),
        "an unknown stream is empty"
    );
}

pub(super) async fn events_come_back_as_they_were_stored(storage: &dyn Storage) {
    let stream = stream("round-trip");
    let sent = NewEvent {
        event_type: "Ñandú".to_owned(),
        event_version: "2.1".to_owned(),
        payload: "{\"b\": 1,  \"a\":[\"\\u00e1\", \"日本\", 12345678901234567890, 1.50]}"
            .to_owned(),
        metadata: "{\"correlation_id\":\"c\",  \"unknown\":\"kept\"}".to_owned(),
    };
    let mut append = to_one(&stream, 0, 2);
    append.streams[0].events[0] = sent.clone();
    stored(storage, append).await;

    let events = load(storage, &stream).await;
    let first = &events[0];
    assert_eq!(first.stream, stream);
    assert_eq!(
        events.iter().map(|e| e.sequence).collect::<Vec<_>>(),
        [1, 2],
        "from 1, no gaps"
    );
    let back = (
        &first.event_type,
        &first.event_version,
        &first.payload,
        &first.metadata,
    );
    assert!(
        back == (
            &sent.event_type,
            &sent.event_version,
            &sent.payload,
            &sent.metadata
        ),
        "type, version, payload and metadata come back letter by letter"
    );
    assert!(
        first.recorded_at.is_some(),
        "the store says when it stored the event"
    );
    assert!(
        events[0].position < events[1].position,
        "positions grow within a stream"
    );

    let after_first = storage.load(&stream, 1).await.expect("the store answers");
    assert!(
        after_first == events[1..],
        "loading after a sequence leaves out what is before"
    );
}

pub(super) async fn a_stale_version_is_a_conflict(storage: &dyn Storage) {
    let stream = stream("stale");
    stored(storage, to_one(&stream, 0, 2)).await;
    for version in [0, 1] {
        let stale = storage.append(to_one(&stream, version, 1)).await;
        assert!(
            matches!(stale, Err(AppendError::Conflict)),
            "version {version} of 2: {stale:?}"
        );
    }
    assert_eq!(
        load(storage, &stream).await.len(),
        2,
        "a conflict stores nothing"
    );
    stored(storage, to_one(&stream, 2, 1)).await;
}

pub(super) async fn a_gap_is_refused(storage: &dyn Storage) {
    let stream = stream("gap");
    let into_nothing = storage.append(to_one(&stream, 1, 1)).await;
    assert!(
        matches!(into_nothing, Err(AppendError::Conflict)),
        "{into_nothing:?}"
    );
    stored(storage, to_one(&stream, 0, 1)).await;
    let beyond = storage.append(to_one(&stream, 2, 1)).await;
    assert!(
        matches!(beyond, Err(AppendError::Conflict)),
        "a gap is refused: {beyond:?}"
    );
    assert_eq!(
        load(storage, &stream).await.len(),
        1,
        "a gap stores nothing"
    );
}

pub(super) async fn of_rivals_exactly_one_wins(storage: &dyn Storage) {
    let stream = stream("rivals");
    for version in 0..10 {
        let rival = || storage.append(to_one(&stream, version, 1));
        let (a, b, c, d) = tokio::join!(rival(), rival(), rival(), rival());
        let answers = [a, b, c, d];
        let won = answers.iter().filter(|answer| answer.is_ok()).count();
        let lost = answers
            .iter()
            .filter(|a| matches!(a, Err(AppendError::Conflict)))
            .count();
        assert_eq!(
            (won, lost),
            (1, 3),
            "exactly one of four rivals wins: {answers:?}"
        );
    }
    assert_eq!(load(storage, &stream).await.len(), 10);
}

pub(super) async fn several_events_are_stored_together(storage: &dyn Storage) {
    let stream = stream("several");
    stored(storage, to_one(&stream, 0, 1)).await;
    // Its second event would be new, its first is not: nothing of it may be stored.
    let overlapping = storage.append(to_one(&stream, 0, 2)).await;
    assert!(
        matches!(overlapping, Err(AppendError::Conflict)),
        "{overlapping:?}"
    );
    assert_eq!(
        load(storage, &stream).await.len(),
        1,
        "a command is never stored in part"
    );

    let outcome = stored(storage, to_one(&stream, 1, 5)).await;
    assert_eq!(
        outcome.streams,
        [(stream.clone(), 6)],
        "the outcome names the new version"
    );
    assert_eq!(load(storage, &stream).await.len(), 6);
}

pub(super) async fn what_is_not_json_is_refused_with_its_neighbours(storage: &dyn Storage) {
    let stream = stream("not-json");
    let broken = NewEvent {
        payload: "{\"n\":".to_owned(),
        ..event(2)
    };
    let streams = vec![StreamAppend {
        events: vec![event(1), broken],
        ..part(&stream, 0, 1)
    }];
    let refused = storage
        .append(Append {
            streams,
            command: None,
        })
        .await;
    assert!(
        matches!(refused, Err(AppendError::Rejected { .. })),
        "{refused:?}"
    );
    assert!(
        load(storage, &stream).await.is_empty(),
        "the good event is not stored alone"
    );
}

pub(super) async fn nothing_to_append_is_refused(storage: &dyn Storage) {
    let nothing = storage
        .append(Append {
            streams: Vec::new(),
            command: None,
        })
        .await;
    assert!(nothing.is_err(), "an append without streams is refused");
    let empty = storage.append(to_one(&stream("empty"), 0, 0)).await;
    assert!(empty.is_err(), "a stream without events is refused");
}
