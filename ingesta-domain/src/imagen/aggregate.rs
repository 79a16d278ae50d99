//! The glue between `Imagen` and cqrs-es.
//!
//! It promises to add nothing: `handle` asks `decide`, `apply` asks `state::apply`.
//! No rule lives here, because the shape of `handle` belongs to cqrs-es and changes with its releases.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Imagen, ImagenCommand, ImagenError, ImagenEvent, decide, state};

impl Aggregate for Imagen {
    const TYPE: &'static str = "Imagen";
    type Command = ImagenCommand;
    type Event = ImagenEvent;
    type Error = ImagenError;
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
