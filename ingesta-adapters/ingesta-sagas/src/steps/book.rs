//! Which steps were taken, how often, and what is left to take back.

use serde::{Deserialize, Serialize};

/// The book of a process's steps: taken forwards in order, taken back in reverse.
///
/// A step counts from the moment at which it is asked for. One that nobody answered may have been
/// done, so it is taken back like one that was; one that is known to have done nothing is not.
/// Every method answers the same when it is told twice.
///
/// ```
/// use ingesta_sagas::Steps;
///
/// let mut steps = Steps::default();
/// steps.begin("flight");
/// steps.finish(&"flight");
/// steps.begin("hotel");
/// steps.begin("hotel");
/// assert_eq!((steps.open(), steps.tries()), (Some(&"hotel"), 2));
///
/// // Nobody answers for the hotel: it is taken back first, then the flight.
/// steps.turn_back();
/// assert_eq!(steps.to_undo(), Some(&"hotel"));
/// steps.undone(&"flight");
/// assert_eq!(steps.to_undo(), Some(&"hotel"), "not its turn: nothing changed");
/// steps.undone(&"hotel");
/// assert_eq!(steps.to_undo(), Some(&"flight"));
/// steps.undone(&"flight");
/// assert!(steps.is_undone());
///
/// // A late answer of a step that was taken back changes nothing.
/// steps.finish(&"hotel");
/// assert!(steps.is_undone());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps<S> {
    /// Not taken back, in the order in which they were begun.
    taken: Vec<S>,
    /// True while the last one taken has no answer.
    open: bool,
    /// Tries of the step under way: the open one, or on the way back the next to undo.
    tries: u32,
    back: bool,
}

/// No step yet.
impl<S> Default for Steps<S> {
    fn default() -> Self {
        Self {
            taken: Vec::new(),
            open: false,
            tries: 0,
            back: false,
        }
    }
}

impl<S: PartialEq> Steps<S> {
    /// A step is asked for; once more, if it is the open one. Nothing on the way back, or while
    /// another step is open, or if it was taken before.
    pub fn begin(&mut self, step: S) {
        if self.back {
            return;
        }
        if self.open() == Some(&step) {
            self.tries += 1;
        } else if !self.open && !self.taken.contains(&step) {
            self.taken.push(step);
            (self.open, self.tries) = (true, 1);
        }
    }

    /// The open step is done.
    pub fn finish(&mut self, step: &S) {
        if self.open() == Some(step) {
            (self.open, self.tries) = (false, 0);
        }
    }

    /// The open step has done nothing, that is certain: there is nothing to take back of it.
    pub fn fail(&mut self, step: &S) {
        if self.open() == Some(step) {
            self.taken.pop();
            (self.open, self.tries) = (false, 0);
        }
    }

    /// From here on steps are taken back.
    pub fn turn_back(&mut self) {
        if !self.back {
            (self.back, self.open, self.tries) = (true, false, 0);
        }
    }

    /// On the way back, the step to take back is asked for, perhaps once more.
    pub fn try_undo(&mut self, step: &S) {
        if self.to_undo() == Some(step) {
            self.tries += 1;
        }
    }

    /// The step to take back has been taken back.
    pub fn undone(&mut self, step: &S) {
        if self.to_undo() == Some(step) {
            self.taken.pop();
            self.tries = 0;
        }
    }

    /// The step that is asked for and not answered, on the way forwards.
    #[must_use]
    pub fn open(&self) -> Option<&S> {
        if self.open { self.taken.last() } else { None }
    }

    /// The step to take back next; `None` on the way forwards, and when nothing is left.
    #[must_use]
    pub fn to_undo(&self) -> Option<&S> {
        if self.back { self.taken.last() } else { None }
    }

    /// Tries of the step under way, forwards or back.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// True from [`Self::turn_back`] on.
    #[must_use]
    pub fn is_turned_back(&self) -> bool {
        self.back
    }

    /// True if it turned back and nothing is left to take back.
    #[must_use]
    pub fn is_undone(&self) -> bool {
        self.back && self.taken.is_empty()
    }

    /// The steps that are done or may be done, in their order.
    #[must_use]
    pub fn taken(&self) -> &[S] {
        &self.taken
    }
}
