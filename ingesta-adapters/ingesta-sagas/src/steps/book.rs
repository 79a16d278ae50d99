//! Which steps were taken, how often, and what is left to take back.

use serde::{Deserialize, Serialize};

/// The book of a process's steps: taken forwards in order, taken back in reverse.
///
/// A step counts from the moment at which it is asked for. One that nobody answered may have been
/// done, so it is taken back like one that was; one that is known to have done nothing is not. That
/// is known of a step that failed at its first try: of several tries another may yet be done.
/// Being told something twice, or too late, changes nothing.
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
    last: Standing,
    /// Tries of the step under way: the open one, or on the way back the next to undo.
    tries: u32,
    back: bool,
}

/// How the last step that was taken stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Standing {
    /// It is done; or there is none.
    Settled,
    /// It has no answer.
    Open,
    /// One of its tries has failed; another may yet be done.
    Doubtful,
}

/// No step yet.
impl<S> Default for Steps<S> {
    fn default() -> Self {
        Self {
            taken: Vec::new(),
            last: Standing::Settled,
            tries: 0,
            back: false,
        }
    }
}

impl<S: PartialEq> Steps<S> {
    /// A step is asked for; once more, if it is open or has failed. Nothing on the way back, or while
    /// another step is open, or if it is done.
    pub fn begin(&mut self, step: S) {
        if self.back {
            return;
        }
        if self.unsettled() == Some(&step) {
            (self.last, self.tries) = (Standing::Open, self.tries + 1);
        } else if self.open().is_none() && !self.taken.contains(&step) {
            self.taken.push(step);
            (self.last, self.tries) = (Standing::Open, 1);
        }
    }

    /// The step under way is done.
    pub fn finish(&mut self, step: &S) {
        if self.unsettled() == Some(step) {
            (self.last, self.tries) = (Standing::Settled, 0);
        }
    }

    /// The open step has failed and done nothing. After a single try there is nothing to take back;
    /// after several it stays, for another try may yet be done.
    pub fn fail(&mut self, step: &S) {
        if self.open() != Some(step) {
            return;
        }
        if self.tries > 1 {
            self.last = Standing::Doubtful;
        } else {
            self.taken.pop();
            (self.last, self.tries) = (Standing::Settled, 0);
        }
    }

    /// From here on steps are taken back.
    pub fn turn_back(&mut self) {
        if !self.back {
            (self.back, self.last, self.tries) = (true, Standing::Settled, 0);
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
        let open = self.last == Standing::Open;
        self.taken.last().filter(|_| open)
    }

    /// The last step, unless it is done.
    fn unsettled(&self) -> Option<&S> {
        let settled = self.last == Standing::Settled;
        self.taken.last().filter(|_| !settled)
    }

    /// The step to take back next; `None` on the way forwards, and when nothing is left.
    #[must_use]
    pub fn to_undo(&self) -> Option<&S> {
        self.taken.last().filter(|_| self.back)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_failed_at_its_first_try_is_not_taken_back() {
        let mut steps = Steps::default();
        steps.begin(1);
        steps.fail(&1);
        assert!(steps.taken().is_empty());
        steps.turn_back();
        assert!(steps.is_undone());
    }

    #[test]
    fn a_step_that_failed_at_one_of_several_tries_is_taken_back() {
        let mut steps = Steps::default();
        steps.begin(1);
        steps.begin(1);
        steps.fail(&1);
        assert_eq!((steps.open(), steps.taken()), (None, &[1][..]));
        // The other try has an answer after all; or it is tried a third time.
        let mut done = steps.clone();
        done.finish(&1);
        done.begin(2);
        assert_eq!((done.open(), done.taken()), (Some(&2), &[1, 2][..]));
        let mut again = steps.clone();
        again.begin(1);
        assert_eq!((again.open(), again.tries()), (Some(&1), 3));
        steps.turn_back();
        assert_eq!(steps.to_undo(), Some(&1));
    }

    #[test]
    fn what_is_done_is_not_begun_again_and_what_is_open_is_not_overtaken() {
        let mut steps = Steps::default();
        steps.begin(1);
        steps.begin(2);
        assert_eq!((steps.open(), steps.tries()), (Some(&1), 1));
        steps.finish(&2);
        steps.fail(&2);
        assert_eq!(steps.open(), Some(&1));
        steps.finish(&1);
        steps.begin(1);
        assert_eq!(steps.open(), None);
        assert!(!steps.is_undone(), "it has not turned back");
    }

    #[test]
    fn nothing_is_begun_on_the_way_back_and_tries_are_counted_anew() {
        let mut steps = Steps::default();
        steps.begin(1);
        steps.finish(&1);
        steps.begin(2);
        steps.begin(2);
        steps.turn_back();
        steps.begin(3);
        assert_eq!((steps.to_undo(), steps.tries()), (Some(&2), 0));
        steps.try_undo(&1);
        steps.try_undo(&2);
        steps.turn_back();
        assert_eq!(steps.tries(), 1, "only the step whose turn it is");
        steps.undone(&2);
        assert_eq!((steps.to_undo(), steps.tries()), (Some(&1), 0));
    }
}
