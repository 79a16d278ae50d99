//! One pass over the log: copied out in its order, decoded, folded into rows in memory.
//!
//! Several projections share a pass. A reader hands batches of rows to worker threads; each worker
//! owns the rows whose keys fall to it by their hash. Memory is bounded: a job whose rows do not
//! fit gives up its upper keys, and says with which key the next pass begins. A pass writes
//! nothing, and never ends well without having seen the end of the log.

mod bound;
mod columns;
mod failure;
mod hash;
mod key;
mod order;
mod plan;
mod reader;
mod rows;
mod shard;
mod suspects;
#[cfg(test)]
mod tests;
mod weight;
mod wire;
mod worker;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ingesta_event_store::{Database, StreamId, TypeFilter};
use tokio::sync::mpsc;

pub(crate) use failure::FailedEvent;
pub(crate) use suspects::{Found, Suspects};

use crate::rebuild::progress::Progress;
use crate::rebuild::session::Sessions;
use crate::rebuild::{RebuildError, session};
use crate::row::StoredRow;
use crate::{Projection, Reads};
use columns::Columns;
use failure::Failures;
use hash::Seed;
use order::Order;
use plan::Plan;
use rows::Rows;
use shard::{Part, Shard};
use worker::Worker;

/// Batches that may wait for a worker.
const WAITING: usize = 4;

/// Of the memory, the part that the check of the order may take.
const ORDER_PART: u64 = 8;

/// One projection of a pass.
pub(crate) struct Job {
    pub(crate) projection: Arc<dyn Folds>,
    /// The least key of interest; `None`: all.
    pub(crate) from: Option<String>,
    /// Of these streams, the events from this sequence on are not folded.
    pub(crate) cut: HashMap<StreamId, u64>,
    /// These events are passed over.
    pub(crate) skip: Arc<HashSet<(StreamId, u64)>>,
    /// What is supposed of events, and is to be proved.
    pub(crate) suspects: Suspects,
}

/// How much a pass may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For the rows of all jobs. An estimate holds it, and one row of each job is always kept;
    /// buffers of a few megabytes come on top.
    pub(crate) memory_bytes: u64,
    /// Threads that fold, beside the one that reads. At least 1.
    pub(crate) workers: usize,
}

/// What a pass made of one job.
pub(crate) struct Folded {
    /// Sorted by key. Not to be used if something failed.
    pub(crate) rows: Box<dyn Iterator<Item = Result<(String, StoredRow), RebuildError>> + Send>,
    /// The first key that did not fit; `None`: all keys did.
    pub(crate) until: Option<String>,
    /// Events that could not be folded, at most one for each stream.
    pub(crate) found: Found,
}

/// The object-safe face of a projection.
pub(crate) trait Folds: Send + Sync {
    fn name(&self) -> &str;
    fn types(&self) -> TypeFilter;
    fn reads(&self) -> Reads;
    fn keyed_by_aggregate(&self) -> bool;
    /// The part of one worker. For this room only.
    fn shard(&self, scope: Scope) -> ShardBox;
}

/// What a shard is made for; opaque outside.
pub(crate) struct Scope {
    plan: Arc<Plan>,
    worker: usize,
}

/// A shard; opaque outside.
pub(crate) struct ShardBox(Box<dyn Shard>);

struct Face<P>(Arc<P>);

/// The projection behind its object-safe face.
pub(crate) fn folds<P: Projection>(projection: Arc<P>) -> Arc<dyn Folds> {
    Arc::new(Face(projection))
}

impl<P: Projection> Folds for Face<P> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn types(&self) -> TypeFilter {
        self.0.types()
    }

    fn reads(&self) -> Reads {
        self.0.reads()
    }

    fn keyed_by_aggregate(&self) -> bool {
        self.0.keyed_by_aggregate()
    }

    fn shard(&self, scope: Scope) -> ShardBox {
        ShardBox(Box::new(Rows::new(
            Arc::clone(&self.0),
            scope.plan,
            scope.worker,
        )))
    }
}

/// Folds the transactions before `upto`, all of which must have ended.
///
/// # Errors
/// When the log could not be read to its end; when it is out of order; when the projection's code
/// could not be asked. Events that cannot be folded are no error: see [`Folded::found`].
pub(crate) async fn pass(
    sessions: &Sessions,
    upto: u64,
    jobs: Vec<Job>,
    limits: Limits,
    watch: &Progress,
) -> Result<Vec<Folded>, RebuildError> {
    let mut doubted: Vec<HashSet<String>> = jobs.iter().map(|_| HashSet::new()).collect();
    loop {
        let seed = Seed::random();
        let plans: Vec<_> = (jobs.iter().zip(&doubted))
            .map(|(job, doubted)| Plan::new(job, doubted.clone(), limits.workers.max(1), seed))
            .collect();
        let parts = attempt(sessions, upto, &jobs, &plans, limits, watch).await?;
        let mut again = false;
        for (index, parts) in parts.iter().enumerate() {
            let new = doubts(parts, &plans[index], &doubted[index]).ok_or_else(|| {
                let message = "a row can be written at one time and not at another".to_owned();
                let projection = jobs[index].projection.name().to_owned();
                RebuildError::Fold {
                    projection,
                    message,
                }
            })?;
            again |= !new.is_empty();
            doubted[index].extend(new);
        }
        if !again {
            let parts = parts.into_iter().zip(&plans);
            return Ok(parts.map(|(parts, plan)| folded(parts, plan)).collect());
        }
    }
}

