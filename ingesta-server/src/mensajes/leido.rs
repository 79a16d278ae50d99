//! What a translator reads of a stored event: whose it is, and what it is today.
//!
//! Promises: a refusal has a code and repeats nothing of the event.

use std::str::FromStr;

use cqrs_es::Aggregate;
use ingesta_event_store::{EventCodec, RecordedEvent};
use ingesta_kafka::relay::Untranslatable;

/// The id that the stream is called by.
pub(super) fn id<I: FromStr>(event: &RecordedEvent) -> Result<I, Untranslatable> {
    let id = event.stream.aggregate_id.parse();
    id.map_err(|_| Untranslatable::new("id_invalid", "the stream's id is not a uuid"))
}

/// What a stored event is today: one event as a rule, several or none where an upcaster says so.
pub(super) fn leer<A: Aggregate>(
    codec: &EventCodec,
    event: &RecordedEvent,
) -> Result<Vec<A::Event>, Untranslatable> {
    let mut parts = Vec::with_capacity(1);
    codec
        .decode_each::<A>(event, |envelope| parts.push(envelope.payload))
        .map_err(|error| Untranslatable::new("undecodable", format!("{error}: {}", error.cause)))?;
    Ok(parts)
}
