//! A named command that finds its work done is remembered like one that stored something.

use std::sync::Arc;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, CqrsFramework, DomainEvent};
use ingesta_event_store::{
    CommandContext, CommandError, Commands, CqrsEventStore, EventCodec, EventStorage, Executed,
    Position, StreamId, UnitOfWork,
};
use serde::{Deserialize, Serialize};

use crate::support::{Fixture, page};

/// A lamp that is asked to be on when it is on has nothing to store.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Lamp {
    on: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Turn(bool);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum LampEvent {
    Turned { on: bool },
}

impl DomainEvent for LampEvent {
    fn event_type(&self) -> String {
        "Turned".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Lamp {
    const TYPE: &'static str = "Lamp";
    type Command = Turn;
    type Event = LampEvent;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(
        &mut self,
        Turn(on): Turn,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        if on != self.on {
            sink.write(LampEvent::Turned { on }, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, LampEvent::Turned { on }: LampEvent) {
        self.on = on;
    }
}

fn lamps(storage: impl ingesta_event_store::Storage) -> Commands<Lamp> {
    Commands::new(Arc::new(storage), EventCodec::default(), ())
}

async fn turn(lamps: &Commands<Lamp>, on: bool, key: Option<&str>) -> Executed {
    let context = key.map_or_else(CommandContext::default, |key| {
        CommandContext::default().idempotent(key, &Turn(on))
    });
    lamps.execute("l", Turn(on), context).await.unwrap()
}

#[tokio::test]
async fn b_07_a_key_that_changed_nothing_changes_nothing_later() {
    let fixture = Fixture::migrated().await;
    let ours = lamps(fixture.storage.clone());
    turn(&ours, true, None).await;
    let first = turn(&ours, true, Some("on")).await;
    assert_eq!((first.version, first.already_done), (1, true));
    turn(&ours, false, None).await;
    // Now it would change something; but it was done, and is answered so, by any process.
    assert_eq!(turn(&ours, true, Some("on")).await, first);
    let theirs = lamps(fixture.another().await);
    assert_eq!(turn(&theirs, true, Some("on")).await, first);
    assert!(!ours.load("l").await.unwrap().state.on);

    let other = CommandContext::default().idempotent("on", &Turn(false));
    for on in [true, false] {
        let refused = ours.execute("l", Turn(on), other.clone()).await;
        assert!(
            matches!(refused, Err(CommandError::CommandIdReused)),
            "{refused:?}"
        );
    }
    // Followers have nothing to do with it.
    let log = page(&fixture.storage, Position::START).await;
    assert_eq!(log.events.len(), 2);
}

#[tokio::test]
async fn b_07_a_key_over_nothing_at_all_is_remembered() {
    let fixture = Fixture::migrated().await;
    let ours = lamps(fixture.storage.clone());
    let first = turn(&ours, false, Some("off")).await;
    assert_eq!((first.version, first.position), (0, Position::START));
    turn(&ours, true, None).await;
    assert_eq!(turn(&ours, false, Some("off")).await, first);
}

#[tokio::test]
async fn b_07_a_key_at_once_is_answered_alike_while_the_state_changes_under_it() {
    let fixture = Fixture::migrated().await;
    let processes = [
        lamps(fixture.storage.clone()),
        lamps(fixture.another().await),
    ];
    for round in 0..8 {
        let key = format!("round-{round}");
        let mut sent = tokio::task::JoinSet::new();
        for n in 0..24 {
            let (lamps, key) = (processes[n % 2].clone(), key.clone());
            // Between the repeats somebody turns it on and off without a key.
            sent.spawn(async move {
                match n % 4 {
                    0 => {
                        turn(&lamps, n % 8 == 0, None).await;
                        None
                    }
                    _ => Some(turn(&lamps, true, Some(&key)).await),
                }
            });
        }
        let answers: Vec<_> = sent.join_all().await.into_iter().flatten().collect();
        let facts = |e: &Executed| (e.stream.clone(), e.version, e.position);
        assert!(
            answers.iter().all(|a| facts(a) == facts(&answers[0])),
            "{answers:?}"
        );
        assert!(answers.iter().filter(|a| !a.already_done).count() <= 1);
        let stored = format!("select count(*) from events where command_id = '{key}'");
        assert_eq!(fixture.number(&stored).await, 1);
    }
}

#[tokio::test]
async fn a_refused_command_is_not_remembered() {
    let fixture = Fixture::migrated().await;
    let ours = lamps(fixture.storage.clone());
    let context = CommandContext::default()
        .idempotent("later", &Turn(true))
        .expecting(1);
    let refused = ours.execute("l", Turn(true), context.clone()).await;
    assert!(
        matches!(refused, Err(CommandError::VersionMismatch { .. })),
        "{refused:?}"
    );
    turn(&ours, true, None).await;
    assert!(ours.execute("l", Turn(true), context).await.is_ok());
}

#[tokio::test]
async fn a_unit_of_work_that_found_all_done_is_remembered() {
    let fixture = Fixture::migrated().await;
    let context = || CommandContext::default().idempotent("unit", &1);
    let unit = |context| {
        let storage = Arc::new(fixture.storage.clone());
        UnitOfWork::new(storage, EventCodec::default(), context)
    };
    let ours = lamps(fixture.storage.clone());
    turn(&ours, true, None).await;
    let mut first = unit(context());
    first.execute::<Lamp>(&(), "l", Turn(true)).await.unwrap();
    first.execute::<Lamp>(&(), "m", Turn(false)).await.unwrap();
    let outcome = first.commit().await.unwrap().unwrap();
    let found = [
        (StreamId::of::<Lamp>("l"), 1),
        (StreamId::of::<Lamp>("m"), 0),
    ];
    assert_eq!(outcome.streams, found);
    turn(&ours, false, None).await;
    let mut repeat = unit(context());
    repeat.execute::<Lamp>(&(), "l", Turn(true)).await.unwrap();
    assert_eq!(repeat.commit().await.unwrap().unwrap(), outcome);
    assert!(!ours.load("l").await.unwrap().state.on);

    let mut unnamed = unit(CommandContext::default());
    unnamed
        .execute::<Lamp>(&(), "m", Turn(false))
        .await
        .unwrap();
    assert_eq!(unnamed.commit().await.unwrap(), None);
}

#[tokio::test]
async fn the_framework_of_cqrs_es_remembers_as_well() {
    let fixture = Fixture::migrated().await;
    let storage = Arc::new(fixture.storage.clone());
    let store = CqrsEventStore::new(storage, EventCodec::default());
    let framework = CqrsFramework::<Lamp, _>::new(store, vec![], ());
    let named = |key: &str| [("command_id".to_owned(), key.to_owned())].into();
    let on = || Turn(true);
    framework.execute("l", on()).await.unwrap();
    framework
        .execute_with_metadata("l", on(), named("k"))
        .await
        .unwrap();
    framework.execute("l", Turn(false)).await.unwrap();
    framework
        .execute_with_metadata("l", on(), named("k"))
        .await
        .unwrap();
    let ours = lamps(fixture.storage.clone());
    assert!(!ours.load("l").await.unwrap().state.on);
}

#[tokio::test]
async fn what_is_remembered_is_found_again_after_a_rebase() {
    let fixture = Fixture::migrated().await;
    let ours = lamps(fixture.storage.clone());
    turn(&ours, true, None).await;
    let first = turn(&ours, true, Some("on")).await;
    fixture.database.rebase().await.unwrap();
    let events = fixture.storage.load(&first.stream, 0).await.unwrap();
    let again = turn(&ours, true, Some("on")).await;
    assert_eq!((again.version, again.position), (1, events[0].position));
}
