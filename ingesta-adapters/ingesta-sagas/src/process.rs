//! The one trait that a saga's author writes: what follows from what was heard.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Heard, Request};

/// What a process manager hears, with its own types.
pub type HeardBy<P> = Heard<<P as ProcessManager>::Input, <P as ProcessManager>::Action>;

/// What a process manager asks for, with its own types.
pub type RequestBy<P> = Request<<P as ProcessManager>::Action>;

/// A long-running process over several aggregates or programs, as pure functions: no I/O, no clock.
///
/// One value is one instance, folded from what it remembers. The crate does the rest: it stores the
/// instance ([`crate::Sagas`]), tells it what happened ([`crate::Triggers`], [`crate::TimerWorker`])
/// and carries out what it asks for ([`crate::Actions`]).
///
/// ```
/// use chrono::{DateTime, Utc};
/// use cqrs_es::DomainEvent;
/// use ingesta_sagas::{Heard, HeardBy, ProcessManager, Request};
/// use serde::{Deserialize, Serialize};
/// use std::time::Duration;
///
/// /// Reminds a customer once, unless the bill is paid within a week.
/// #[derive(Default, Serialize, Deserialize)]
/// struct Reminder { sent: bool, paid: bool }
///
/// #[derive(Clone, Serialize)]
/// enum Bill { Sent, Paid }
///
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// enum Remembered { Waiting, Reminded, Settled }
///
/// impl DomainEvent for Remembered {
///     fn event_type(&self) -> String { format!("{self:?}") }
///     fn event_version(&self) -> String { "1".into() }
/// }
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("the bill was never sent")]
/// struct NeverSent;
///
/// impl ProcessManager for Reminder {
///     const TYPE: &'static str = "Reminder";
///     type Input = Bill;
///     type Event = Remembered;
///     type Action = &'static str;
///     type Error = NeverSent;
///
///     fn decide(&self, heard: HeardBy<Self>, _: DateTime<Utc>) -> Result<Vec<Remembered>, NeverSent> {
///         Ok(match heard {
///             Heard::Told(Bill::Sent) if !self.sent => vec![Remembered::Waiting],
///             Heard::Told(Bill::Paid) if !self.sent => return Err(NeverSent),
///             Heard::Told(Bill::Paid) if !self.paid => vec![Remembered::Settled],
///             Heard::TimerFired { .. } if !self.paid => vec![Remembered::Reminded],
///             // A repeat, or too late to matter.
///             Heard::Told(_) | Heard::TimerFired { .. } | Heard::Refused { .. } => vec![],
///             Heard::Retry | Heard::Abandon { .. } => vec![],
///         })
///     }
///
///     fn apply(&mut self, event: Remembered) {
///         match event {
///             Remembered::Waiting => self.sent = true,
///             Remembered::Settled => self.paid = true,
///             Remembered::Reminded => {}
///         }
///     }
///
///     fn requests(event: &Remembered) -> Vec<Request<&'static str>> {
///         let week = Duration::from_secs(7 * 24 * 3600);
///         match event {
///             Remembered::Waiting => vec![Request::set_timer("week", week)],
///             Remembered::Reminded => vec![Request::Act("write a letter")],
///             Remembered::Settled => vec![Request::cancel_timer("week")],
///         }
///     }
/// }
///
/// let (idle, now) = (Reminder::default(), DateTime::UNIX_EPOCH);
/// assert_eq!(idle.decide(Heard::Told(Bill::Sent), now).unwrap(), [Remembered::Waiting]);
/// assert!(idle.decide(Heard::Told(Bill::Paid), now).is_err());
/// ```
pub trait ProcessManager: Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The stream type of its instances: unique in the log, for ever.
    const TYPE: &'static str;
    /// What it hears from outside: events of other streams, answers from topics.
    type Input: Clone + Serialize + Send + Sync + 'static;
    /// What it remembers. Everything that an action needs is in the event that asks for it.
    type Event: DomainEvent + 'static;
    /// What it wants done elsewhere.
    type Action: Clone + Serialize + Send + Sync + 'static;
    /// Why something cannot have been heard. Its text is stored and shown to operators: no data.
    type Error: std::error::Error + Send + Sync + 'static;

    /// What follows from what was heard. Empty: nothing new (a repeat, or too late to matter).
    ///
    /// Everything may come twice, late, or in another order than it happened. `now` is the clock of
    /// the process that asks.
    ///
    /// # Errors
    /// When it makes no sense at all: whoever brought it stops, keeps it, and shows it to an
    /// operator. What is merely late is not an error.
    fn decide(
        &self,
        heard: HeardBy<Self>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Self::Event>, Self::Error>;

    /// Takes in what was decided.
    fn apply(&mut self, event: Self::Event);

    /// What an event asks for, in order. It is read from the stored event, so after a crash it is
    /// asked for again under the same name, and never anew.
    fn requests(event: &Self::Event) -> Vec<RequestBy<Self>>;
}
