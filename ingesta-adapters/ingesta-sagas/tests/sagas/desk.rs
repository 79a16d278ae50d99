//! The neighbour of the trip: an aggregate in the same log that takes orders and books steps.
//!
//! A trip whose id begins with `full` finds no hotel, one that begins with `mute` no answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope};
use ingesta_event_store::{CommandContext, Commands, EventCodec, Storage};
use ingesta_sagas::{Acted, ActionSink, Asked, Routes, Trouble};
use serde::{Deserialize, Serialize};

use crate::trip::{Step, TripAction, TripInput};

#[derive(Clone, Debug, Serialize)]
pub(crate) enum DeskCommand {
    Order,
    Withdraw,
    Book { step: Step, full: bool },
    Cancel(Step),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum DeskEvent {
    Ordered,
    Withdrawn,
    Booked(Step),
    Cancelled(Step),
}

impl DomainEvent for DeskEvent {
    fn event_type(&self) -> String {
        let name = match self {
            Self::Ordered => "Ordered",
            Self::Withdrawn => "Withdrawn",
            Self::Booked(_) => "Booked",
            Self::Cancelled(_) => "Cancelled",
        };
        name.to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("there is no room")]
pub(crate) struct Full;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Desk;

impl Aggregate for Desk {
    const TYPE: &'static str = "Desk";
    type Command = DeskCommand;
    type Event = DeskEvent;
    type Error = Full;
    type Services = ();

    async fn handle(
        &mut self,
        command: DeskCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Full> {
        let event = match command {
            DeskCommand::Order => DeskEvent::Ordered,
            DeskCommand::Withdraw => DeskEvent::Withdrawn,
            DeskCommand::Book { full: true, .. } => return Err(Full),
            DeskCommand::Book { step, .. } => DeskEvent::Booked(step),
            DeskCommand::Cancel(step) => DeskEvent::Cancelled(step),
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, _: DeskEvent) {}
}

/// What the trip hears of the desk.
pub(crate) fn routes() -> Routes<TripInput> {
    Routes::new(EventCodec::default()).on(|event: &EventEnvelope<Desk>| {
        let input = match event.payload {
            DeskEvent::Ordered => TripInput::Ordered,
            DeskEvent::Withdrawn => TripInput::Withdrawn,
            DeskEvent::Booked(step) => TripInput::Booked(step),
            DeskEvent::Cancelled(step) => TripInput::Cancelled(step),
        };
        Some((event.aggregate_id.clone(), input))
    })
}

/// Turns the trip's actions into commands of the desk, and notes every one that it was asked for.
#[derive(Clone)]
pub(crate) struct DeskSink {
    desks: Commands<Desk>,
    pub(crate) asked: Arc<Mutex<Vec<Asked<TripAction>>>>,
    /// From now on there is a room in every hotel.
    pub(crate) rooms: Arc<AtomicUsize>,
}

impl DeskSink {
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Self {
        Self {
            desks: Commands::new(storage, EventCodec::default(), ()),
            asked: Arc::default(),
            rooms: Arc::default(),
        }
    }

    pub(crate) fn asked(&self) -> Vec<Asked<TripAction>> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) async fn execute(&self, id: &str, command: DeskCommand, context: CommandContext) {
        self.desks.execute(id, command, context).await.unwrap();
    }
}

#[async_trait]
impl ActionSink<TripAction> for DeskSink {
    async fn act(&self, asked: Asked<TripAction>) -> Result<Acted, Trouble> {
        self.asked.lock().unwrap().push(asked.clone());
        if asked.saga_id.starts_with("mute") {
            return Ok(Acted::Done);
        }
        let rooms = self.rooms.load(Ordering::SeqCst) > 0;
        let command = match asked.action {
            TripAction::Book(step @ Step::Hotel) => DeskCommand::Book {
                step,
                full: asked.saga_id.starts_with("full") && !rooms,
            },
            TripAction::Book(step) => DeskCommand::Book { step, full: false },
            TripAction::Cancel(step) => DeskCommand::Cancel(step),
        };
        let context = CommandContext::default()
            .idempotent(asked.id, &asked.action)
            .with_metadata(asked.metadata);
        let ended = self.desks.execute(&asked.saga_id, command, context).await;
        Acted::of_command(ended, |Full| {
            let code = "full".to_owned();
            Ok(Acted::Refused { code })
        })
    }
}
