//! What can come to a process manager's ears.

use serde::Serialize;

/// Something that a process manager decides on: its own input, or one of the crate's own words.
///
/// It is never stored; its JSON only tells a repeat from something else under the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Heard<I, A> {
    /// Something happened outside.
    Told(I),
    /// A timer ran out. It is heard only while it is set: one that was cancelled in the last moment
    /// is silent. (One that was set anew in the last moment may be heard early; where that would
    /// matter, give each setting a name of its own.)
    TimerFired {
        /// Its name.
        timer: String,
    },
    /// The target of an action refused it, for good. Nothing was done.
    Refused {
        /// What was asked for.
        action: A,
        /// The target's stable word for the reason.
        code: String,
    },
    /// An operator wants it to try again where it is stuck.
    Retry,
    /// An operator gives it up.
    Abandon {
        /// Why, in the operator's words. Free text: store it only where such text may be stored.
        reason: String,
    },
}
