//! What is promised of a command that had nothing to store: its id counts like any other, and
//! whoever follows the log sees nothing of it.

use ingesta_event_store::{
    Append, AppendError, CommandStamp, Position, Storage, StreamId, TypeFilter,
};

use super::sample::{load, read_all, stamped, stored, stream, to_one};

fn done(id: &str, fingerprint: &[u8], found: &[(StreamId, u64)]) -> Append {
    let stamp = CommandStamp {
        id: id.to_owned(),
        fingerprint: fingerprint.to_vec(),
    };
    Append::already_done(stamp, found, "{}".to_owned())
}

pub(super) async fn a_command_that_stored_nothing_is_remembered(storage: &dyn Storage) {
    let (mine, nobody) = (stream("done"), stream("done-nobody"));
    let first = stored(storage, to_one(&mine, 0, 2)).await;
    let found = [(mine.clone(), 2), (nobody, 0)];
    let outcome = stored(storage, done("done-1", b"same", &found)).await;
    assert_eq!(
        (outcome.position, &outcome.streams[..]),
        (first.position, &found[..]),
        "it is answered with what it found"
    );
    // Also when the stream has moved on, and whatever the repeat finds by then.
    stored(storage, to_one(&mine, 2, 1)).await;
    let later = done("done-1", b"same", &[(mine.clone(), 3)]);
    let storing = stamped(to_one(&mine, 3, 1), "done-1", b"same");
    for repeat in [done("done-1", b"same", &found), later, storing] {
        match storage.append(repeat).await {
            Err(AppendError::Duplicate(again)) => assert_eq!(again, outcome),
            other => panic!("a repeat is answered as the first time, not with {other:?}"),
        }
    }
    assert_eq!(load(storage, &mine).await.len(), 3, "and stores nothing");
    let known = storage.command("done-1").await.expect("the store answers");
    let (stamp, again) = known.expect("a remembered command is known");
    assert_eq!(
        (stamp.id.as_str(), &stamp.fingerprint[..]),
        ("done-1", &b"same"[..])
    );
    assert_eq!(again, outcome);

    let nothing = stored(storage, done("done-2", b"x", &[(stream("done-none"), 0)])).await;
    assert_eq!(
        nothing.position,
        Position::START,
        "it may have found nothing"
    );
}

pub(super) async fn its_id_is_as_taken_as_any(storage: &dyn Storage) {
    let longest = "é".repeat(255);
    let found = [(stream("done-taken"), 0)];
    stored(storage, done(&longest, b"one", &found)).await;
    let storing = stamped(to_one(&stream("done-taken"), 0, 1), &longest, b"two");
    for other in [done(&longest, b"two", &found), storing] {
        let refused = storage.append(other).await;
        assert!(
            matches!(refused, Err(AppendError::CommandIdReused)),
            "{refused:?}"
        );
    }
    stored(
        storage,
        stamped(to_one(&stream("done-free"), 0, 1), "done-stored", b"one"),
    )
    .await;
    let refused = storage.append(done("done-stored", b"two", &found)).await;
    assert!(
        matches!(refused, Err(AppendError::CommandIdReused)),
        "{refused:?}"
    );
}

pub(super) async fn of_what_stores_and_what_does_not_one_counts(storage: &dyn Storage) {
    for round in 0..10 {
        let id = format!("done-at-once-{round}");
        let mine = stream(&id);
        let nothing = || storage.append(done(&id, b"same", &[(mine.clone(), 0)]));
        let something = || storage.append(stamped(to_one(&mine, 0, 1), &id, b"same"));
        let (a, b, c, d) = tokio::join!(nothing(), something(), nothing(), something());
        let answers = [a, b, c, d];
        let counted: Vec<_> = answers.iter().filter_map(|a| a.as_ref().ok()).collect();
        assert_eq!(counted.len(), 1, "one of them counts: {answers:?}");
        for answer in &answers {
            match answer {
                Ok(outcome) | Err(AppendError::Duplicate(outcome)) => {
                    assert_eq!(outcome, counted[0], "and the others are told which");
                }
                Err(error) => panic!("a repeat is a duplicate, not {error:?}"),
            }
        }
    }
}

pub(super) async fn followers_are_not_shown_it(storage: &dyn Storage) {
    let found = [(stream("done-unseen"), 0)];
    stored(storage, done("done-unseen", b"x", &found)).await;
    let head = storage.head().await.expect("the store answers");
    let (all, reached) = read_all(storage, &TypeFilter::All, 3).await;
    assert!(
        all.iter()
            .all(|e| e.stream.aggregate_type != StreamId::COMMANDS),
        "what is remembered of a command is no event"
    );
    assert_eq!(reached, head, "and a reader moves on over it");
    let by_name = TypeFilter::Only(vec![StreamId::COMMANDS.into()]);
    let (asked, _) = read_all(storage, &by_name, 100).await;
    let named = |id: &str| asked.iter().any(|e| e.stream.aggregate_id == id);
    assert!(named("done-unseen"), "whoever asks for it by name sees it");
}

pub(super) async fn nobody_else_writes_its_streams(storage: &dyn Storage) {
    let theirs = StreamId::new(StreamId::COMMANDS, "done-forged");
    let unnamed = to_one(&theirs, 0, 1);
    let named = stamped(to_one(&theirs, 0, 1), "done-forged", b"x");
    let mut other = done("done-forged", b"x", &[]);
    other.streams[0].stream.aggregate_id = "done-other".to_owned();
    for forged in [unnamed, named, other] {
        assert!(storage.append(forged).await.is_err(), "a reserved stream");
    }
    assert!(load(storage, &theirs).await.is_empty());
}
