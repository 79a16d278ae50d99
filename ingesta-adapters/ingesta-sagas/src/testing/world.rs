//! What is outside of the manager under test: its neighbours, the log, people.

use super::Dice;
use crate::{Heard, HeardBy, ProcessManager};

/// The outside of one run. Its own state is what the manager's actions have made of it.
pub trait World<P: ProcessManager> {
    /// What is under way when the run begins: what starts the saga, and whatever else may happen at
    /// any moment, as a person who intervenes.
    fn begin(&mut self, dice: &mut Dice) -> Vec<Sent<P>>;

    /// An action arrives, perhaps for the second time. What comes of it is heard later.
    fn act(&mut self, action: &P::Action, dice: &mut Dice) -> Vec<Sent<P>>;

    /// What must hold after every step, and when the run is `over`: nothing is under way and no
    /// timer is set, so that nothing would ever happen any more.
    ///
    /// # Errors
    /// What does not hold, in a sentence.
    fn check(&self, saga: &P, over: bool) -> Result<(), String>;
}

/// Something that is under way to the manager.
pub struct Sent<P: ProcessManager> {
    pub(super) heard: HeardBy<P>,
    pub(super) lane: Option<&'static str>,
    pub(super) may_be_lost: bool,
}

impl<P: ProcessManager> Sent<P> {
    /// As an answer of a neighbour that may die: in any order, perhaps twice, perhaps never.
    pub fn perhaps(input: P::Input) -> Self {
        Self::of(Heard::Told(input), None, true)
    }

    /// In any order, perhaps twice, but not never.
    pub fn surely(input: P::Input) -> Self {
        Self::of(Heard::Told(input), None, false)
    }

    /// As [`crate::Triggers`] bring it: once, and in the order of its lane (a stream of the log).
    pub fn in_order(lane: &'static str, input: P::Input) -> Self {
        Self::of(Heard::Told(input), Some(lane), false)
    }

    /// The target refuses the action; [`crate::Actions`] tell that once.
    pub fn refused(action: P::Action, code: impl Into<String>) -> Self {
        let code = code.into();
        Self::of(Heard::Refused { action, code }, Some("refusals"), false)
    }

    /// An operator's word, at any moment.
    pub fn operator(heard: HeardBy<P>) -> Self {
        Self::of(heard, None, false)
    }

    pub(super) fn is_refusal(&self) -> bool {
        matches!(self.heard, Heard::Refused { .. })
    }

    fn of(heard: HeardBy<P>, lane: Option<&'static str>, may_be_lost: bool) -> Self {
        Self {
            heard,
            lane,
            may_be_lost,
        }
    }
}
