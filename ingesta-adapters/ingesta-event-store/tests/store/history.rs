//! Events of the past, byte by byte, as every reader sees them: renamed, split and dropped.

use std::sync::Arc;

use cqrs_es::{CqrsFramework, EventStore};
use ingesta_event_store::{
    CodecError, CommandContext, CommandError, Commands, CqrsEventStore, EventCodec, KnownTypes,
    MemoryStorage, Readable, Storage, StreamId, UnitOfWork,
};

use crate::support::{Counter, Fixture, decoded};
use crate::trips::{Arrive, GOLDEN, LEGS, Split, Trip, TripEvent};
use crate::trips::{codec, recorded, renamed, store};

fn commands(storage: &Arc<dyn Storage>) -> Commands<Trip> {
    Commands::new(Arc::clone(storage), codec(), ())
}

fn today(event_type: &str, version: &str, bytes: &str) -> Vec<TripEvent> {
    let envelopes = decoded::<Trip>(&codec(), &recorded(event_type, version, bytes)).unwrap();
    envelopes.into_iter().map(|e| e.payload).collect()
}

#[test]
fn every_stored_form_is_read_as_what_it_is_today() {
    let departed = |harbour: &str| TripEvent::Departed {
        harbour: harbour.to_owned(),
    };
    let arrived = |harbour: &str| TripEvent::Arrived {
        harbour: harbour.to_owned(),
    };
    let expected = [
        vec![departed("Cadiz")],
        vec![],
        vec![departed("Lisboa"), arrived("Faro")],
        vec![departed("Vigo")],
        vec![arrived("Brest")],
    ];
    let read: Vec<_> = GOLDEN.iter().map(|(t, v, b)| today(t, v, b)).collect();
    assert_eq!(read, expected);
}

#[test]
fn the_parts_of_an_event_keep_its_place_and_its_metadata() {
    let (event_type, version, bytes) = GOLDEN[2];
    let parts = decoded::<Trip>(&codec(), &recorded(event_type, version, bytes)).unwrap();
    assert_eq!(parts.len(), 2);
    for part in parts {
        assert_eq!((part.aggregate_id.as_str(), part.sequence), ("t", 4));
        assert_eq!(part.metadata["actor"], "old");
    }
}

