//! What a runner tells others: its status, its position and its log lines.
//!
//! A condition that lasts is logged when it begins and not with every look at it. Causes are not
//! logged here: drivers quote values in them, except where a connection failed.

use std::error::Error;
use std::fmt::Display;

use tokio::sync::watch;

use super::RunnerStatus;
use crate::subscription::Lease;
use crate::{Position, StoreError};

pub(super) struct Board {
    name: String,
    status: watch::Sender<RunnerStatus>,
    position: watch::Sender<Position>,
    /// Something was committed since this was last asked for.
    progress: bool,
    /// An outage that was logged and is not over.
    away: bool,
}

impl Board {
    pub(super) fn new(
        name: &str,
    ) -> (
        Self,
        watch::Receiver<RunnerStatus>,
        watch::Receiver<Position>,
    ) {
        let (status, status_seen) = watch::channel(RunnerStatus::Starting);
        let (position, position_seen) = watch::channel(Position::START);
        let name = name.to_owned();
        let board = Self {
            name,
            status,
            position,
            progress: false,
            away: false,
        };
        (board, status_seen, position_seen)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn take_progress(&mut self) -> bool {
        std::mem::take(&mut self.progress)
    }

    /// The checkpoint is not shown as followed yet: the log may still refuse to be read.
    pub(super) fn acquired(&mut self, lease: &Lease) {
        let (checkpoint, epoch) = (lease.checkpoint, lease.epoch);
        tracing::debug!(subscription = self.name, %checkpoint, epoch, "the lease is ours");
        self.position.send_replace(checkpoint);
    }

    /// The log was read and the checkpoint is stored.
    pub(super) fn following(&mut self, checkpoint: Position) {
        if std::mem::take(&mut self.away) {
            tracing::info!(subscription = self.name, "the store answers again");
        }
        self.position.send_if_modified(|seen| {
            let moved = *seen != checkpoint;
            *seen = checkpoint;
            moved
        });
        let was_following = matches!(*self.status.borrow(), RunnerStatus::Following { .. });
        if !was_following {
            tracing::info!(subscription = self.name, %checkpoint, "following the log");
        }
        self.set(RunnerStatus::Following { checkpoint });
    }

    /// What the next events need is not to be had.
    pub(super) fn stuck(&mut self, checkpoint: Position, on: &str) {
        let on = on.to_owned();
        self.set(RunnerStatus::Stuck { checkpoint, on });
    }

    pub(super) fn committed(&mut self) {
        self.progress = true;
    }

    pub(super) fn standby(&mut self) {
        if self.set(RunnerStatus::Standby) {
            tracing::info!(
                subscription = self.name,
                "standing by: another runner has the lease"
            );
        }
    }

    pub(super) fn lease_lost(&mut self) {
        tracing::warn!(
            subscription = self.name,
            "the lease was lost: another runner took over"
        );
        self.set(RunnerStatus::Standby);
    }

    pub(super) fn unavailable(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.away, true) {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(subscription = self.name, %error, cause, "the store is away: waiting");
        }
        self.set(RunnerStatus::Starting);
    }

    pub(super) fn stopped(&mut self, error: impl Display) {
        let error = error.to_string();
        if self.set(RunnerStatus::Stopped {
            error: error.clone(),
        }) {
            tracing::error!(
                subscription = self.name,
                error,
                "the subscription has stopped"
            );
        }
    }

    pub(super) fn ended(&mut self) {
        self.set(RunnerStatus::Ended);
    }

    /// True if that is news.
    fn set(&mut self, status: RunnerStatus) -> bool {
        self.status.send_if_modified(|seen| {
            let news = *seen != status;
            *seen = status;
            news
        })
    }
}
