//! What command ids promise: a command that is sent twice takes effect once.

use ingesta_event_store::{Append, AppendError, Storage};

use super::sample::{load, part, stamped, stored, stream, to_one};

pub(super) async fn an_unknown_command_is_none(storage: &dyn Storage) {
    assert!(
        storage
            .command("never sent")
            .await
            .expect("the store answers")
            .is_none()
    );
}

pub(super) async fn a_repeat_is_answered_as_the_first_time(storage: &dyn Storage) {
    let stream = stream("repeat");
    let command = || stamped(to_one(&stream, 0, 2), "repeat-1", b"same");
    let first = stored(storage, command()).await;
    // Also when the stream has moved on meanwhile, and whatever the repeat was decided on.
    stored(storage, to_one(&stream, 2, 1)).await;
    let later = stamped(to_one(&stream, 3, 2), "repeat-1", b"same");
    for repeat in [command(), later] {
        match storage.append(repeat).await {
            Err(AppendError::Duplicate(outcome)) => assert_eq!(outcome, first),
            other => panic!("a repeat is answered as the first time, not with {other:?}"),
        }
    }
    assert_eq!(
        load(storage, &stream).await.len(),
        3,
        "a repeat stores nothing"
    );

    let known = storage
        .command("repeat-1")
        .await
        .expect("the store answers");
    let (stamp, outcome) = known.expect("a stored command is known");
    assert_eq!(
        (stamp.id.as_str(), stamp.fingerprint.as_slice()),
        ("repeat-1", &b"same"[..])
    );
    assert_eq!(outcome, first);
}

pub(super) async fn another_payload_is_refused(storage: &dyn Storage) {
    let (stream, other) = (stream("reuse"), stream("reuse-other"));
    stored(storage, stamped(to_one(&stream, 0, 1), "reuse-1", b"one")).await;
    for append in [
        to_one(&stream, 1, 1),
        to_one(&stream, 0, 1),
        to_one(&other, 0, 1),
    ] {
        let refused = storage.append(stamped(append, "reuse-1", b"two")).await;
        assert!(
            matches!(refused, Err(AppendError::CommandIdReused)),
            "{refused:?}"
        );
    }
    assert_eq!(load(storage, &stream).await.len(), 1);
    assert!(
        load(storage, &other).await.is_empty(),
        "a reused id stores nothing"
    );
}

pub(super) async fn a_refused_command_leaves_its_id_free(storage: &dyn Storage) {
    let stream = stream("refused");
    let conflict = storage
        .append(stamped(to_one(&stream, 5, 1), "refused-1", b"x"))
        .await;
    assert!(
        matches!(conflict, Err(AppendError::Conflict)),
        "{conflict:?}"
    );
    assert!(
        storage
            .command("refused-1")
            .await
            .expect("the store answers")
            .is_none()
    );
    stored(storage, stamped(to_one(&stream, 0, 1), "refused-1", b"x")).await;
}

pub(super) async fn a_repeat_over_several_streams_names_them_all(storage: &dyn Storage) {
    let (a, b) = (stream("repeat-b"), stream("repeat-a"));
    let both = || {
        let streams = vec![part(&a, 0, 1), part(&b, 0, 2)];
        stamped(
            Append {
                streams,
                command: None,
            },
            "repeat-unit",
            b"u",
        )
    };
    let first = stored(storage, both()).await;
    match storage.append(both()).await {
        Err(AppendError::Duplicate(outcome)) => assert_eq!(outcome, first),
        other => panic!("a repeat is answered as the first time, not with {other:?}"),
    }
    assert_eq!(first.streams, [(a, 1), (b, 2)]);
}

pub(super) async fn of_concurrent_repeats_one_is_stored(storage: &dyn Storage) {
    for round in 0..10 {
        let (mine, id) = (
            stream(&format!("at-once-{round}")),
            format!("at-once-{round}"),
        );
        let sent = || storage.append(stamped(to_one(&mine, 0, 2), &id, b"same"));
        let (a, b, c) = tokio::join!(sent(), sent(), sent());
        let answers = [a, b, c];
        let stored: Vec<_> = answers.iter().filter_map(|a| a.as_ref().ok()).collect();
        assert_eq!(stored.len(), 1, "one of the repeats is stored: {answers:?}");
        for answer in &answers {
            match answer {
                Ok(outcome) | Err(AppendError::Duplicate(outcome)) => {
                    assert_eq!(outcome, stored[0], "and the others are told what it did");
                }
                Err(error) => panic!("a repeat is a duplicate, not {error:?}"),
            }
        }
        assert_eq!(load(storage, &mine).await.len(), 2);
    }
}

pub(super) async fn ids_have_bounds(storage: &dyn Storage) {
    let longest = "x".repeat(255);
    stored(
        storage,
        stamped(to_one(&stream("longest-id"), 0, 1), &longest, b"x"),
    )
    .await;
    let (stream, too_long) = (stream("bad-id"), "x".repeat(256));
    for id in ["", too_long.as_str()] {
        let refused = storage
            .append(stamped(to_one(&stream, 0, 1), id, b"x"))
            .await;
        assert!(
            refused.is_err(),
            "an id of {} characters is refused",
            id.len()
        );
    }
    assert!(load(storage, &stream).await.is_empty());
}
