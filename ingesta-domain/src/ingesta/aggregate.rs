//! The glue between `Ingesta` and cqrs-es.
//!
//! It promises to add nothing: `handle` asks `decide`, `apply` asks `state::apply`.
//! No rule lives here, because the shape of `handle` belongs to cqrs-es and changes with its releases.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Ingesta, IngestaCommand, IngestaError, IngestaEvent, decide, state};

impl Aggregate for Ingesta {
    const TYPE: &'static str = "Ingesta";
    type Command = IngestaCommand;
    type Event = IngestaEvent;
    type Error = IngestaError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _services: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        state::apply(self, event);
    }
}