#[test]
fn nothing_is_handed_out_of_an_event_that_is_half_readable() {
    // The first part can be read, the second has no text for a harbour.
    let half = recorded("Moved", "1", r#"{"Moved":{"from":"Lisboa","to":4711}}"#);
    let mut handed_out = 0;
    let refused = codec()
        .decode_each::<Trip>(&half, |_| handed_out += 1)
        .unwrap_err();
    assert_eq!(handed_out, 0);
    assert_eq!(
        refused.to_string(),
        "cannot read event Trip/t/4 (Moved version 1)"
    );
    assert!(matches!(refused.cause, CodecError::Json { .. }));
    assert!(!format!("{refused:?} {}", refused.cause).contains("4711"));
}

#[test]
fn what_a_program_can_read_is_told_apart_also_where_an_upcaster_panics() {
    let known = KnownTypes::new(codec()).with::<Trip>();
    let read: Vec<_> = GOLDEN
        .iter()
        .map(|(t, v, b)| known.readable(&recorded(t, v, b)))
        .collect();
    assert_eq!(read, [1, 0, 2, 1, 1].map(Readable::As));
    let newer = recorded("Departed", "3", r#"{"Departed":{"port":"Vigo"}}"#);
    assert!(matches!(known.readable(&newer), Readable::No(_)));
    let damaged = recorded("Pinged", "1", "[]");
    assert_eq!(known.readable(&damaged), Readable::Panicked);
    let mut stranger = recorded("Departed", "2", GOLDEN[3].2);
    stranger.stream = StreamId::of::<Counter>("t");
    assert_eq!(known.readable(&stranger), Readable::UnknownType);
}

/// The same on both stores: versions count what is stored.
async fn commands_go_on(storage: Arc<dyn Storage>) {
    for (id, golden) in [("all", GOLDEN), ("split", &GOLDEN[2..3])] {
        let stored = golden.len() as u64;
        store(&*storage, id, golden).await;
        let trips = commands(&storage);
        let before = trips.load(id).await.unwrap();
        assert_eq!(before.version, stored);
        let stale = trips
            .execute(id, Arrive("Nantes"), CommandContext::default().expecting(0))
            .await;
        assert!(
            matches!(stale, Err(CommandError::VersionMismatch { current, .. }) if current == stored),
            "{stale:?}"
        );
        for (nth, harbour) in ["Nantes", "Royan"].into_iter().enumerate() {
            let version = stored + nth as u64;
            let expecting = CommandContext::default().expecting(version);
            let done = trips.execute(id, Arrive(harbour), expecting).await.unwrap();
            assert_eq!(done.version, version + 1);
        }
        let mut legs = before.state.legs;
        legs.extend([">Nantes", ">Royan"].map(str::to_owned));
        let fresh = commands(&storage).load(id).await.unwrap();
        assert_eq!((fresh.version, fresh.state.legs), (stored + 2, legs));
    }
    assert_eq!(
        commands(&storage).load("all").await.unwrap().state.legs[..5],
        *LEGS
    );
}

#[tokio::test]
async fn commands_go_on_after_split_and_dropped_events() {
    let fixture = Fixture::migrated().await;
    commands_go_on(Arc::new(fixture.storage.clone())).await;
    commands_go_on(Arc::new(MemoryStorage::new())).await;
}

#[tokio::test]
async fn a_stream_of_which_nothing_is_left_still_has_its_version() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    store(&*storage, "t", &GOLDEN[1..2]).await;
    let trips = commands(&storage);
    let loaded = trips.load("t").await.unwrap();
    assert_eq!((loaded.version, loaded.state), (1, Trip::default()));
    // Who believes that it is new finds out, and the command is decided again.
    let done = trips
        .execute("t", Arrive("Faro"), CommandContext::default().creating())
        .await
        .unwrap();
    assert_eq!(done.version, 2);
}

#[tokio::test]
async fn a_unit_of_work_goes_on_after_split_and_dropped_events() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    store(&*storage, "all", GOLDEN).await;
    let context = CommandContext::default().expecting(GOLDEN.len() as u64);
    let mut unit = UnitOfWork::new(Arc::clone(&storage), codec(), context);
    for (id, harbour) in [("all", "Nantes"), ("other", "Faro")] {
        unit.execute::<Trip>(&(), id, Arrive(harbour))
            .await
            .unwrap();
    }
    unit.commit().await.unwrap();
    let loaded = commands(&storage).load("all").await.unwrap();
    assert_eq!(loaded.version, GOLDEN.len() as u64 + 1);
    assert_eq!(loaded.state.legs.last().unwrap(), ">Nantes");
}

#[tokio::test]
async fn the_framework_of_cqrs_es_goes_on_after_split_and_dropped_events() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    store(&*storage, "all", GOLDEN).await;
    let events = CqrsEventStore::new(Arc::clone(&storage), codec());
    let framework = CqrsFramework::<Trip, _>::new(events.clone(), vec![], ());
    framework.execute("all", Arrive("Nantes")).await.unwrap();
    // It is there already: decided on all of its past.
    framework.execute("all", Arrive("Nantes")).await.unwrap();
    let envelopes = EventStore::<Trip>::load_events(&events, "all")
        .await
        .unwrap();
    let sequences: Vec<_> = envelopes.iter().map(|e| e.sequence).collect();
    assert_eq!(sequences, [1, 3, 3, 4, 5, 6]);
    let stored = storage.load(&StreamId::of::<Trip>("all"), 0).await.unwrap();
    assert_eq!(stored.len(), 6);
    assert_eq!(stored[1].payload, GOLDEN[1].2, "what is stored stays");
}

#[tokio::test]
async fn an_upcasters_panic_is_the_commands_and_not_the_programs() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    store(&*storage, "bad", &[("Pinged", "1", "[]")]).await;
    let trips = commands(&storage);
    let asked = trips.clone();
    let asked = tokio::spawn(async move {
        let context = CommandContext::default();
        asked.execute("bad", Arrive("Faro"), context).await.is_ok()
    });
    assert!(asked.await.unwrap_err().is_panic());
    let done = trips
        .execute("good", Arrive("Faro"), CommandContext::default())
        .await;
    assert_eq!(done.unwrap().version, 1);
}

#[test]
fn upcasters_are_asked_in_the_order_of_their_registration() {
    let (event_type, version, bytes) = GOLDEN[2];
    assert_eq!(today(event_type, version, bytes).len(), 2);
    // The renamer first: what the splitter makes afterwards is not lifted any more.
    let wrong = EventCodec::default().with_upcasters(vec![renamed()]);
    let wrong = wrong.with_upcaster(Split);
    decoded::<Trip>(&wrong, &recorded(event_type, version, bytes)).unwrap_err();
}
