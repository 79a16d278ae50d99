//! The worker: looks which timers are due, tells their instances, removes them.
//!
//! A worker that dies in between leaves a timer that another one fires again under the same name,
//! which changes nothing. A timer that cannot fire (its instance cannot be read, its manager refuses)
//! stays, says why, and is tried again with growing pauses; the others go on.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use ingesta_event_store::{Metadata, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{DueTimer, TimerOptions, Timers};
use crate::triggers::refused;
use crate::{Heard, ProcessManager, Sagas, Trouble};

/// Timers that are fired at once.
const SIDE_BY_SIDE: usize = 6;

/// What a worker is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerStatus {
    /// It has not looked yet.
    Starting,
    /// It looks and fires.
    Running {
        /// Timers that it has fired so far.
        fired: u64,
    },
    /// The store is away; it tries again by itself.
    Stuck {
        /// What is wrong, free of data.
        on: String,
    },
    /// It was shut down.
    Ended,
}

/// Fires the timers of the instances of `P`. Any number of workers, in any number of processes.
pub struct TimerWorker<P: ProcessManager> {
    sagas: Sagas<P>,
    timers: Arc<dyn Timers>,
    options: TimerOptions,
}

/// A running worker. Dropping it does not end the worker; cancelling its token does.
#[derive(Debug)]
pub struct TimerHandle {
    task: JoinHandle<()>,
    status: watch::Receiver<TimerStatus>,
}

impl TimerHandle {
    /// What it is doing, now and from now on.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<TimerStatus> {
        self.status.clone()
    }

    /// Waits for its end, which comes after its token was cancelled.
    pub async fn join(self) {
        if self.task.await.is_err_and(|error| error.is_panic()) {
            tracing::error!("a timer worker's own code panicked");
        }
    }

    /// Ends it as a crash would: at once, in the middle of a firing.
    pub fn abort(&self) {
        self.task.abort();
    }
}

/// How firing one timer ended.
enum Fired {
    Heard(DueTimer),
    Failed(DueTimer, String),
    Away(StoreError),
}

impl<P: ProcessManager> TimerWorker<P> {
    /// A worker over the timers that [`Actions`](crate::Actions) of the same manager write.
    pub fn new(sagas: Sagas<P>, timers: Arc<dyn Timers>, options: TimerOptions) -> Self {
        Self {
            sagas,
            timers,
            options,
        }
    }

    /// Runs it until `shutdown` is cancelled; a firing that is under way then is let end, for at most
    /// [`TimerOptions::shutdown_grace`].
    pub fn spawn(self, shutdown: CancellationToken) -> TimerHandle {
        let (told, status) = watch::channel(TimerStatus::Starting);
        let task = tokio::spawn(async move {
            self.run(&shutdown, &told).await;
            told.send_replace(TimerStatus::Ended);
        });
        TimerHandle { task, status }
    }

    /// Fires what is due now, at most a batch, and answers how many were.
    ///
    /// # Errors
    /// When the store does not answer. What was not fired is due again after its pause.
    pub async fn fire_due(&self) -> Result<usize, StoreError> {
        let limit = self.options.batch_max.max(1);
        let claim = self.timers.claim(P::TYPE, limit, self.options.pause);
        let due = self.in_time("taking timers that are due", claim).await?;
        let ended: Vec<_> = stream::iter(due.into_iter().map(|timer| self.fire(timer)))
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await;
        let (mut heard, mut failed, mut away) = (Vec::new(), Vec::new(), None);
        for one in ended {
            match one {
                Fired::Heard(timer) => heard.push(timer),
                Fired::Failed(timer, problem) => failed.push((timer, problem)),
                Fired::Away(error) => away = Some(error),
            }
        }
        if !heard.is_empty() {
            let remove = self.timers.fired(P::TYPE, &heard);
            self.in_time("removing timers that have fired", remove)
                .await?;
        }
        for (timer, problem) in failed {
            tracing::warn!(
                saga = P::TYPE,
                id = timer.saga_id,
                timer = timer.timer,
                tries = timer.tries,
                problem,
                "a timer cannot fire: it is tried again"
            );
            let note = self.timers.failed(P::TYPE, &timer, &problem);
            self.in_time("noting why a timer did not fire", note)
                .await?;
        }
        away.map_or(Ok(heard.len()), Err)
    }

