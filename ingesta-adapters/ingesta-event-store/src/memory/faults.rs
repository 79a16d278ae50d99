//! Failures that a test orders in advance: each is delivered once, in the order it was ordered.
//!
//! A failure *before* leaves the store as it was; a *lost answer* comes after the store has done
//! its work, which is what a broken connection looks like from outside. Nothing fails by itself.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::{AppendError, StoreError};

/// The failures to come of one [`crate::MemoryStorage`].
#[derive(Debug, Default)]
pub struct Faults {
    append: Queue<AppendError>,
    lost_append: Queue<StoreError>,
    read: Queue<StoreError>,
    keep: Queue<StoreError>,
    acquire: Queue<StoreError>,
    commit: Queue<StoreError>,
    lost_commit: Queue<StoreError>,
}

impl Faults {
    /// The next append stores nothing and answers with this.
    pub fn fail_append(&self, error: AppendError) {
        self.append.push(error);
    }

    /// The next append is stored and answers [`AppendError::Unknown`].
    pub fn lose_append_answer(&self, error: StoreError) {
        self.lost_append.push(error);
    }

    /// The next read of the log, of a stream or of a command fails.
    pub fn fail_read(&self, error: StoreError) {
        self.read.push(error);
    }

    /// The next snapshot is not kept.
    pub fn fail_keep_snapshot(&self, error: StoreError) {
        self.keep.push(error);
    }

    /// The next attempt to take a lease fails.
    pub fn fail_acquire(&self, error: StoreError) {
        self.acquire.push(error);
    }

    /// The next commit of a subscription stores nothing and answers with this.
    pub fn fail_commit(&self, error: StoreError) {
        self.commit.push(error);
    }

    /// The next commit of a subscription is stored, and answers with this error all the same.
    pub fn lose_commit_answer(&self, error: StoreError) {
        self.lost_commit.push(error);
    }

    pub(super) fn next_append(&self) -> Option<AppendError> {
        self.append.pop()
    }

    pub(super) fn next_lost_append(&self) -> Option<StoreError> {
        self.lost_append.pop()
    }

    pub(super) fn next_read(&self) -> Result<(), StoreError> {
        self.read.pop().map_or(Ok(()), Err)
    }

    pub(super) fn next_keep(&self) -> Result<(), StoreError> {
        self.keep.pop().map_or(Ok(()), Err)
    }

    pub(super) fn next_acquire(&self) -> Result<(), StoreError> {
        self.acquire.pop().map_or(Ok(()), Err)
    }

    pub(super) fn next_commit(&self) -> Result<(), StoreError> {
        self.commit.pop().map_or(Ok(()), Err)
    }

    pub(super) fn next_lost_commit(&self) -> Result<(), StoreError> {
        self.lost_commit.pop().map_or(Ok(()), Err)
    }
}

#[derive(Debug)]
struct Queue<T>(Mutex<VecDeque<T>>);

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Queue<T> {
    fn push(&self, fault: T) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(fault);
    }

    fn pop(&self) -> Option<T> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }
}
