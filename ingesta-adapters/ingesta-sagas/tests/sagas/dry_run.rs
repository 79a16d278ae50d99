//! A dry run shows what a manager would do, and does none of it.

use std::time::Duration;

use ingesta_event_store::{
    Append, EventCodec, MemoryStorage, NewEvent, StreamAppend, StreamId, TypeFilter,
};
use ingesta_sagas::{DryRun, Heard, Routes};

use crate::desk::DeskCommand;
use crate::desk::routes;
use crate::ground::{Ground, on_both};
use crate::stage::Stage;
use crate::trip::{ANSWER, End, PATIENCE, Step, Trip, TripAction, TripInput};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_history_it_ends_where_the_sagas_ended() {
    on_both(async |ground| {
        let stage = Stage::new(&ground);
        let _running = stage.run();
        let ids = ["good-1", "good-2", "good-3"];
        for id in ids {
            stage.order(id).await;
        }
        for id in ids {
            assert_eq!(stage.end(id).await, End::Arrived);
        }
        // What others say later interests nobody any more.
        let context = ingesta_event_store::CommandContext::default();
        stage
            .sink
            .execute("good-1", DeskCommand::Withdraw, context)
            .await;

        let report = settled(&ground).await;
        assert!(report.complete && report.held_back.is_empty());
        assert_eq!(report.events, 10, "{}", ground.name);
        for id in ids {
            let would = &report.sagas[id];
            let live = stage.sagas.load(id).await.unwrap();
            assert_eq!(&would.state, live.state.state(), "{id} on {}", ground.name);
            assert_eq!(would.events, live.version);
            let acts: Vec<_> = would.acts.iter().map(|act| act.action).collect();
            assert_eq!(
                acts,
                [
                    TripAction::Book(Step::Flight),
                    TripAction::Book(Step::Hotel)
                ]
            );
            assert!(would.timers.is_empty());
        }
    })
    .await;
}

/// A dry run once every event that is stored may be read.
async fn settled(ground: &Ground) -> ingesta_sagas::DryRunReport<Trip> {
    let routes = routes();
    ingesta_testing::eventually("the whole log", async || {
        let report = DryRun::<Trip>::new(&routes)
            .run(&*ground.storage)
            .await
            .unwrap();
        report.complete.then_some(report)
    })
    .await
}

