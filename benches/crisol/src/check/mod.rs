//! The checker: what the clients were told against what is left.
//!
//! Promises, each a rule with a name in the findings:
//! acknowledged is stored exactly once, refused is not stored, unknown is stored once or not at
//! all; sequences are 1..n and grow along the log; every event has a command that somebody sent;
//! each reaction happened exactly once; the view is the fold of the log; nothing is left behind.
//! It works on copies in memory and asks nobody.

mod log;
mod operations;
mod reactions;
mod view;

use crate::history::Operation;
use crate::store::Store;

/// What is wrong, each with a word about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Acknowledged, or due, and not there.
    pub lost: Vec<String>,
    /// There more often than once.
    pub doubled: Vec<String>,
    /// Gaps in a sequence, or an event before its predecessor.
    pub inverted: Vec<String>,
    /// Not at the end of the log although the faults are over.
    pub stuck: Vec<String>,
    /// Events that nobody has asked for, or that were refused.
    pub unexplained: Vec<String>,
    /// Rows of the view that differ from the fold.
    pub view_differs: Vec<String>,
    /// Answers against the rules: refused what is allowed, accepted what is not, 500.
    pub wrong_answers: Vec<String>,
}

impl Findings {
    /// Every finding, with the name of its rule.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let rules = [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("inverted", &self.inverted),
            ("stuck", &self.stuck),
            ("unexplained", &self.unexplained),
            ("view_differs", &self.view_differs),
            ("wrong_answers", &self.wrong_answers),
        ];
        rules
            .into_iter()
            .flat_map(|(rule, found)| found.iter().map(move |it| (rule, it.as_str())))
    }
}

/// Checks a run.
///
/// ```
/// use crisol::check::check;
/// use crisol::store::{Row, Store};
///
/// assert_eq!(check(&[], &Store::default()).all().count(), 0);
///
/// // A row that no event has made.
/// let row = Row { id_ingesta: "a".into(), estado: "Creada".into(), version: 1 };
/// let made_up = Store { view: vec![row], ..Store::default() };
/// assert_eq!(check(&[], &made_up).view_differs.len(), 1);
/// ```
#[must_use]
pub fn check(history: &[Operation], store: &Store) -> Findings {
    let mut findings = Findings {
        stuck: store.behind.clone(),
        ..Findings::default()
    };
    operations::check(history, store, &mut findings);
    log::check(store, &mut findings);
    reactions::check(store, &mut findings);
    view::check(store, &mut findings);
    findings
}
