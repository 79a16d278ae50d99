//! Telling instances what happened: once each, by name, and never past a refusal.

use cqrs_es::EventEnvelope;
use ingesta_event_store::subscription::{ConsumeError, Subscriber};
use ingesta_event_store::{CommandContext, MemoryStorage, Position, StreamId};
use ingesta_sagas::{Routes, Triggers};
use ingesta_testing::eventually;

use crate::alarms::Alarms;
use crate::desk::{Desk, DeskCommand, routes};
use crate::ground::{Ground, on_both};
use crate::stage::Stage;
use crate::trip::{End, Step, TripInput};

/// The alarm would set another timer each time that it is told.
#[tokio::test]
async fn what_is_delivered_twice_is_heard_once() {
    on_both(async |ground| {
        let (stage, alarms) = (Stage::new(&ground), Alarms::new(&ground));
        stage.order("good-1").await;
        let batch = stage.stream("Desk", "good-1").await;
        for _ in 0..3 {
            let routes = Routes::new(stage.codec()).on(|event: &EventEnvelope<Desk>| {
                ["first", "second"].map(|timer| (event.aggregate_id.clone(), timer.to_owned()))
            });
            let triggers = Triggers::new("wake", alarms.sagas.clone(), routes);
            triggers.consume(&batch).await.unwrap();
        }
        let heard = stage.stream("Alarm", "good-1").await;
        assert_eq!(heard.len(), 2, "{}", ground.name);
        assert!(heard[0].metadata.contains("wake/Desk/good-1/1\""));
        assert!(heard[1].metadata.contains("wake/Desk/good-1/1#1\""));
    })
    .await;
}

#[tokio::test]
async fn an_event_that_the_manager_refuses_parks_its_stream_and_the_others_go_on() {
    on_both(async |ground| {
        let stage = Stage::new(&ground);
        let _running = stage.run();
        // Nobody has ordered it.
        let early = DeskCommand::Book {
            step: Step::Flight,
            full: false,
        };
        let context = CommandContext::default;
        stage.sink.execute("early-1", early, context()).await;
        stage.order("good-1").await;
        assert_eq!(stage.end("good-1").await, End::Arrived);
        let parked = eventually("the parked stream", async || {
            ground.storage.parked("trips").await.unwrap().pop()
        })
        .await;
        assert_eq!(parked.stream, StreamId::new("Desk", "early-1"));
        assert_eq!(parked.reason.code, "refused");
        let message = "Trip refused: nobody has ordered this trip";
        assert_eq!(parked.reason.message, message);
    })
    .await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_the_one_that_is_blamed() {
    let stage = Stage::new(&Ground::memory(&MemoryStorage::new()));
    stage.order("good-1").await;
    stage.order("good-2").await;
    let mut batch = stage.stream("Desk", "good-1").await;
    batch.extend(stage.stream("Desk", "good-2").await);
    batch[1].payload = r#""Rained""#.to_owned();
    let failed = stage.triggers().consume(&batch).await.unwrap_err();
    match failed {
        ConsumeError::Event { index: 1, reason } => {
            assert_eq!(reason.code, "undecodable");
            assert!(!reason.message.contains("Rained"), "no payload is shown");
        }
        ConsumeError::Event { .. } | ConsumeError::Transient(_) => panic!("{failed}"),
    }
    assert_eq!(
        stage.trip("good-1").await.len(),
        1,
        "its neighbour was told"
    );
}

#[tokio::test]
async fn one_event_may_be_told_to_several_instances_or_to_none() {
    let ground = Ground::memory(&MemoryStorage::new());
    let stage = Stage::new(&ground);
    stage.order("group").await;
    let event = stage.stream("Desk", "group").await.remove(0);
    let several = Routes::new(stage.codec()).on(|event: &EventEnvelope<Desk>| {
        ["a", "b"].map(|who| (format!("{}-{who}", event.aggregate_id), TripInput::Ordered))
    });
    let triggers = Triggers::new("groups", stage.sagas.clone(), several);
    triggers
        .consume(std::slice::from_ref(&event))
        .await
        .unwrap();
    for id in ["group-a", "group-b"] {
        assert_eq!(stage.trip(id).await.len(), 1, "{id}");
    }
    let none = Routes::<TripInput>::new(stage.codec());
    assert_eq!(none.of(&event).unwrap(), []);
    assert_eq!(routes().of(&event).unwrap().len(), 1);
    assert!(event.position > Position::START);
}
