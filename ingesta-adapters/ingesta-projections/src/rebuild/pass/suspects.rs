//! Events that may be what they seem: ones that cannot be folded.
//!
//! Where rows are fed by several streams, an event can fail only because an earlier one has failed,
//! which other rows hold all the same. So of several failures in a pass only the first is certain.
//! The others are suspected: the next pass leaves them and what stands behind them out, and tries
//! each where it stands. If every suspect fails there and nothing else does, the rows of that very
//! pass are right, however many streams there were. Otherwise what was wrong about the earliest
//! mistake is known afterwards, so each round makes at least one event certain.
//!
//! Only where all rows of a job fit into one pass: else what a suspect does to the rows of another
//! pass is not known in this one, and one stream is put aside after the other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ingesta_event_store::{RecordedEvent, StreamId};

use super::failure::{FAILED_MAX, FailedEvent, Failures};

/// Rounds in which something was wrong; behind these it goes step by step.
const ROUNDS_MAX: u32 = 20;

/// What a pass found out about events.
#[derive(Default)]
pub(crate) struct Found {
    /// They cannot be folded.
    pub(crate) certain: Vec<FailedEvent>,
    /// They failed, perhaps in consequence of others.
    others: Vec<FailedEvent>,
    /// Suspects that failed where they stand.
    confirmed: Vec<FailedEvent>,
    /// Rows that an event failed on.
    fragile: HashSet<Box<str>>,
}

impl Found {
    pub(super) fn of(
        failures: Failures,
        confirmed: Failures,
        fragile: HashSet<Box<str>>,
        supposed: bool,
    ) -> Self {
        let (certain, others) = failures.sorted(supposed);
        Self {
            certain,
            others,
            confirmed: confirmed.all(),
            fragile,
        }
    }

    /// True if nothing failed that was not left out.
    pub(crate) fn is_clean(&self) -> bool {
        self.certain.is_empty() && self.others.is_empty()
    }
}

/// Where an event stands to the suspects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Suspicion {
    None,
    /// It is one.
    Suspect,
    /// Its stream stops before it.
    Behind,
}

/// What is supposed. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Suspects {
    /// Streams, and the event that each would stop at.
    at: Arc<HashMap<StreamId, u64>>,
    /// Rows that an event failed on. They may be personal data, and stay in memory.
    fragile: Arc<HashSet<Box<str>>>,
    rounds: u32,
    one_by_one: bool,
}

/// What is to be done with a pass.
pub(crate) struct Judged {
    /// These streams are put aside.
    pub(crate) park: Vec<FailedEvent>,
    /// Its rows are right. If not, the pass is made again.
    pub(crate) right: bool,
}

impl Suspects {
    pub(super) fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    pub(super) fn of(&self, event: &RecordedEvent) -> Suspicion {
        if self.at.is_empty() {
            return Suspicion::None;
        }
        match self.at.get(&event.stream) {
            Some(at) if event.sequence == *at => Suspicion::Suspect,
            Some(at) if event.sequence > *at => Suspicion::Behind,
            Some(_) | None => Suspicion::None,
        }
    }

    pub(super) fn is_fragile(&self, key: &str) -> bool {
        !self.fragile.is_empty() && self.fragile.contains(key)
    }

    /// Learns from a pass; `whole`: it was about all rows of the job.
    pub(crate) fn judge(&mut self, found: Found, whole: bool) -> Judged {
        let clean = found.is_clean();
        let Found {
            certain,
            others,
            confirmed,
            fragile,
        } = found;
        let mut at = std::mem::take(Arc::make_mut(&mut self.at));
        let supposed = at.len();
        if clean && confirmed.len() == supposed {
            return Judged {
                park: confirmed,
                right: true,
            };
        }
        self.rounds += 1;
        self.one_by_one |= !whole || self.rounds > ROUNDS_MAX || others.len() > FAILED_MAX;
        if self.one_by_one {
            self.fragile = Arc::default();
        } else {
            if clean {
                // The others were consequences.
                let failed: HashSet<_> = confirmed.into_iter().map(|event| event.stream).collect();
                at.retain(|stream, _| failed.contains(stream));
            }
            for event in &certain {
                at.remove(&event.stream);
            }
            for event in others {
                let sequence = at.entry(event.stream).or_insert(event.sequence);
                *sequence = event.sequence.min(*sequence);
            }
            self.at = Arc::new(at);
            Arc::make_mut(&mut self.fragile).extend(fragile);
        }
        Judged {
            park: certain,
            right: false,
        }
    }
}
