//! The port of durable timers, and what is kept of one. On Postgres and in memory alike.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ingesta_event_store::StoreError;
use ingesta_event_store::subscription::Effect;

/// Where timers are kept, on the clock of the store.
///
/// A timer is one of (saga type, instance, name). Its token is the id of the event that set it: a
/// firing that another setting has overtaken removes nothing.
#[async_trait]
pub trait Timers: Send + Sync + 'static {
    /// Makes what it needs in the store; does nothing where it is there already.
    ///
    /// # Errors
    /// When the store does not answer, or what is there belongs to another version.
    async fn prepare(&self) -> Result<(), StoreError>;

    /// The effects that store these changes together with a checkpoint. They hold at most one
    /// change per timer. A timer runs from the moment at which they are stored.
    fn effects(&self, saga_type: &str, changes: TimerChanges) -> Vec<Effect>;

    /// Takes at most `limit` timers that are due, earliest first, out of others' reach for a while:
    /// for `pause` the first time, twice as long each further time, at most [`PAUSE_MAX`].
    ///
    /// # Errors
    /// When the store does not answer.
    async fn claim(
        &self,
        saga_type: &str,
        limit: usize,
        pause: Duration,
    ) -> Result<Vec<DueTimer>, StoreError>;

    /// Removes timers that have fired, unless they were set anew meanwhile.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn fired(&self, saga_type: &str, timers: &[DueTimer]) -> Result<(), StoreError>;

    /// Notes why a timer could not fire; it stays, and is due again when its pause is over.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn failed(
        &self,
        saga_type: &str,
        timer: &DueTimer,
        problem: &str,
    ) -> Result<(), StoreError>;

    /// How long until there is something to claim; `None`: no timer is set.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn next(&self, saga_type: &str) -> Result<Option<Duration>, StoreError>;

    /// At most `limit` timers that are set, earliest first; those of one instance, or of all.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn pending(
        &self,
        saga_type: &str,
        saga_id: Option<&str>,
        limit: usize,
    ) -> Result<Vec<PendingTimer>, StoreError>;
}

/// The longest pause between two tries of a timer that cannot fire.
pub const PAUSE_MAX: Duration = Duration::from_secs(300);

/// What a batch of saga events changes about timers: at most one change per timer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimerChanges {
    /// Set, or set anew.
    pub set: Vec<TimerSetting>,
    /// Cancelled: instance and name.
    pub cancel: Vec<(String, String)>,
}

impl TimerChanges {
    /// True if nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.cancel.is_empty()
    }
}

/// A timer to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerSetting {
    /// The instance.
    pub saga_id: String,
    /// Its name.
    pub timer: String,
    /// The id of the event that asks for it.
    pub token: String,
    /// How long from the moment at which it is stored; less than a millisecond counts as none.
    pub after: Duration,
    /// The conversation, as stored metadata.
    pub metadata: String,
}

/// A timer that is to fire now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueTimer {
    /// The instance.
    pub saga_id: String,
    /// Its name.
    pub timer: String,
    /// The id of the event that set it.
    pub token: String,
    /// The conversation, as stored metadata.
    pub metadata: String,
    /// Which try this is, from 1.
    pub tries: u32,
}

/// A timer that is set, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingTimer {
    /// The instance.
    pub saga_id: String,
    /// Its name.
    pub timer: String,
    /// The id of the event that set it.
    pub token: String,
    /// When it runs out.
    pub due_at: DateTime<Utc>,
    /// Tries made to fire it.
    pub tries: u32,
    /// Why the last try failed, free of data.
    pub problem: Option<String>,
}

/// The pause before the try after this one, from 1.
pub(super) fn pause_after(pause: Duration, tries: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
    pause.saturating_mul(doubled).min(PAUSE_MAX)
}
