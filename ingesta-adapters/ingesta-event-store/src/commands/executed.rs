//! What a command did, as its caller hears it: the first time, and when it is repeated.

use crate::{CommandOutcome, Position, StreamId};

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Whose command: for a repeat, the stream that the first one changed.
    pub stream: StreamId,
    /// The stream's version after the command.
    pub version: u64,
    /// Where in the log its last event is: wait for this to see the command's effect in a view.
    pub position: Position,
    /// True if it changed nothing now, because it is done already.
    pub already_done: bool,
}

/// The answer that an outcome in the log makes.
pub(super) fn repeated(stream: &StreamId, outcome: CommandOutcome) -> Executed {
    let (stream, version) = outcome
        .streams
        .into_iter()
        .next()
        .unwrap_or_else(|| (stream.clone(), 0));
    Executed {
        stream,
        version,
        position: outcome.position,
        already_done: true,
    }
}
