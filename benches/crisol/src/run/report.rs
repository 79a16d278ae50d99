//! What a run has come to: the figures, and whether they are those of a success.

use serde::Serialize;

use super::Plan;
use crate::check::Findings;
use crate::history::{Operation, Outcome};

/// The report. As JSON it is one object.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The seed that makes the same choices again.
    pub seed: u64,
    /// Acknowledged, or due, and not there.
    pub lost: usize,
    /// There more often than once.
    pub doubled: usize,
    /// Out of order, or with a gap.
    pub inverted: usize,
    /// Never arrived at the end of the log.
    pub stuck: usize,
    /// Made by nobody.
    pub unexplained: usize,
    /// Rows of the view that differ from the fold.
    pub view_differs: usize,
    /// Answers against the rules.
    pub wrong_answers: usize,
    /// Mistakes made on purpose: in copies for the self-check, and in the table if asked for.
    pub planted: usize,
    /// How many of them were found.
    pub caught: usize,
    /// Operations sent.
    pub operations: usize,
    /// Operations acknowledged.
    pub acked: usize,
    /// Operations refused.
    pub rejected: usize,
    /// Operations whose end nobody was told.
    pub unknown: usize,
    /// Processes killed.
    pub kills: u64,
    /// Servers among them.
    pub kills_server: u64,
    /// PostgreSQLs among them.
    pub kills_postgres: u64,
    /// Requests that a client left in the middle.
    pub hang_ups: u64,
    /// Events in the log at the end.
    pub events: usize,
    /// How long it took.
    pub seconds: u64,
    /// What was found, rule by rule; at most twenty.
    pub findings: Vec<String>,
    #[serde(skip)]
    kills_min: u64,
    #[serde(skip)]
    operations_min: u64,
}

impl Report {
    pub(super) fn of(plan: &Plan, history: &[Operation], findings: Findings) -> Self {
        let ended = |wanted| history.iter().filter(|it| it.outcome() == wanted).count();
        let tampered = plan.plant.map(|mistake| {
            let found = findings.all().any(|(rule, _)| rule == mistake.rule());
            usize::from(found)
        });
        Self {
            seed: plan.seed,
            lost: findings.lost.len(),
            doubled: findings.doubled.len(),
            inverted: findings.inverted.len(),
            stuck: findings.stuck.len(),
            unexplained: findings.unexplained.len(),
            view_differs: findings.view_differs.len(),
            wrong_answers: findings.wrong_answers.len(),
            planted: usize::from(tampered.is_some()),
            caught: tampered.unwrap_or_default(),
            operations: history.len(),
            acked: ended(Outcome::Ok),
            rejected: ended(Outcome::Rejected),
            unknown: ended(Outcome::Unknown),
            findings: findings
                .all()
                .take(20)
                .map(|(rule, it)| format!("{rule}: {it}"))
                .collect(),
            kills_min: plan.kills_min,
            operations_min: plan.operations_min,
            ..Self::default()
        }
    }

    pub(super) fn self_check(&mut self, planted: usize, caught: usize) {
        self.planted += planted;
        self.caught += caught;
    }

    /// Whether nothing is wrong, the checker can be trusted, and enough was done to say so.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.caught == self.planted && self.shortfall().is_none()
    }

    /// What a run that did too little lacks.
    #[must_use]
    pub fn shortfall(&self) -> Option<String> {
        let acked = self.acked as u64;
        if acked < self.operations_min {
            return Some(format!("only {acked} operations were acknowledged"));
        }
        if self.kills < self.kills_min {
            return Some(format!("only {} processes were killed", self.kills));
        }
        if self.planted == 0 {
            return Some("the checker was not checked".to_owned());
        }
        None
    }
}
