//! One saga as an aggregate of cqrs-es: its commands are what it hears.
//!
//! So it has what every aggregate has: durable events, command ids that take effect once, retries
//! of conflicts, snapshots, views, the past. Beside the manager's own state it knows which timers
//! are set, so that one that was cancelled while it fired is not heard.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Clock, Heard, HeardBy, ProcessManager, Request};

/// An instance of the process manager `P`, stored under the type `P::TYPE`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Serialize", deserialize = "P: DeserializeOwned"))]
pub struct Instance<P> {
    state: P,
    timers: BTreeSet<String>,
}

impl<P: ProcessManager> Instance<P> {
    /// The manager's own state.
    pub fn state(&self) -> &P {
        &self.state
    }

    pub(crate) fn into_state(self) -> P {
        self.state
    }

    /// The timers that it has asked for and not cancelled. One that has fired stays among them
    /// until it is cancelled.
    pub fn timers(&self) -> &BTreeSet<String> {
        &self.timers
    }

    /// What follows from what was heard: [`ProcessManager::decide`], without timers that are not set.
    ///
    /// # Errors
    /// The manager's own.
    pub fn hear(&self, heard: HeardBy<P>, now: DateTime<Utc>) -> Result<Vec<P::Event>, P::Error> {
        match &heard {
            Heard::TimerFired { timer } if !self.timers.contains(timer) => Ok(Vec::new()),
            Heard::TimerFired { .. }
            | Heard::Told(_)
            | Heard::Refused { .. }
            | Heard::Retry
            | Heard::Abandon { .. } => self.state.decide(heard, now),
        }
    }
}

impl<P: ProcessManager> Aggregate for Instance<P> {
    const TYPE: &'static str = P::TYPE;
    type Command = HeardBy<P>;
    type Event = P::Event;
    type Error = P::Error;
    type Services = Clock;

    async fn handle(
        &mut self,
        heard: HeardBy<P>,
        clock: &Clock,
        sink: &EventSink<Self>,
    ) -> Result<(), P::Error> {
        for event in self.hear(heard, clock.now())? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: P::Event) {
        for request in P::requests(&event) {
            match request {
                Request::Act(_) => {}
                Request::SetTimer { timer, .. } => {
                    self.timers.insert(timer);
                }
                Request::CancelTimer { timer } => {
                    self.timers.remove(&timer);
                }
            }
        }
        self.state.apply(event);
    }
}
