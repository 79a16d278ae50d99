//! Leases, checkpoints and parked streams in memory.
//!
//! A commit is refused unless its lease is the newest; it is stored whole or not at all. Effects
//! in memory run under the store's lock, before anything else of the commit is changed.
//! There is no cluster here, so a checkpoint never belongs to another one.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::MemoryStorage;
use crate::subscription::{
    Commit, Effect, Lease, Park, ParkReason, ParkedStream, SubscriptionStatus, Unpark,
};
use crate::{Position, StoreError, StreamId, SubscriptionStorage};

pub(super) type Subscriptions = BTreeMap<String, Subscription>;

#[derive(Debug, Default)]
pub(super) struct Subscription {
    checkpoint: Position,
    owner: Option<String>,
    epoch: i64,
    expires_at: Option<DateTime<Utc>>,
    moved_at: Option<DateTime<Utc>>,
    /// `due` is worked out when asked for.
    parked: BTreeMap<StreamId, ParkedStream>,
}

impl Subscription {
    fn runs(&self, now: DateTime<Utc>) -> bool {
        self.owner.is_some() && self.expires_at.is_some_and(|at| at > now)
    }

    fn holds(&self, lease: &Lease) -> bool {
        self.epoch == lease.epoch && self.owner.as_ref() == Some(&lease.owner)
    }

    /// An operator may have passed over the event meanwhile: a stream is never put back.
    fn park(&mut self, park: Park, now: DateTime<Utc>) {
        let before = self.parked.get(&park.stream);
        if before.is_some_and(|before| before.sequence > park.sequence) {
            return;
        }
        let parked_at = before.map_or(now, |before| before.parked_at);
        let parked = ParkedStream {
            stream: park.stream.clone(),
            sequence: park.sequence,
            position: park.position,
            reason: park.reason,
            attempts: park.attempts,
            parked_at,
            retry_at: park.retry_after.map(|after| now + after),
            due: false,
        };
        self.parked.insert(park.stream, parked);
    }

    fn unpark(&mut self, unpark: &Unpark, now: DateTime<Utc>) {
        let Some(next) = unpark.next else {
            self.parked.remove(&unpark.stream);
            return;
        };
        if let Some(parked) = self.parked.get_mut(&unpark.stream) {
            if next > parked.sequence {
                parked.reason = ParkReason::pending();
            }
            parked.sequence = parked.sequence.max(next);
            parked.attempts = 0;
            parked.retry_at = Some(now);
        }
    }

    fn status(&self, name: &str, now: DateTime<Utc>) -> SubscriptionStatus {
        SubscriptionStatus {
            name: name.to_owned(),
            checkpoint: self.checkpoint,
            owner: self.owner.clone(),
            epoch: self.epoch,
            expires_at: self.expires_at,
            running: self.runs(now),
            parked: self.parked.len() as u64,
            moved_at: self.moved_at,
            cluster_changed: false,
        }
    }
}

#[async_trait]
impl SubscriptionStorage for MemoryStorage {
    async fn acquire(
        &self,
        name: &str,
        owner: &str,
        lease: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        self.inner.faults.next_acquire()?;
        let now = self.inner.clock.now();
        let mut state = self.state();
        let subscription = state.subscriptions.entry(name.to_owned()).or_default();
        if subscription.runs(now) {
            return Ok(None);
        }
        subscription.owner = Some(owner.to_owned());
        subscription.epoch += 1;
        subscription.expires_at = Some(now + lease);
        Ok(Some(Lease {
            name: name.to_owned(),
            owner: owner.to_owned(),
            epoch: subscription.epoch,
            duration: lease,
            checkpoint: subscription.checkpoint,
        }))
    }

