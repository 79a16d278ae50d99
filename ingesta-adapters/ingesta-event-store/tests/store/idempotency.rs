//! A command id counts once: sequentially, at the same time, over several streams, and where the
//! first outcome was never heard.

use std::sync::Arc;

use ingesta_event_store::{
    AppendError, CommandContext, CommandError, EventCodec, EventStorage, Position, StreamAppend,
    StreamId, UnitOfWork,
};

use crate::support::{Add, Counter, Fixture, Meter, added, append, page, stamp};

#[tokio::test]
async fn b_07_the_same_command_at_once_counts_once_and_answers_alike() {
    let fixture = Fixture::migrated().await;
    let counters = fixture.counters();
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..50 {
        let (counters, command) = (counters.clone(), Add(vec![7, 8]));
        let context = CommandContext::default().idempotent("same", &command);
        // Each repeat proposes an id of its own, as a server does that makes ids at the edge.
        tasks.spawn(async move {
            counters
                .execute(&format!("c{index}"), command, context)
                .await
        });
    }
    let outcomes: Vec<_> = tasks
        .join_all()
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let first = &outcomes[0];
    assert!(
        outcomes
            .iter()
            .all(|o| o.stream == first.stream && o.position == first.position)
    );
    assert!(outcomes.iter().all(|o| o.version == 2));
    assert_eq!(outcomes.iter().filter(|o| !o.already_done).count(), 1);
    assert_eq!(
        page(&fixture.storage, Position::START).await.events.len(),
        2
    );
}

#[tokio::test]
async fn b_07_the_same_id_with_another_payload_is_refused() {
    let fixture = Fixture::migrated().await;
    let counters = fixture.counters();
    let asked = |numbers: Vec<i64>| {
        let command = Add(numbers);
        (
            command.clone(),
            CommandContext::default().idempotent("id", &command),
        )
    };
    let (command, context) = asked(vec![1]);
    counters.execute("c", command, context).await.unwrap();
    let (command, context) = asked(vec![2]);
    let refused = counters.execute("c", command, context).await;
    assert!(
        matches!(refused, Err(CommandError::CommandIdReused)),
        "{refused:?}"
    );
    // Also where the aggregate would refuse the other payload by itself.
    let (command, context) = asked(vec![0]);
    let refused = counters.execute("c", command, context).await;
    assert!(
        matches!(refused, Err(CommandError::CommandIdReused)),
        "{refused:?}"
    );
    assert_eq!(counters.load("c").await.unwrap().state.seen, [1]);
}

#[tokio::test]
async fn a_repeat_finds_its_outcome_after_others_have_moved_on() {
    let fixture = Fixture::migrated().await;
    let counters = fixture.counters();
    let command = Add(vec![1]);
    let context = CommandContext::default()
        .idempotent("first", &command)
        .expecting(0);
    let first = counters
        .execute("c", command.clone(), context.clone())
        .await
        .unwrap();
    counters
        .execute("c", Add(vec![2]), CommandContext::default())
        .await
        .unwrap();
    let repeat = counters.execute("c", command, context).await.unwrap();
    assert_eq!((repeat.version, repeat.position), (1, first.position));
    assert!(repeat.already_done);
}

#[tokio::test]
async fn an_expected_version_refuses_instead_of_retrying() {
    let fixture = Fixture::migrated().await;
    let counters = fixture.counters();
    counters
        .execute("c", Add(vec![1, 2]), CommandContext::default())
        .await
        .unwrap();
    let refused = counters
        .execute("c", Add(vec![3]), CommandContext::default().expecting(1))
        .await;
    match refused {
        Err(CommandError::VersionMismatch {
            expected: 1,
            current: 2,
        }) => {}
        other => panic!("{other:?}"),
    }
    counters
        .execute("c", Add(vec![3]), CommandContext::default().expecting(2))
        .await
        .unwrap();
}

