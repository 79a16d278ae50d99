//! What a process manager would have done over the history of a log, without doing it.
//!
//! It reads the log as it is when the run begins, routes, decides and fires timers in memory, on the
//! times at which the events were stored; it stores nothing and sends nothing. Answers of neighbours
//! are not in the log: without [`DryRun::answering`] nobody answers. It keeps every instance in
//! memory, so a log of millions of instances wants a machine to match.

mod play;
mod report;
mod timeline;

use std::time::Duration;

use ingesta_event_store::{EventStorage, Position, StoreError};

use self::play::Play;
pub use self::report::{DryRunReport, DryRunSaga, HeldBack, WouldAct};
use crate::{HeardBy, ProcessManager, Routes};

/// Log entries that are read at once.
const PAGE: usize = 1_000;

/// As long as anybody looks ahead; and what is due at once is due after this long, so that time goes
/// on also where timers set each other.
const AHEAD_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
const AT_ONCE: Duration = Duration::from_millis(1);

/// What comes back of an action in a dry run: what is heard, and how long after.
pub(crate) type Answers<P> =
    Box<dyn Fn(&str, &<P as ProcessManager>::Action) -> Vec<(Duration, HeardBy<P>)> + Send + Sync>;

/// A dry run of the process manager `P`.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use ingesta_event_store::{MemoryStorage, StoreError};
/// # use ingesta_sagas::{DryRun, ProcessManager, Routes};
/// # async fn dry<P: ProcessManager>(storage: &MemoryStorage, routes: &Routes<P::Input>) -> Result<(), StoreError> {
/// let report = DryRun::<P>::new(routes).run(storage).await?;
/// for (id, saga) in &report.sagas {
///     println!("{id}: would have asked for {} actions", saga.acts.len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct DryRun<'a, P: ProcessManager> {
    routes: &'a Routes<P::Input>,
    answers: Answers<P>,
    beyond: Duration,
}

impl<'a, P: ProcessManager> DryRun<'a, P> {
    /// Over these routes, the ones that its [`Triggers`](crate::Triggers) have.
    #[must_use]
    pub fn new(routes: &'a Routes<P::Input>) -> Self {
        Self {
            routes,
            answers: Box::new(|_, _| Vec::new()),
            beyond: Duration::ZERO,
        }
    }

    /// Says what comes back when an instance asks for an action, and how long after: nothing, one
    /// answer or several.
    #[must_use]
    pub fn answering(
        mut self,
        answers: impl Fn(&str, &P::Action) -> Vec<(Duration, HeardBy<P>)> + Send + Sync + 'static,
    ) -> Self {
        self.answers = Box::new(answers);
        self
    }

    /// Lets the time run on for this long after the last event of the log, a century at most. Without it, timers and
    /// answers that are due later are left waiting.
    #[must_use]
    pub fn beyond(mut self, time: Duration) -> Self {
        self.beyond = time.min(AHEAD_MAX);
        self
    }

    /// Runs it.
    ///
    /// # Errors
    /// When the store does not answer, or the log is out of order. What cannot be read or is refused
    /// is part of the report.
    pub async fn run(self, storage: &dyn EventStorage) -> Result<DryRunReport<P>, StoreError> {
        let (head, types) = (storage.head().await?, self.routes.types());
        let mut play = Play::new(self.answers);
        let mut at = Position::START;
        while at < head {
            let page = storage.read_after(at, &types, PAGE).await?;
            for event in page.events.iter().filter(|event| event.position <= head) {
                play.event(self.routes, event);
            }
            if page.reached <= at {
                break;
            }
            at = page.reached;
        }
        let mut report = play.end(self.beyond);
        report.complete = at >= head;
        Ok(report)
    }
}
