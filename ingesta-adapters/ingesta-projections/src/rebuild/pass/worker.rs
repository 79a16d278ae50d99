//! One thread of a pass: takes batches of rows, makes events of them, folds those that fall to it.
//!
//! It ends when its channel does. Only an end that was announced makes rows of what it holds.

use std::sync::Arc;

use ingesta_event_store::{RecordedEvent, StoreError};
use tokio::sync::mpsc::Receiver;

use super::columns::{Columns, Head};
use super::hash::Seed;
use super::order::Order;
use super::plan::owner;
use super::shard::{Part, Shard};
use super::wire::Batch;
use crate::rebuild::RebuildError;

/// Rows that are looked up together: what they touch fits into the processor's cache.
const AT_ONCE: usize = 32;

/// What the reader sends to every worker.
#[derive(Clone)]
pub(super) enum Message {
    Rows(Arc<Batch>),
    /// The log was read to its end.
    End,
}

pub(super) struct Worker {
    pub(super) index: usize,
    pub(super) workers: usize,
    pub(super) columns: Columns,
    pub(super) seed: Seed,
    pub(super) order: Order,
    pub(super) shards: Vec<Box<dyn Shard>>,
    /// What the rows of this worker may take.
    pub(super) share: u64,
    /// True if no job wants an event whose aggregate falls to another worker.
    pub(super) own_only: bool,
}

impl Worker {
    /// Works until the channel ends; one part for each job.
    pub(super) fn run(
        mut self,
        mut messages: Receiver<Message>,
    ) -> Result<Vec<Part>, RebuildError> {
        let mut event = self.columns.blank();
        let mut number = 0;
        while let Some(message) = messages.blocking_recv() {
            let Message::Rows(batch) = message else {
                self.shards.iter_mut().for_each(|shard| shard.settle());
                return Ok(self.shards.into_iter().map(Shard::finish).collect());
            };
            self.batch(&batch, &mut number, &mut event)?;
            drop(batch);
            self.settle();
            if self.shards.iter().any(|shard| shard.too_many_failures()) {
                break;
            }
        }
        let parts = self.shards.into_iter().map(|shard| Part {
            failures: shard.failures(),
            ..Part::default()
        });
        Ok(parts.collect())
    }

    /// Step by step for a few rows at once, so that waiting for memory overlaps.
    fn batch(
        &mut self,
        batch: &Batch,
        number: &mut u64,
        event: &mut RecordedEvent,
    ) -> Result<(), RebuildError> {
        let mut rows = batch.rows();
        let (mut heads, mut own) = (Vec::with_capacity(AT_ONCE), Vec::with_capacity(AT_ONCE));
        loop {
            heads.clear();
            own.clear();
            for row in rows.by_ref().take(AT_ONCE) {
                let head = self.columns.head(row)?;
                let id = self.seed.of(head.id);
                let mine = owner(id, self.workers) == self.index;
                if mine {
                    own.push(head.id);
                    self.check(&head, id, event)?;
                }
                heads.push((head, mine));
            }
            if heads.is_empty() {
                return Ok(());
            }
            for shard in &self.shards {
                shard.warm(&own);
            }
            for (head, mine) in &heads {
                *number += 1;
                if *mine || !self.own_only {
                    self.columns.read(head, event)?;
                    for shard in &mut self.shards {
                        shard.take(event, *number, *mine)?;
                    }
                }
            }
        }
    }

    /// Its predecessor must have come before it.
    fn check(
        &mut self,
        head: &Head<'_>,
        id: u64,
        event: &mut RecordedEvent,
    ) -> Result<(), RebuildError> {
        let stream = match self.columns.one_type {
            Some(_) => id,
            None => id.rotate_left(32) ^ self.seed.of(head.aggregate_type),
        };
        if self.order.take(stream, head.sequence, head.adopted) {
            return Ok(());
        }
        self.columns.read(head, event)?;
        Err(RebuildError::Store(StoreError::OrderViolated {
            stream: event.stream.clone(),
            sequence: event.sequence,
        }))
    }

    /// Keeps the rows within their share of the memory, as long as there are some to give up.
    fn settle(&mut self) {
        self.shards.iter_mut().for_each(|shard| shard.settle());
        while self.shards.iter().map(|shard| shard.bytes()).sum::<u64>() > self.share {
            let mut largest: Vec<_> = self.shards.iter_mut().collect();
            largest.sort_by_key(|shard| std::cmp::Reverse(shard.bytes()));
            if !largest.into_iter().any(|shard| shard.lower()) {
                return;
            }
        }
    }
}