#[tokio::test]
async fn it_stores_nothing_and_leaves_what_nobody_answers_waiting() {
    on_both(async |ground| {
        let stage = Stage::new(&ground);
        stage.order("1").await;
        let head = ground.storage.head().await.unwrap();
        let report = settled(&ground).await;
        let would = &report.sagas["1"];
        assert_eq!((would.events, would.acts.len()), (1, 1), "{}", ground.name);
        let ordered_at = stage.stream("Desk", "1").await[0].recorded_at.unwrap();
        assert_eq!(would.acts[0].at, ordered_at);
        assert_eq!(would.timers[ANSWER], ordered_at + PATIENCE.pause(1));
        assert_eq!(report.until, Some(ordered_at));

        assert_eq!(ground.storage.head().await.unwrap(), head);
        assert_eq!(stage.trip("1").await, []);
        assert_eq!(ground.timers.next("Trip").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn timers_fire_on_the_times_of_the_events() {
    let storage = MemoryStorage::new();
    let ground = Ground::memory(&storage);
    let stage = Stage::new(&ground);
    stage.order("1").await;
    // Long after all three tries were over, something else happens; and later still the answer comes.
    storage
        .clock()
        .advance(PATIENCE.pause(1) + PATIENCE.pause(2) + PATIENCE.pause(3) + SECOND);
    stage.order("2").await;
    let late = DeskCommand::Book {
        step: Step::Flight,
        full: false,
    };
    let context = ingesta_event_store::CommandContext::default();
    stage.sink.execute("1", late, context).await;

    let report = settled(&ground).await;
    let acts: Vec<_> = report.sagas["1"]
        .acts
        .iter()
        .map(|act| act.action)
        .collect();
    let book = TripAction::Book(Step::Flight);
    assert_eq!(acts, [book, book, book, TripAction::Cancel(Step::Flight)]);
    assert_eq!(
        report.sagas["1"].state.end, None,
        "nobody says that it is cancelled"
    );
    assert_eq!(report.sagas["2"].acts.len(), 1);
}

#[tokio::test]
async fn answers_are_what_the_caller_says() {
    let ground = Ground::memory(&MemoryStorage::new());
    let stage = Stage::new(&ground);
    for id in ["full", "good", "mute"] {
        stage.order(id).await;
    }
    let routes = routes();
    let run = |beyond| {
        let run = DryRun::<Trip>::new(&routes).answering(|id, action| {
            let told = |input| vec![(SECOND, Heard::Told(input))];
            match *action {
                TripAction::Book(_) if id == "mute" => vec![],
                action @ TripAction::Book(Step::Hotel) if id == "full" => {
                    let code = "full".to_owned();
                    vec![(SECOND, Heard::Refused { action, code })]
                }
                TripAction::Book(step) => told(TripInput::Booked(step)),
                TripAction::Cancel(step) => told(TripInput::Cancelled(step)),
            }
        });
        run.beyond(beyond).run(&*ground.storage)
    };
    let report = run(Duration::from_secs(3600)).await.unwrap();
    let ends = ["full", "good", "mute"].map(|id| report.sagas[id].state.end);
    assert_eq!(
        ends,
        [Some(End::AtHome), Some(End::Arrived), Some(End::AtHome)]
    );
    let report = run(Duration::ZERO).await.unwrap();
    assert!(report.sagas.values().all(|saga| saga.state.end.is_none()));
}

#[tokio::test]
async fn what_cannot_be_told_holds_its_stream_back_and_is_reported() {
    let ground = Ground::memory(&MemoryStorage::new());
    let stage = Stage::new(&ground);
    let raw = |payload: &str| NewEvent {
        event_type: "Ordered".to_owned(),
        event_version: "1".to_owned(),
        payload: payload.to_owned(),
        metadata: "{}".to_owned(),
    };
    let append = |id: &str, payloads: &[&str]| Append {
        streams: vec![StreamAppend {
            stream: StreamId::new("Desk", id),
            expected_version: 0,
            events: payloads.iter().map(|payload| raw(payload)).collect(),
        }],
        command: None,
    };
    let broken = append("broken", &[r#""Rained""#, r#""Ordered""#]);
    let early = append("early", &[r#""Withdrawn""#, r#""Ordered""#, r#""Ordered""#]);
    ground.storage.append(broken).await.unwrap();
    ground.storage.append(early).await.unwrap();
    stage.order("good").await;

    let report = settled(&ground).await;
    assert_eq!(report.sagas.keys().collect::<Vec<_>>(), ["good"]);
    let held = |at: usize| {
        let held = &report.held_back[at];
        (
            held.stream.aggregate_id.as_str(),
            held.sequence,
            held.behind,
        )
    };
    assert_eq!([held(0), held(1)], [("broken", 1, 1), ("early", 1, 2)]);
    let why = &report.held_back[0].why;
    assert!(
        why.contains("Desk/broken/1") && !why.contains("Rained"),
        "{why}"
    );
    assert_eq!(
        report.held_back[1].why,
        "Trip refused: nobody has ordered this trip"
    );
}

#[tokio::test]
async fn an_empty_log_and_no_routes_are_no_history() {
    let ground = Ground::memory(&MemoryStorage::new());
    let report = settled(&ground).await;
    assert!(report.sagas.is_empty() && report.until.is_none());
    Stage::new(&ground).order("1").await;
    let none = Routes::new(EventCodec::default());
    let report = DryRun::<Trip>::new(&none)
        .run(&*ground.storage)
        .await
        .unwrap();
    assert_eq!((report.events, report.complete), (0, true));
    assert_eq!(none.types(), TypeFilter::Only(vec![]));
}
