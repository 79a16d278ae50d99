//! From the first command to the last event: one conversation, and a cause for everything.

use std::collections::BTreeSet;

use ingesta_event_store::{CommandContext, MemoryStorage, Metadata};
use ingesta_testing::eventually;

use crate::desk::{DeskCommand, routes};
use crate::ground::{Ground, on_both};
use crate::stage::Stage;
use crate::trip::{End, PATIENCE, Step, TripEvent};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn conversation() -> CommandContext {
    CommandContext::default().with_metadata(Metadata {
        correlation_id: Some("conversation-1".to_owned()),
        traceparent: Some(TRACE.to_owned()),
        ..Metadata::default()
    })
}

/// Every event belongs to the conversation, and all but the first have one of the others as cause.
async fn holds_together(stage: &Stage, id: &str) {
    let mut all = stage.stream("Desk", id).await;
    all.extend(stage.stream("Trip", id).await);
    let ids: BTreeSet<_> = all.iter().map(|event| event.id()).collect();
    let first = format!("Desk/{id}/1");
    for event in &all {
        let metadata = Metadata::from_json(&event.metadata).unwrap();
        let of = format!("{} on {}", event.id(), stage.ground.name);
        assert_eq!(
            metadata.correlation_id.as_deref(),
            Some("conversation-1"),
            "{of}"
        );
        assert_eq!(metadata.traceparent.as_deref(), Some(TRACE), "{of}");
        if event.id() != first {
            let cause = metadata.causation_id.unwrap();
            assert!(ids.contains(&cause), "{of} was caused by {cause}");
            assert!(metadata.actor.is_some(), "{of} has an actor");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_conversation_goes_through_every_hop() {
    on_both(async |ground| {
        let stage = Stage::new(&ground);
        let _running = stage.run();
        for (id, end) in [("full-1", End::AtHome), ("good-1", End::Arrived)] {
            let order = DeskCommand::Order;
            stage.sink.execute(id, order, conversation()).await;
            assert_eq!(stage.end(id).await, end, "{id} on {}", ground.name);
            holds_together(&stage, id).await;
        }
        assert!(routes().types().admits("Desk"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_conversation_goes_through_a_timer() {
    let storage = MemoryStorage::new();
    let stage = Stage::new(&Ground::memory(&storage));
    let _running = stage.run();
    let order = DeskCommand::Order;
    stage.sink.execute("mute-1", order, conversation()).await;
    let asked = |tried| TripEvent::Asked {
        step: Step::Flight,
        tried,
    };
    eventually("the first timer", async || {
        stage.ground.timers.next("Trip").await.unwrap()
    })
    .await;
    storage.clock().advance(PATIENCE.pause(1));
    eventually("the second try", async || {
        stage.trip("mute-1").await.contains(&asked(2)).then_some(())
    })
    .await;
    holds_together(&stage, "mute-1").await;
    let events = stage.stream("Trip", "mute-1").await;
    let metadata = Metadata::from_json(&events[1].metadata).unwrap();
    assert_eq!(metadata.causation_id.as_deref(), Some("Trip/mute-1/1"));
    assert_eq!(metadata.actor.as_deref(), Some("timer/Trip"));
}