/// The rows that cannot be written and of which it is not known since when. They are looked at
/// after every event in the next attempt; what failed in this one may be a consequence. `None`:
/// one of them was looked at already.
fn doubts(parts: &[Part], plan: &Plan, doubted: &HashSet<String>) -> Option<HashSet<String>> {
    let below = plan.bound.key();
    let within = |key: &&String| below.as_deref().is_none_or(|below| key.as_str() < below);
    let keys = parts.iter().flat_map(|part| &part.unwritable);
    let keys: HashSet<String> = keys.filter(within).cloned().collect();
    keys.is_disjoint(doubted).then_some(keys)
}

/// Reads the log once; for each job the parts of all workers.
async fn attempt(
    sessions: &Sessions,
    upto: u64,
    jobs: &[Job],
    plans: &[Arc<Plan>],
    limits: Limits,
    watch: &Progress,
) -> Result<Vec<Vec<Part>>, RebuildError> {
    let (columns, workers) = (Columns::of(jobs), limits.workers.max(1));
    let copy = columns.copy(upto, jobs)?;
    let mut session = sessions.open().await?;
    let set = session::run(&mut session, columns::SETTINGS).await;
    set.map_err(|e| Database::failure("preparing to read the log", e))?;
    if let Some(from) = Columns::from(jobs) {
        session::tell(&mut session, columns::SET_FROM, from).await?;
    }
    let seed = plans.first().map_or_else(Seed::random, |plan| plan.seed);
    let each = limits.memory_bytes / workers as u64;
    let (mut senders, mut threads) = (Vec::new(), Vec::new());
    for index in 0..workers {
        let shards = jobs.iter().zip(plans).map(|(job, plan)| {
            let plan = Arc::clone(plan);
            job.projection
                .shard(Scope {
                    plan,
                    worker: index,
                })
                .0
        });
        let worker = Worker {
            index,
            workers,
            columns: columns.clone(),
            seed,
            order: Order::new(each / ORDER_PART, seed),
            shards: shards.collect(),
            share: each - each / ORDER_PART,
            own_only: jobs.iter().all(|job| job.projection.keyed_by_aggregate()),
        };
        let (sender, messages) = mpsc::channel(WAITING);
        senders.push(sender);
        threads.push(tokio::task::spawn_blocking(move || worker.run(messages)));
    }
    let read = reader::read(&mut session, &copy, columns.count(), &senders, watch).await;
    // Workers that were not told of an end now see that none will come.
    drop(senders);
    let mut parts: Vec<Vec<Part>> = jobs.iter().map(|_| Vec::new()).collect();
    let mut broken = None;
    for thread in threads {
        match joined(thread.await, jobs) {
            Ok(done) => parts
                .iter_mut()
                .zip(done)
                .for_each(|(all, part)| all.push(part)),
            Err(error) => broken = Some(error),
        }
    }
    // Why a worker stopped listening says more than that it did.
    if let Some(error) = broken {
        return Err(error);
    }
    if read? {
        session.close().await?;
    } else if !parts.iter().any(|parts| too_many(parts)) {
        return Err(RebuildError::Truncated);
    }
    Ok(parts)
}

fn too_many(parts: &[Part]) -> bool {
    parts.iter().any(|part| part.failures.too_many())
}

type Joined = Result<Result<Vec<Part>, RebuildError>, tokio::task::JoinError>;

fn joined(thread: Joined, jobs: &[Job]) -> Result<Vec<Part>, RebuildError> {
    thread.unwrap_or_else(|_| {
        let names: Vec<_> = jobs.iter().map(|job| job.projection.name()).collect();
        Err(RebuildError::Fold {
            projection: names.join(", "),
            message: "a thread of the fold panicked".to_owned(),
        })
    })
}

fn folded(parts: Vec<Part>, plan: &Plan) -> Folded {
    let until = plan.bound.key();
    let (mut failures, mut confirmed) = (Failures::default(), Failures::default());
    let (mut fragile, mut sorted) = (HashSet::new(), Vec::new());
    for mut part in parts {
        failures.merge(part.failures);
        confirmed.merge(part.confirmed);
        fragile.extend(part.fragile);
        if let Some(until) = &until {
            // A worker may have been done before another one lowered the bound.
            let below = part.rows.partition_point(|(key, _)| **key < **until);
            part.rows.truncate(below);
        }
        sorted.push(part.rows.into_iter().peekable());
    }
    let rows = std::iter::from_fn(move || {
        let heads = sorted.iter_mut().enumerate();
        let heads = heads.filter_map(|(at, rows)| Some((rows.peek()?.0.as_str(), at)));
        let (_, least) = heads.min()?;
        sorted[least].next().map(Ok)
    });
    Folded {
        rows: Box::new(rows),
        until: until.map(|key| key.to_string()),
        found: Found::of(failures, confirmed, fragile, plan.supposes()),
    }
}
