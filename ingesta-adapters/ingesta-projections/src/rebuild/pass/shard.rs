//! What a worker knows of a job: a part of its rows, whatever their type.

use std::collections::HashSet;

use ingesta_event_store::RecordedEvent;

use super::failure::Failures;
use crate::rebuild::RebuildError;
use crate::row::StoredRow;

/// What is left of a shard at the end.
#[derive(Default)]
pub(super) struct Part {
    /// Sorted by key.
    pub(super) rows: Vec<(String, StoredRow)>,
    pub(super) failures: Failures,
    /// Keys of rows that cannot be written.
    pub(super) unwritable: Vec<String>,
    /// Suspects that failed when they were tried.
    pub(super) confirmed: Failures,
    /// Keys of rows that an event failed on.
    pub(super) fragile: HashSet<Box<str>>,
}

/// The object-safe face of [`super::rows::Rows`].
pub(super) trait Shard: Send {
    /// Takes in an event; `mine`: its aggregate falls to this worker.
    fn take(&mut self, event: &RecordedEvent, number: u64, mine: bool) -> Result<(), RebuildError>;
    /// Looks the rows of these aggregates up, all at once: the processor then waits for memory
    /// once where it would wait for each row by itself.
    fn warm(&self, ids: &[&[u8]]);
    /// Drops what is above the bound, and weighs the rest now and then.
    fn settle(&mut self);
    /// About how much memory it takes, or is going to take with its next rows.
    fn bytes(&self) -> u64;
    /// Gives a quarter of the rows up to a later pass; false if there is one row at most.
    fn lower(&mut self) -> bool;
    fn too_many_failures(&self) -> bool;
    fn failures(self: Box<Self>) -> Failures;
    fn finish(self: Box<Self>) -> Part;
}
