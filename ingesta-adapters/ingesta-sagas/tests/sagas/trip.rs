//! The manager under test: books a flight and then a hotel, and takes back what it booked where the
//! hotel is full, nobody answers, or the traveller stays at home.

use std::time::Duration;

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use ingesta_sagas::{Backoff, Heard, HeardBy, ProcessManager, Request, Steps};
use serde::{Deserialize, Serialize};

/// Three tries for a step; taking back is tried for ever.
pub(crate) const PATIENCE: Backoff =
    Backoff::new(Duration::from_secs(10), Duration::from_secs(60), 3);

/// The one timer.
pub(crate) const ANSWER: &str = "answer";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    Flight,
    Hotel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum End {
    Arrived,
    AtHome,
    Abandoned,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) enum TripInput {
    Ordered,
    Booked(Step),
    Cancelled(Step),
    Withdrawn,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum TripEvent {
    Asked { step: Step, tried: u32 },
    Done(Step),
    Failed(Step),
    TurnedBack,
    UndoAsked { step: Step, tried: u32 },
    Undone(Step),
    Ended(End),
}

impl DomainEvent for TripEvent {
    fn event_type(&self) -> String {
        let name = match self {
            Self::Asked { .. } => "Asked",
            Self::Done(_) => "Done",
            Self::Failed(_) => "Failed",
            Self::TurnedBack => "TurnedBack",
            Self::UndoAsked { .. } => "UndoAsked",
            Self::Undone(_) => "Undone",
            Self::Ended(_) => "Ended",
        };
        name.to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum TripAction {
    Book(Step),
    Cancel(Step),
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("nobody has ordered this trip")]
pub(crate) struct NotOrdered;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trip {
    pub(crate) ordered: bool,
    pub(crate) steps: Steps<Step>,
    pub(crate) end: Option<End>,
}

impl Trip {
    /// What follows once a step of the way forwards is known to be done.
    fn forwards(done: Step) -> Vec<TripEvent> {
        let next = match done {
            Step::Flight => asked(Step::Hotel, 1),
            Step::Hotel => TripEvent::Ended(End::Arrived),
        };
        vec![TripEvent::Done(done), next]
    }

    /// Turns back, from a book of steps that may be one event ahead of the state.
    fn backwards(mut steps: Steps<Step>) -> Vec<TripEvent> {
        steps.turn_back();
        let next = match steps.to_undo() {
            Some(step) => undo(*step, 1),
            None => TripEvent::Ended(End::AtHome),
        };
        vec![TripEvent::TurnedBack, next]
    }

    /// A try was refused; of several another may yet be done, and the book of steps knows.
    fn failed(&self, step: Step) -> Vec<TripEvent> {
        let mut steps = self.steps.clone();
        steps.fail(&step);
        let mut events = vec![TripEvent::Failed(step)];
        events.extend(Self::backwards(steps));
        events
    }

    fn undone(&self, step: Step) -> Vec<TripEvent> {
        let mut steps = self.steps.clone();
        steps.undone(&step);
        let next = match steps.to_undo() {
            Some(next) => undo(*next, 1),
            None => TripEvent::Ended(End::AtHome),
        };
        vec![TripEvent::Undone(step), next]
    }

    /// Nobody has answered in time.
    fn again(&self) -> Vec<TripEvent> {
        let tries = self.steps.tries();
        match (self.steps.open(), self.steps.to_undo()) {
            (Some(_), _) if PATIENCE.is_used_up(tries) => Self::backwards(self.steps.clone()),
            (Some(step), _) => vec![asked(*step, tries + 1)],
            (None, Some(step)) => vec![undo(*step, tries + 1)],
            (None, None) => vec![],
        }
    }

    fn told(&self, input: &TripInput) -> Vec<TripEvent> {
        match input {
            TripInput::Ordered if !self.ordered => vec![asked(Step::Flight, 1)],
            TripInput::Booked(step) if self.steps.open() == Some(step) => Self::forwards(*step),
            TripInput::Cancelled(step) if self.steps.to_undo() == Some(step) => self.undone(*step),
            TripInput::Withdrawn if !self.steps.is_turned_back() => {
                Self::backwards(self.steps.clone())
            }
            TripInput::Ordered
            | TripInput::Booked(_)
            | TripInput::Cancelled(_)
            | TripInput::Withdrawn => vec![],
        }
    }
}

fn asked(step: Step, tried: u32) -> TripEvent {
    TripEvent::Asked { step, tried }
}

fn undo(step: Step, tried: u32) -> TripEvent {
    TripEvent::UndoAsked { step, tried }
}

impl ProcessManager for Trip {
    const TYPE: &'static str = "Trip";
    type Input = TripInput;
    type Event = TripEvent;
    type Action = TripAction;
    type Error = NotOrdered;

    fn decide(&self, heard: HeardBy<Self>, _: DateTime<Utc>) -> Result<Vec<TripEvent>, NotOrdered> {
        if self.end.is_some() {
            return Ok(vec![]);
        }
        if !self.ordered && heard != Heard::Told(TripInput::Ordered) {
            return Err(NotOrdered);
        }
        Ok(match heard {
            Heard::Told(input) => self.told(&input),
            Heard::TimerFired { .. } | Heard::Retry => self.again(),
            Heard::Refused {
                action: TripAction::Book(step),
                ..
            } if self.steps.open() == Some(&step) => self.failed(step),
            Heard::Refused { .. } => vec![],
            Heard::Abandon { .. } => vec![TripEvent::Ended(End::Abandoned)],
        })
    }

    fn apply(&mut self, event: TripEvent) {
        match event {
            TripEvent::Asked { step, .. } => {
                self.ordered = true;
                self.steps.begin(step);
            }
            TripEvent::Done(step) => self.steps.finish(&step),
            TripEvent::Failed(step) => self.steps.fail(&step),
            TripEvent::TurnedBack => self.steps.turn_back(),
            TripEvent::UndoAsked { step, .. } => self.steps.try_undo(&step),
            TripEvent::Undone(step) => self.steps.undone(&step),
            TripEvent::Ended(end) => self.end = Some(end),
        }
    }

    fn requests(event: &TripEvent) -> Vec<Request<TripAction>> {
        let wait = |tried| Request::set_timer(ANSWER, PATIENCE.pause(tried));
        match event {
            TripEvent::Asked { step, tried } => {
                vec![Request::Act(TripAction::Book(*step)), wait(*tried)]
            }
            TripEvent::UndoAsked { step, tried } => {
                vec![Request::Act(TripAction::Cancel(*step)), wait(*tried)]
            }
            TripEvent::Ended(_) => vec![Request::cancel_timer(ANSWER)],
            TripEvent::Done(_)
            | TripEvent::Failed(_)
            | TripEvent::TurnedBack
            | TripEvent::Undone(_) => vec![],
        }
    }
}
