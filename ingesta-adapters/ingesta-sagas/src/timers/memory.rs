//! Timers in memory, on the clock of the store in memory: for tests and for first steps.
//!
//! Pushing that clock on makes timers due; a worker sees it with its next look.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ingesta_event_store::subscription::Effect;
use ingesta_event_store::{MemoryStorage, StoreError};

use super::port::{DueTimer, PendingTimer, TimerChanges, TimerSetting, Timers, pause_after};

/// Saga type, instance, timer.
type Key = (String, String, String);

/// The timers of a [`MemoryStorage`]. A clone is the same timers.
#[derive(Clone)]
pub struct MemoryTimers {
    storage: MemoryStorage,
    kept: Arc<Mutex<BTreeMap<Key, Kept>>>,
}

#[derive(Clone)]
struct Kept {
    token: String,
    metadata: String,
    due_at: DateTime<Utc>,
    next_at: DateTime<Utc>,
    tries: u32,
    problem: Option<String>,
}

impl MemoryTimers {
    /// No timers yet, on the clock of `storage`.
    #[must_use]
    pub fn new(storage: &MemoryStorage) -> Self {
        Self {
            storage: storage.clone(),
            kept: Arc::default(),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.storage.clock().now()
    }

    /// The lock outlives a panic: every change under it is whole.
    fn kept(&self) -> MutexGuard<'_, BTreeMap<Key, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, saga_type: &str, changes: TimerChanges) {
        let now = self.now();
        let mut kept = self.kept();
        for (saga_id, timer) in changes.cancel {
            kept.remove(&(saga_type.to_owned(), saga_id, timer));
        }
        for setting in changes.set {
            set(&mut kept, saga_type, setting, now);
        }
    }
}

fn set(kept: &mut BTreeMap<Key, Kept>, saga_type: &str, setting: TimerSetting, now: DateTime<Utc>) {
    let key = (saga_type.to_owned(), setting.saga_id, setting.timer);
    if kept
        .get(&key)
        .is_some_and(|there| there.token == setting.token)
    {
        return;
    }
    // Whole milliseconds, as a database reckons with them; a century is as good as never.
    let millis = setting
        .after
        .as_millis()
        .min(super::postgres::CENTURY.as_millis());
    let due_at = now + Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX));
    let new = Kept {
        token: setting.token,
        metadata: setting.metadata,
        due_at,
        next_at: due_at,
        tries: 0,
        problem: None,
    };
    kept.insert(key, new);
}

fn key(saga_type: &str, timer: &DueTimer) -> Key {
    (
        saga_type.to_owned(),
        timer.saga_id.clone(),
        timer.timer.clone(),
    )
}

#[async_trait]
impl Timers for MemoryTimers {
    async fn prepare(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn effects(&self, saga_type: &str, changes: TimerChanges) -> Vec<Effect> {
        let (this, saga_type) = (self.clone(), saga_type.to_owned());
        vec![Effect::InMemory(Box::new(move || {
            this.change(&saga_type, changes);
        }))]
    }

    async fn claim(
        &self,
        saga_type: &str,
        limit: usize,
        pause: Duration,
    ) -> Result<Vec<DueTimer>, StoreError> {
        let now = self.now();
        let mut kept = self.kept();
        let mut due: Vec<_> = kept
            .iter_mut()
            .filter(|((of, ..), timer)| of == saga_type && timer.next_at <= now)
            .collect();
        due.sort_by_key(|(_, timer)| timer.next_at);
        let claimed = due
            .into_iter()
            .take(limit)
            .map(|((_, saga_id, name), timer)| {
                timer.tries += 1;
                timer.next_at = now + pause_after(pause, timer.tries);
                DueTimer {
                    saga_id: saga_id.clone(),
                    timer: name.clone(),
                    token: timer.token.clone(),
                    metadata: timer.metadata.clone(),
                    tries: timer.tries,
                }
            });
        Ok(claimed.collect())
    }

    async fn fired(&self, saga_type: &str, timers: &[DueTimer]) -> Result<(), StoreError> {
        let mut kept = self.kept();
        for timer in timers {
            let key = key(saga_type, timer);
            if kept
                .get(&key)
                .is_some_and(|there| there.token == timer.token)
            {
                kept.remove(&key);
            }
        }
        Ok(())
    }

    async fn failed(
        &self,
        saga_type: &str,
        timer: &DueTimer,
        problem: &str,
    ) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let there = kept.get_mut(&key(saga_type, timer));
        if let Some(there) = there.filter(|there| there.token == timer.token) {
            there.problem = Some(problem.to_owned());
        }
        Ok(())
    }

    async fn next(&self, saga_type: &str) -> Result<Option<Duration>, StoreError> {
        let now = self.now();
        let kept = self.kept();
        let of_type = kept.iter().filter(|((of, ..), _)| of == saga_type);
        let earliest = of_type.map(|(_, timer)| timer.next_at).min();
        Ok(earliest.map(|at| (at - now).to_std().unwrap_or_default()))
    }

    async fn pending(
        &self,
        saga_type: &str,
        saga_id: Option<&str>,
        limit: usize,
    ) -> Result<Vec<PendingTimer>, StoreError> {
        let kept = self.kept();
        let wanted = kept.iter().filter(|((of, id, _), _)| {
            of == saga_type && saga_id.is_none_or(|wanted| wanted == id)
        });
        let mut all: Vec<_> = wanted
            .map(|((_, saga_id, name), timer)| PendingTimer {
                saga_id: saga_id.clone(),
                timer: name.clone(),
                token: timer.token.clone(),
                due_at: timer.due_at,
                tries: timer.tries,
                problem: timer.problem.clone(),
            })
            .collect();
        all.sort_by(|a, b| (a.due_at, &a.saga_id, &a.timer).cmp(&(b.due_at, &b.saga_id, &b.timer)));
        all.truncate(limit);
        Ok(all)
    }
}
