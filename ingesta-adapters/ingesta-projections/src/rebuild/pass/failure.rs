//! What happens to an event that cannot be folded: it is named, without a word of its content.
//!
//! Calls into the projection's code end here, panics too. Codes and messages are those of the
//! live fold.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ingesta_event_store::subscription::{ConsumeError, ParkReason};
use ingesta_event_store::{RecordedEvent, StreamId};

use crate::ProjectionError;
use crate::fold::UNSERIALIZABLE;
use crate::rebuild::RebuildError;

/// A pass ends early when more streams than this have failed.
pub(super) const FAILED_MAX: usize = 10_000;

/// An event that cannot be folded; later ones of its stream were not folded either.
#[derive(Clone)]
pub(crate) struct FailedEvent {
    pub(crate) stream: StreamId,
    pub(crate) sequence: u64,
    pub(crate) event_type: String,
    pub(crate) event_version: String,
    pub(crate) reason: ParkReason,
}

/// Why a call into the projection's code did not answer.
pub(super) enum Fault {
    Refused(ProjectionError),
    Unserializable,
    Panicked,
}

/// Calls the projection's code.
pub(super) fn call<T>(work: impl FnOnce() -> Result<T, ProjectionError>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(answer) => answer.map_err(Fault::Refused),
        // What it said is dropped unread: it may quote a payload.
        Err(_) => Err(Fault::Panicked),
    }
}

/// The row as JSON text.
pub(super) fn text(state: &impl serde::Serialize) -> Result<String, Fault> {
    let text = catch_unwind(AssertUnwindSafe(|| serde_json::to_string(state)));
    let text = text.map_err(|_| Fault::Panicked)?;
    text.map_err(|_| Fault::Unserializable)
}

impl Fault {
    /// True if the event alone is to blame, whatever came before it.
    fn is_of_the_event(&self) -> bool {
        matches!(self, Self::Refused(ProjectionError::Undecodable(_)))
    }

    /// Code and message. An error if the event is not to blame at all.
    fn reason(self, projection: &str) -> Result<ParkReason, RebuildError> {
        let reason = |code: &str, message: &str| ParkReason {
            code: code.to_owned(),
            message: message.to_owned(),
        };
        Ok(match self {
            Self::Refused(error) => match error.at(0) {
                ConsumeError::Event { reason, .. } => reason,
                ConsumeError::Transient(_) => {
                    let message = "the key of a personal field is not available: try again later";
                    return Err(RebuildError::Fold {
                        projection: projection.to_owned(),
                        message: message.to_owned(),
                    });
                }
            },
            Self::Unserializable => reason(UNSERIALIZABLE.0, UNSERIALIZABLE.1),
            Self::Panicked => reason(
                "panicked",
                "the projection panicked on this event; what it said is not kept",
            ),
        })
    }
}

/// Whether a failure stands by itself, or may be the consequence of an earlier one.
#[derive(Clone, Copy)]
struct Standing {
    /// The event alone is to blame.
    certain: bool,
    /// Where rows are fed by several streams: the number in the pass of the event, which may have
    /// touched other rows before it failed.
    on_row: Option<u64>,
}

/// What failed, by stream: the first event of each.
#[derive(Default)]
pub(super) struct Failures {
    by_stream: BTreeMap<StreamId, (Standing, FailedEvent)>,
}

impl Failures {
    pub(super) fn is_empty(&self) -> bool {
        self.by_stream.is_empty()
    }

    pub(super) fn too_many(&self) -> bool {
        self.by_stream.len() > FAILED_MAX
    }

    /// True if the stream failed before or at this event.
    pub(super) fn holds(&self, event: &RecordedEvent) -> bool {
        self.by_stream.contains_key(&event.stream)
    }

    /// Notes that the event failed; `on_row`: while it was folded into a shared row, as the
    /// event of this number.
    pub(super) fn note(
        &mut self,
        projection: &str,
        event: &RecordedEvent,
        fault: Fault,
        on_row: Option<u64>,
    ) -> Result<(), RebuildError> {
        let standing = Standing {
            certain: on_row.is_none() || fault.is_of_the_event(),
            on_row,
        };
        let failed = FailedEvent {
            stream: event.stream.clone(),
            sequence: event.sequence,
            event_type: event.event_type.clone(),
            event_version: event.event_version.clone(),
            reason: fault.reason(projection)?,
        };
        self.insert(standing, failed);
        Ok(())
    }

    fn insert(&mut self, standing: Standing, failed: FailedEvent) {
        let earlier = self.by_stream.get(&failed.stream);
        if earlier.is_none_or(|(_, earlier)| failed.sequence < earlier.sequence) {
            self.by_stream
                .insert(failed.stream.clone(), (standing, failed));
        }
    }

    /// Adds what another worker found.
    pub(super) fn merge(&mut self, other: Self) {
        for (standing, failed) in other.by_stream.into_values() {
            self.insert(standing, failed);
        }
    }

    /// The failures that will come again whatever is done about the others: those that the event
    /// alone is to blame for, and of the others the first, if no failure came before it and nothing
    /// was `supposed`. Then those that may be consequences.
    pub(super) fn sorted(self, supposed: bool) -> (Vec<FailedEvent>, Vec<FailedEvent>) {
        let standings = self.by_stream.values().map(|(standing, _)| standing);
        let first = standings.filter_map(|standing| standing.on_row).min();
        let is_certain =
            |standing: &Standing| standing.certain || (!supposed && standing.on_row == first);
        let failed = self.by_stream.into_values();
        let (certain, others): (Vec<_>, Vec<_>) =
            failed.partition(|(standing, _)| is_certain(standing));
        let events = |found: Vec<(Standing, FailedEvent)>| {
            found.into_iter().map(|(_, failed)| failed).collect()
        };
        (events(certain), events(others))
    }

    /// All of them.
    pub(super) fn all(self) -> Vec<FailedEvent> {
        let failed = self.by_stream.into_values();
        failed.map(|(_, failed)| failed).collect()
    }
}
