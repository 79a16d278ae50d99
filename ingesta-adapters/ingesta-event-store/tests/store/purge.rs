//! Old command ids are forgotten whole or not at all, and nothing else is.

use std::time::Duration;

use ingesta_event_store::{
    Append, AppendError, CommandStamp, EventStorage, Position, PurgePolicy, StreamAppend, StreamId,
};

use crate::support::{Counter, Fixture, added, append, page, stamp};

const DAY: Duration = Duration::from_secs(86_400);

/// Ids `old-0..`: one event, several, over two streams, and nothing at all; and one of today.
async fn filled(fixture: &Fixture) {
    let named = |id: &str, numbers: &[i64]| Append {
        command: stamp(id, b"x"),
        ..append(id, 0, numbers)
    };
    let part = |id: &str| StreamAppend {
        stream: StreamId::of::<Counter>(id),
        expected_version: 0,
        events: vec![added(1), added(2)],
    };
    let unit = Append {
        // The command's own stream is written last: parts stand before the id in the log.
        streams: vec![part("z"), part("a")],
        command: stamp("old-unit", b"x"),
    };
    let nothing = CommandStamp {
        id: "old-nothing".to_owned(),
        fingerprint: b"x".to_vec(),
    };
    let found = [(StreamId::of::<Counter>("z"), 2)];
    let all = [
        named("old-one", &[1]),
        named("old-many", &[1, 2, 3]),
        unit,
        Append::already_done(nothing, &found, "{}".to_owned()),
    ];
    for append in all {
        fixture.storage.append(append).await.unwrap();
    }
    fixture
        .execute("update events set recorded_at = recorded_at - interval '3 days'")
        .await;
    fixture.storage.append(named("new", &[1, 2])).await.unwrap();
}

const OLD: [&str; 4] = ["old-one", "old-many", "old-unit", "old-nothing"];

#[tokio::test]
async fn old_ids_are_forgotten_and_young_ones_are_not() {
    let fixture = Fixture::migrated().await;
    filled(&fixture).await;
    let before = page(&fixture.storage, Position::START).await.events;
    let policy = PurgePolicy {
        older_than: DAY,
        batch: 2,
    };
    let due = fixture.storage.purgeable_commands(policy).await.unwrap();
    assert_eq!((due.commands, due.done_already), (4, 1));
    assert!(fixture.storage.command("old-one").await.unwrap().is_some());

    let mut told = Vec::new();
    let purged = fixture
        .storage
        .purge_commands(policy, |progress| told.push(progress))
        .await
        .unwrap();
    assert_eq!((purged.commands, purged.done_already), (4, 1));
    assert!(told.is_sorted_by_key(|p| p.walked), "{told:?}");
    assert_eq!(told.last().unwrap().commands, 4);

    for id in OLD {
        assert!(fixture.storage.command(id).await.unwrap().is_none(), "{id}");
    }
    let rest = "select count(*) from events where command_id is not null \
                or command_fp is not null or command_of is not null";
    assert_eq!(
        fixture.number(rest).await,
        2,
        "the new command keeps its two"
    );
    let (_, known) = fixture.storage.command("new").await.unwrap().unwrap();
    assert_eq!(known.streams, [(StreamId::of::<Counter>("new"), 2)]);
    let after = page(&fixture.storage, Position::START).await.events;
    let facts = |e: &ingesta_event_store::RecordedEvent| (e.position, e.payload.clone());
    assert_eq!(
        after.iter().map(facts).collect::<Vec<_>>(),
        before.iter().map(facts).collect::<Vec<_>>(),
        "no event is touched"
    );

    // A forgotten id is free again.
    let again = Append {
        command: stamp("old-one", b"other"),
        ..append("old-one", 1, &[2])
    };
    fixture.storage.append(again).await.unwrap();
    let again = fixture
        .storage
        .purge_commands(policy, |_| {})
        .await
        .unwrap();
    assert_eq!((again.commands, again.done_already), (0, 0));
}

#[tokio::test]
async fn an_interrupted_purge_leaves_each_id_whole_or_forgotten() {
    let fixture = Fixture::migrated().await;
    filled(&fixture).await;
    let mut outcomes = Vec::new();
    for id in OLD {
        outcomes.push(fixture.storage.command(id).await.unwrap().unwrap());
    }
    let policy = PurgePolicy {
        older_than: DAY,
        batch: 1,
    };
    for stop_after in 1.. {
        // A purge that is dropped after so many statements.
        let mut statements = 0;
        let enough = tokio::sync::Notify::new();
        let purge = fixture.storage.purge_commands(policy, |_| {
            statements += 1;
            if statements == stop_after {
                enough.notify_one();
            }
        });
        let ended = tokio::select! {
            biased;
            () = enough.notified() => false,
            ended = purge => ended.is_ok(),
        };
        for (id, outcome) in OLD.iter().zip(&outcomes) {
            let known = fixture.storage.command(id).await.unwrap();
            assert!(known.is_none_or(|known| known == *outcome), "{id}");
        }
        if ended {
            break;
        }
    }
    let left = "select count(*) from events where recorded_at < now() - interval '1 day' \
                and (command_id is not null or command_of is not null)";
    assert_eq!(
        fixture.number(left).await,
        0,
        "the last run did what was left"
    );
}

#[tokio::test]
async fn adopted_events_are_not_touched() {
    let fixture = Fixture::migrated().await;
    filled(&fixture).await;
    fixture
        .execute("update events set recorded_at = null")
        .await;
    let purged = fixture
        .storage
        .purge_commands(PurgePolicy::older_than(Duration::ZERO), |_| {})
        .await
        .unwrap();
    assert_eq!(purged.commands, 0);
    let repeat = Append {
        command: stamp("old-one", b"x"),
        ..append("old-one", 0, &[1])
    };
    let repeat = fixture.storage.append(repeat).await;
    assert!(
        matches!(repeat, Err(AppendError::Duplicate(_))),
        "{repeat:?}"
    );
}
