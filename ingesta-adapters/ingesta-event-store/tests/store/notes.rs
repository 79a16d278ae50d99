//! An aggregate whose event holds a map with keys of its users' making.

use std::collections::BTreeMap;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Note;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum NoteEvent {
    Noted { words: BTreeMap<String, String> },
}

impl DomainEvent for NoteEvent {
    fn event_type(&self) -> String {
        "Noted".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Note {
    const TYPE: &'static str = "Note";
    type Command = ();
    type Event = NoteEvent;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(&mut self, (): (), (): &(), _: &EventSink<Self>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn apply(&mut self, _: NoteEvent) {}
}