    async fn fire(&self, timer: DueTimer) -> Fired {
        let name = format!(
            "timer/{}/{}/{}/{}",
            P::TYPE,
            timer.saga_id,
            timer.timer,
            timer.token
        );
        let metadata = Metadata {
            actor: Some(format!("timer/{}", P::TYPE)),
            ..Metadata::from_json(&timer.metadata).unwrap_or_default()
        };
        let heard = Heard::TimerFired {
            timer: timer.timer.clone(),
        };
        let hear = self.sagas.hear(&timer.saga_id, heard, name, metadata);
        let hear = AssertUnwindSafe(hear).catch_unwind();
        let ended = match tokio::time::timeout(self.options.answer_within, hear).await {
            Err(cause) => return Fired::Away(unanswered("firing a timer", cause)),
            Ok(Err(_)) => return Fired::Failed(timer, "panicked: the manager panicked".to_owned()),
            Ok(Ok(ended)) => ended,
        };
        let Err(error) = ended else {
            return Fired::Heard(timer);
        };
        match Trouble::of_command(error, |refusal| Err(refused::<P>(&refusal))) {
            Ok(()) => Fired::Heard(timer),
            Err(Trouble::Event { code, message }) => {
                Fired::Failed(timer, format!("{code}: {message}"))
            }
            Err(Trouble::Obstacle(what)) => Fired::Failed(timer, what),
            Err(Trouble::Transient(cause)) => match cause.downcast::<StoreError>() {
                Ok(store) => Fired::Away(*store),
                // Others were faster, again and again: it is due again soon.
                Err(_) => Fired::Failed(timer, "busy: the instance is told too much".to_owned()),
            },
        }
    }

    async fn run(&self, shutdown: &CancellationToken, told: &watch::Sender<TimerStatus>) {
        let (mut fired, mut away) = (0, self.options.away_min);
        while !shutdown.is_cancelled() {
            let pause = match self.until(shutdown, self.pass()).await {
                None => return,
                Some(Ok((count, pause))) => {
                    fired += count as u64;
                    say(told, TimerStatus::Running { fired });
                    away = self.options.away_min;
                    pause
                }
                Some(Err(error)) => {
                    let on = error.to_string();
                    if say(told, TimerStatus::Stuck { on: on.clone() }) {
                        tracing::warn!(
                            saga = P::TYPE,
                            on,
                            "timers are stuck: the store is asked again"
                        );
                    }
                    let pause = away.max(Duration::from_millis(1));
                    away = pause.saturating_mul(2).min(self.options.away_max);
                    pause
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One look, and how long to wait for the next.
    async fn pass(&self) -> Result<(usize, Duration), StoreError> {
        let count = self.fire_due().await?;
        if count > 0 {
            return Ok((count, Duration::ZERO));
        }
        let next = self.timers.next(P::TYPE);
        let next = self.in_time("asking for the next timer", next).await?;
        let least = Duration::from_millis(1);
        let poll = self.options.poll.max(least);
        Ok((0, next.map_or(poll, |next| next.clamp(least, poll))))
    }

    /// Lets `work` end, unless shutdown was asked for and the time for it is over.
    async fn until<T>(
        &self,
        shutdown: &CancellationToken,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let over = async {
            shutdown.cancelled().await;
            tokio::time::sleep(self.options.shutdown_grace).await;
        };
        tokio::select! {
            done = work => Some(done),
            () = over => None,
        }
    }

    async fn in_time<T>(
        &self,
        attempted: &'static str,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.options.answer_within, answer).await {
            Ok(answer) => answer,
            Err(cause) => Err(unanswered(attempted, cause)),
        }
    }
}

/// Says how it stands, if that has changed.
fn say(told: &watch::Sender<TimerStatus>, now: TimerStatus) -> bool {
    told.send_if_modified(|before| {
        let changed = *before != now;
        *before = now;
        changed
    })
}

fn unanswered(attempted: &'static str, cause: tokio::time::error::Elapsed) -> StoreError {
    StoreError::Unavailable {
        attempted,
        cause: Box::new(cause),
    }
}
