//! A pass over real logs, beside the live fold of the same events.

mod equal;
mod interrupted;
mod ledger;
mod log;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ingesta_event_store::StreamId;

use super::{FailedEvent, Folds, Job, Limits, Suspects, pass};
use crate::rebuild::RebuildError;
use crate::rebuild::progress::Progress;
use log::Log;

/// Rows by key: version and text.
type Table = BTreeMap<String, (u64, String)>;
/// The event that each failed stream stopped at, and its code.
type Parked = BTreeMap<StreamId, (u64, String)>;

const ROOMY: Limits = Limits {
    memory_bytes: 64 << 20,
    workers: 2,
};

fn job(projection: &Arc<dyn Folds>) -> Job {
    Job {
        projection: Arc::clone(projection),
        from: None,
        cut: HashMap::new(),
        skip: Arc::default(),
        suspects: Suspects::default(),
    }
}

/// One projection while it is rebuilt, as whoever calls `pass` does it.
struct Rebuilding {
    job: Job,
    table: Table,
    parked: Parked,
    done: bool,
}

/// Passes until all is folded; how many there were.
async fn rebuilt(
    log: &Log,
    projections: &[Arc<dyn Folds>],
    limits: Limits,
) -> Result<(Vec<(Table, Parked)>, usize), RebuildError> {
    let upto = log.upto().await;
    let mut all: Vec<_> = (projections.iter())
        .map(|projection| Rebuilding {
            job: job(projection),
            table: Table::new(),
            parked: Parked::new(),
            done: false,
        })
        .collect();
    let mut passes = 0;
    while all.iter().any(|one| !one.done) {
        passes += 1;
        let mut open: Vec<_> = all.iter_mut().filter(|one| !one.done).collect();
        let jobs = open.iter().map(|one| Job {
            from: one.job.from.clone(),
            cut: one.job.cut.clone(),
            skip: Arc::clone(&one.job.skip),
            suspects: one.job.suspects.clone(),
            ..job(&one.job.projection)
        });
        let jobs = jobs.collect();
        let folded = pass(&log.sessions(), upto, jobs, limits, &Progress::new()).await?;
        for (one, folded) in open.iter_mut().zip(folded) {
            let (first, clean) = (one.job.from.is_none(), folded.found.is_clean());
            let whole = first && folded.until.is_none();
            let judged = one.job.suspects.judge(folded.found, whole);
            one.park(judged.park, clean);
            if !judged.right {
                continue;
            }
            let mut last = None;
            for row in folded.rows {
                let (key, row) = row?;
                assert!(last.as_ref() < Some(&key), "sorted, each once");
                assert!(one.job.from.as_ref().is_none_or(|from| *from <= key));
                last = Some(key.clone());
                one.table.insert(key, (row.version, row.payload));
            }
            assert!(
                folded.until.is_none() || folded.until > one.job.from,
                "no progress"
            );
            assert!(folded.until.is_none() || last < folded.until);
            one.done = folded.until.is_none();
            one.job.from = folded.until;
        }
    }
    let all = all.into_iter().map(|one| (one.table, one.parked));
    Ok((all.collect(), passes))
}

impl Rebuilding {
    fn park(&mut self, failed: Vec<FailedEvent>, clean: bool) {
        for failed in failed {
            let cut = self.job.cut.entry(failed.stream.clone());
            let cut = cut.or_insert(failed.sequence);
            *cut = failed.sequence.min(*cut);
            let place = (failed.sequence, failed.reason.code);
            self.parked.insert(failed.stream, place);
        }
        if !clean && !self.job.projection.keyed_by_aggregate() {
            self.table.clear();
            self.job.from = None;
        }
    }
}