    async fn commit(&self, lease: &Lease, commit: Commit) -> Result<(), StoreError> {
        self.inner.faults.next_commit()?;
        let now = self.inner.clock.now();
        let mut state = self.state();
        let subscription = state.subscriptions.get_mut(&lease.name);
        let Some(subscription) = subscription.filter(|s| s.holds(lease)) else {
            return Err(StoreError::LeaseLost {
                subscription: lease.name.clone(),
            });
        };
        for effect in runnable(commit.effects)? {
            effect();
        }
        if let Some(checkpoint) = commit.checkpoint {
            subscription.checkpoint = checkpoint;
            subscription.moved_at = Some(now);
        }
        for park in commit.park {
            subscription.park(park, now);
        }
        for unpark in &commit.unpark {
            subscription.unpark(unpark, now);
        }
        subscription.expires_at = Some(now + lease.duration);
        self.inner.faults.next_lost_commit()
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut state = self.state();
        let subscription = state.subscriptions.get_mut(&lease.name);
        if let Some(subscription) = subscription.filter(|s| s.holds(lease)) {
            subscription.owner = None;
            subscription.expires_at = Some(self.inner.clock.now());
        }
        Ok(())
    }

    async fn parked(&self, name: &str) -> Result<Vec<ParkedStream>, StoreError> {
        let now = self.inner.clock.now();
        let state = self.state();
        let parked = state
            .subscriptions
            .get(name)
            .into_iter()
            .flat_map(|s| s.parked.values());
        let due = |p: &ParkedStream| p.retry_at.is_some_and(|at| at <= now);
        let mut parked: Vec<_> = parked
            .map(|p| ParkedStream {
                due: due(p),
                ..p.clone()
            })
            .collect();
        parked.sort_by_key(|p| (p.parked_at, p.position));
        Ok(parked)
    }

    async fn subscriptions(&self) -> Result<Vec<SubscriptionStatus>, StoreError> {
        let now = self.inner.clock.now();
        let state = self.state();
        Ok(state
            .subscriptions
            .iter()
            .map(|(name, s)| s.status(name, now))
            .collect())
    }

    async fn checkpoint(&self, name: &str) -> Result<Option<Position>, StoreError> {
        Ok(self.state().subscriptions.get(name).map(|s| s.checkpoint))
    }

    async fn resume(&self, name: &str, stream: &StreamId) -> Result<(), StoreError> {
        let what = || format!("parked stream {stream} in subscription {name}");
        self.change_parked(name, stream, what, |_| true)
    }

    async fn skip(&self, name: &str, stream: &StreamId, sequence: u64) -> Result<(), StoreError> {
        let what = || format!("event {stream}/{sequence} that failed in subscription {name}");
        self.change_parked(name, stream, what, |parked| {
            let failed = parked.sequence == sequence && parked.reason.code != ParkReason::PENDING;
            if failed {
                parked.sequence += 1;
                parked.reason = ParkReason::pending();
            }
            failed
        })
    }
}

impl MemoryStorage {
    /// An operator's word, if `change` says that it fits: the stream is due now.
    fn change_parked(
        &self,
        name: &str,
        stream: &StreamId,
        what: impl FnOnce() -> String,
        change: impl FnOnce(&mut ParkedStream) -> bool,
    ) -> Result<(), StoreError> {
        let now = self.inner.clock.now();
        let mut state = self.state();
        let subscription = state.subscriptions.get_mut(name);
        let parked = subscription.and_then(|s| s.parked.get_mut(stream));
        let Some(parked) = parked else {
            return Err(StoreError::NotFound { what: what() });
        };
        if !change(parked) {
            return Err(StoreError::NotFound { what: what() });
        }
        parked.attempts = 0;
        parked.retry_at = Some(now);
        Ok(())
    }
}

/// Refuses the whole commit before any of its effects has run.
fn runnable(effects: Vec<Effect>) -> Result<Vec<Box<dyn FnOnce() + Send>>, StoreError> {
    let each = effects.into_iter().map(|effect| match effect {
        Effect::InMemory(change) => Ok(change),
        Effect::Sql(_) => Err(StoreError::Unsupported {
            what: "run an effect in SQL",
        }),
    });
    each.collect()
}
