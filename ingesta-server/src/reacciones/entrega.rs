//! The delivery of a batch: streams side by side, the events of one stream in order.

use std::collections::HashMap;
use std::future::Future;

use cqrs_es::Aggregate;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use ingesta_event_store::subscription::ConsumeError;
use ingesta_event_store::{Cause, CommandError, DecodeError, EventCodec, RecordedEvent, StreamId};

/// Streams that are worked on at once: enough to share the store's round trips, few enough to
/// leave connections for requests.
const SIDE_BY_SIDE: usize = 6;

/// Why one event was not dealt with.
#[derive(Debug)]
pub(crate) enum Fallo {
    /// This event cannot be dealt with: its stream is parked.
    Evento { code: &'static str, message: String },
    /// Something is away; nothing is wrong with the event.
    Pasajero(Cause),
}

impl From<DecodeError> for Fallo {
    fn from(error: DecodeError) -> Self {
        Self::Evento {
            code: "undecodable",
            message: format!("{error}: {}", error.cause),
        }
    }
}

/// What a command's end means for the event that caused it; `refusal` says which of the domain's
/// refusals mean that there is nothing left to do.
pub(super) fn juzgar<T, E: std::error::Error + Send + Sync + 'static>(
    ended: Result<T, CommandError<E>>,
    refusal: impl FnOnce(E) -> Result<(), Fallo>,
) -> Result<(), Fallo> {
    match ended {
        Ok(_) => Ok(()),
        Err(CommandError::Refused(error)) => refusal(error),
        Err(CommandError::Undecodable(error)) => Err(error.into()),
        Err(CommandError::CommandIdReused) => Err(evento(
            "command_id_reused",
            "the event has caused another command before",
        )),
        Err(CommandError::Unencodable(_)) => Err(evento(
            "unencodable",
            "the events of the command cannot be written",
        )),
        Err(CommandError::Rejected { sqlstate }) => Err(evento(
            "rejected",
            format!("the database refused the events: {sqlstate}"),
        )),
        Err(
            error @ (CommandError::Store(_)
            | CommandError::Unknown(_)
            | CommandError::Conflict { .. }
            | CommandError::VersionMismatch { .. }),
        ) => Err(Fallo::Pasajero(Box::new(error))),
    }
}

pub(super) fn evento(code: &'static str, message: impl Into<String>) -> Fallo {
    Fallo::Evento {
        code,
        message: message.into(),
    }
}

/// What one event causes.
pub(super) trait Reaccion: Sync {
    /// Does it, as often as the event is delivered.
    fn reaccionar(&self, event: &RecordedEvent) -> impl Future<Output = Result<(), Fallo>> + Send;
}

/// What a stored event is today: one event as a rule, several or none where an upcaster says so.
pub(super) fn leer<A: Aggregate>(
    codec: &EventCodec,
    event: &RecordedEvent,
) -> Result<Vec<A::Event>, Fallo> {
    let mut parts = Vec::with_capacity(1);
    codec.decode_each::<A>(event, |envelope| parts.push(envelope.payload))?;
    Ok(parts)
}

/// Deals with every event of a batch, or says which one failed.
///
/// What was done before a failure is asked for again, and found done by its command id.
pub(super) async fn entregar(
    reaccion: &impl Reaccion,
    batch: &[RecordedEvent],
) -> Result<(), ConsumeError> {
    let mut by_stream: HashMap<&StreamId, Vec<(usize, &RecordedEvent)>> = HashMap::new();
    for (index, event) in batch.iter().enumerate() {
        by_stream
            .entry(&event.stream)
            .or_default()
            .push((index, event));
    }
    let mut work: Vec<BoxFuture<'_, Result<(), (usize, Fallo)>>> = Vec::new();
    for events in by_stream.into_values() {
        work.push(Box::pin(async move {
            for (index, event) in events {
                reaccion
                    .reaccionar(event)
                    .await
                    .map_err(|fallo| (index, fallo))?;
            }
            Ok(())
        }));
    }
    let ended: Vec<_> = stream::iter(work)
        .buffer_unordered(SIDE_BY_SIDE)
        .collect()
        .await;
    let mut first: Option<(usize, &'static str, String)> = None;
    for (index, fallo) in ended.into_iter().filter_map(Result::err) {
        match fallo {
            Fallo::Pasajero(cause) => return Err(ConsumeError::Transient(cause)),
            Fallo::Evento { code, message } => {
                if first.as_ref().is_none_or(|(earlier, ..)| index < *earlier) {
                    first = Some((index, code, message));
                }
            }
        }
    }
    first.map_or(Ok(()), |(index, code, message)| {
        Err(ConsumeError::event(index, code, message))
    })
}
