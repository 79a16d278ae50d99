//! What a message brings besides the command: its conversation, its cause, its trace.
//!
//! Promises: only what is well formed is taken, and bounded; a broken header never refuses a command.

use ingesta_event_store::{CommandContext, Metadata};
use ingesta_http::TraceParent;
use ingesta_kafka::message::IncomingMessage;

use crate::mensajes::CORRELATION;

const TRACE: &str = "traceparent";

/// Bytes of an id at most.
const LONGEST: usize = 255;

/// The context that is stored with the command's events. `named` is how the message names its
/// command: what caused the events.
pub(super) fn contexto(message: &IncomingMessage, named: &str) -> CommandContext {
    let trace = header(message, TRACE).and_then(TraceParent::parse);
    let traced = || trace.as_ref().map(|trace| trace.trace_id().to_owned());
    let said = header(message, CORRELATION).filter(|id| is_plain(id));
    let cause = if is_plain(named) {
        named.to_owned()
    } else {
        place(message)
    };
    let correlation = said.map(str::to_owned).or_else(traced);
    CommandContext::default().with_metadata(Metadata {
        correlation_id: Some(correlation.unwrap_or_else(|| cause.clone())),
        causation_id: Some(cause),
        traceparent: trace.map(|trace| trace.as_str().to_owned()),
        ..Metadata::default()
    })
}

/// The last of several, as Kafka's own clients take it.
pub(super) fn header<'m>(message: &'m IncomingMessage, name: &str) -> Option<&'m str> {
    let found = message.headers.iter().rfind(|header| header.name == name)?;
    std::str::from_utf8(&found.value).ok()
}

fn is_plain(id: &str) -> bool {
    !id.trim().is_empty() && id.len() <= LONGEST && !id.chars().any(char::is_control)
}

fn place(message: &IncomingMessage) -> String {
    format!("{}/{}/{}", message.topic, message.partition, message.offset)
}