#[tokio::test]
async fn b_10_a_unit_of_work_stores_and_shows_every_aggregates_events() {
    let fixture = Fixture::migrated().await;
    let unit = || {
        UnitOfWork::new(
            Arc::new(fixture.storage.clone()),
            EventCodec::default(),
            CommandContext::default().idempotent("transfer", &1),
        )
    };
    let mut first = unit();
    first
        .execute::<Meter>(&(), "m", Add(vec![5]))
        .await
        .unwrap();
    first
        .execute::<Counter>(&(), "c", Add(vec![1, 2]))
        .await
        .unwrap();
    first
        .execute::<Counter>(&(), "c", Add(vec![3]))
        .await
        .unwrap();
    let outcome = first.commit().await.unwrap().unwrap();
    let expected = vec![
        (StreamId::of::<Meter>("m"), 1),
        (StreamId::of::<Counter>("c"), 3),
    ];
    assert_eq!(outcome.streams, expected);
    let log = page(&fixture.storage, Position::START).await;
    assert_eq!(
        log.events.len(),
        4,
        "every event is followed, not only the first aggregate's"
    );

    // The repeat is decided on what is stored now, and still answers with the first outcome.
    let mut repeat = unit();
    repeat
        .execute::<Meter>(&(), "m", Add(vec![5]))
        .await
        .unwrap();
    repeat
        .execute::<Counter>(&(), "c", Add(vec![1, 2]))
        .await
        .unwrap();
    assert_eq!(repeat.commit().await.unwrap().unwrap(), outcome);
    assert_eq!(
        page(&fixture.storage, Position::START).await.events.len(),
        4
    );
}

#[tokio::test]
async fn a_unit_of_work_is_stored_whole_or_not_at_all() {
    let fixture = Fixture::migrated().await;
    let mut slow = UnitOfWork::new(
        Arc::new(fixture.storage.clone()),
        EventCodec::default(),
        CommandContext::default(),
    );
    slow.execute::<Meter>(&(), "m", Add(vec![1])).await.unwrap();
    slow.execute::<Counter>(&(), "c", Add(vec![1]))
        .await
        .unwrap();
    fixture.storage.append(append("c", 0, &[9])).await.unwrap();
    assert!(matches!(slow.commit().await, Err(AppendError::Conflict)));
    let log = page(&fixture.storage, Position::START).await;
    assert_eq!(
        log.events.len(),
        1,
        "the meter's event was not stored without the counter's"
    );
}

#[tokio::test]
async fn units_over_the_same_streams_in_opposite_order_do_not_block_each_other() {
    let fixture = Fixture::migrated().await;
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..40_u64 {
        let storage = fixture.storage.clone();
        let (a, b) = if index % 2 == 0 {
            ("a", "b")
        } else {
            ("b", "a")
        };
        tasks.spawn(async move {
            for _ in 0..100_000 {
                let version = async |id: &str| {
                    let stream = StreamId::of::<Counter>(id);
                    storage.load(&stream, 0).await.unwrap().len() as u64
                };
                let part = |id: &str, expected_version| StreamAppend {
                    stream: StreamId::of::<Counter>(id),
                    expected_version,
                    events: vec![added(1)],
                };
                let streams = vec![part(a, version(a).await), part(b, version(b).await)];
                match storage
                    .append(ingesta_event_store::Append {
                        streams,
                        command: None,
                    })
                    .await
                {
                    Ok(_) => return,
                    Err(AppendError::Conflict) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
        });
    }
    tasks.join_all().await;
    let log = page(&fixture.storage, Position::START).await;
    assert_eq!(log.events.len(), 80);
}

#[tokio::test]
async fn a_bad_row_is_refused_with_its_code_and_stores_nothing() {
    let fixture = Fixture::migrated().await;
    let mut bad = append("c", 0, &[1]);
    bad.streams[0].events[0].payload = "not json".to_owned();
    bad.command = stamp("bad", b"x");
    match fixture.storage.append(bad).await {
        Err(AppendError::Rejected { sqlstate }) => assert_eq!(sqlstate, "22P02"),
        other => panic!("{other:?}"),
    }
    assert!(fixture.storage.command("bad").await.unwrap().is_none());
    assert!(
        page(&fixture.storage, Position::START)
            .await
            .events
            .is_empty()
    );
}

#[tokio::test]
async fn a_version_beyond_the_end_of_the_stream_is_a_conflict() {
    let fixture = Fixture::migrated().await;
    fixture.storage.append(append("c", 0, &[1])).await.unwrap();
    let gap = fixture.storage.append(append("c", 5, &[6])).await;
    assert!(matches!(gap, Err(AppendError::Conflict)), "{gap:?}");
    let torn = fixture.storage.append(append("c", 0, &[1, 2])).await;
    assert!(matches!(torn, Err(AppendError::Conflict)), "{torn:?}");
    assert_eq!(
        page(&fixture.storage, Position::START).await.events.len(),
        1
    );
}
