//! What a process manager can ask for.

use std::time::Duration;

/// One thing that an event asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<A> {
    /// Something is to be done elsewhere.
    Act(A),
    /// [`Heard::TimerFired`](crate::Heard::TimerFired) is wanted later. A timer of the same name
    /// that is set already is replaced.
    SetTimer {
        /// Its name, unique within the instance.
        timer: String,
        /// How long from the moment at which the request is stored, on the store's clock.
        after: Duration,
    },
    /// It is not wanted any more. A timer that is not set is no error.
    CancelTimer {
        /// Its name.
        timer: String,
    },
}

impl<A> Request<A> {
    /// Sets a timer.
    pub fn set_timer(timer: impl Into<String>, after: Duration) -> Self {
        let timer = timer.into();
        Self::SetTimer { timer, after }
    }

    /// Cancels a timer.
    pub fn cancel_timer(timer: impl Into<String>) -> Self {
        let timer = timer.into();
        Self::CancelTimer { timer }
    }
}
