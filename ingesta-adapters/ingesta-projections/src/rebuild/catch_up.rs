//! The fresh table follows the log: the ordinary runner, under the lease of the rebuild, to an
//! exact position.
//!
//! Beside a live follower the two are at the same place only while the live one is paused, so the
//! way there is made in rounds, each as long as what came during the one before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ingesta_event_store::subscription::{Runner, RunnerHandle, RunnerOptions, RunnerStatus};
use ingesta_event_store::{Position, Storage};
use tokio_util::sync::CancellationToken;

use super::RebuildError;
use super::build::Build;
use super::held::Held;
use super::progress::RebuildPhase;

/// Rounds at most; a follower that the writers outrun is caught up with while it is paused.
const ROUNDS_MAX: u32 = 20;
/// A round that is no longer than this leaves little for the pause.
const SHORT: Duration = Duration::from_millis(200);

/// Ends the runner with this value, whatever becomes of who waits for it.
struct Ended(RunnerHandle);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Build {
    /// Comes close to the live view, which goes on meanwhile.
    pub(crate) async fn approach(&self) -> Result<(), RebuildError> {
        let progress = &self.ground.progress;
        progress.phase(RebuildPhase::CatchingUp, Some(&self.names.projection));
        for _ in 0..ROUNDS_MAX {
            let live = self.ground.storage.checkpoint(&self.names.projection);
            let live = live.await?.unwrap_or_default();
            let begun = Instant::now();
            self.catch_up(live).await?;
            if begun.elapsed() < SHORT {
                break;
            }
        }
        Ok(())
    }

    /// Takes the fresh table to exactly `position`, if it is not there or beyond.
    pub(crate) async fn catch_up(&self, position: Position) -> Result<(), RebuildError> {
        if self.checkpoint().await? >= position {
            return Ok(());
        }
        let ground = &self.ground;
        let held: Arc<dyn Storage> = Arc::new(Held {
            storage: Arc::clone(&ground.storage),
            lease: self.kept.lease().clone(),
        });
        let follower = self
            .target
            .follower(&ground.database, &self.names, &self.skipped);
        let options = RunnerOptions {
            owner: ground.owner.clone(),
            lease: ground.options.lease,
            ..RunnerOptions::default()
        };
        let runner = Runner::new(held, follower, options).until(position);
        let runner = Ended(runner.spawn(CancellationToken::new()));
        let mut status = runner.0.status();
        loop {
            let seen = status.borrow_and_update().clone();
            match seen {
                RunnerStatus::Ended => break,
                RunnerStatus::Stopped { error } => return Err(self.stopped(error)),
                RunnerStatus::Stuck { on, .. } => {
                    self.note(&format!(
                        "the fresh table does not get on, and is tried again: {on}"
                    ));
                }
                RunnerStatus::Starting | RunnerStatus::Standby | RunnerStatus::Following { .. } => {
                }
            }
            tokio::select! {
                news = status.changed() => if news.is_err() { break },
                () = self.kept.lost() => {
                    return Err(RebuildError::TakenOver {
                        projection: self.names.projection.clone(),
                    });
                }
            }
        }
        if self.checkpoint().await? < position {
            return Err(self.stopped("it ended on the way".to_owned()));
        }
        Ok(())
    }

    fn stopped(&self, message: String) -> RebuildError {
        RebuildError::Stopped {
            projection: self.names.projection.clone(),
            message,
        }
    }
}
