//! One fresh table under construction: what is known of it, and how it begins or goes on.
//!
//! Beginning anew and going on are told apart by what the database holds: a state row of the same
//! program, and the table that it names. Anything else is dropped.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::{Database, Position, Storage, StoreError, StreamId};
use tokio_util::sync::CancellationToken;

use super::keep::Kept;
use super::names::{Names, Purpose, fnv};
use super::parked::{self, Skipped};
use super::pass::Suspects;
use super::progress::Progress;
use super::session::Sessions;
use super::state::{self, Stage};
use super::target::Target;
use super::{RebuildError, RebuildOptions, fresh, guard};

/// What all builds of one call stand on.
pub(crate) struct Ground {
    pub(crate) database: Database,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) sessions: Sessions,
    pub(crate) options: RebuildOptions,
    pub(crate) progress: Progress,
    /// Unique among all processes, like a runner's.
    pub(crate) owner: String,
    pub(crate) stop: CancellationToken,
}

impl Ground {
    /// Does `work` until it is done, or the call is told to stop. Not for work that takes a lease:
    /// a stop would drop it, and nobody could give the lease back.
    pub(crate) async fn until_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, RebuildError>> + Send,
    ) -> Result<T, RebuildError> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(RebuildError::Cancelled),
            done = work => done,
        }
    }

    /// Waits, if it is not told to stop.
    pub(crate) async fn rest(&self, pause: Duration) -> Result<(), RebuildError> {
        let waited = async {
            tokio::time::sleep(pause).await;
            Ok(())
        };
        self.until_stopped(waited).await
    }
}

/// A fresh table and how far it is.
pub(crate) struct Build {
    pub(crate) ground: Arc<Ground>,
    pub(crate) target: Arc<dyn Target>,
    pub(crate) names: Names,
    /// The lease of the build.
    pub(crate) kept: Kept,
    pub(crate) upto: u64,
    /// Keys below it are written; `None`: all are.
    pub(crate) done_below: Option<String>,
    pub(crate) stage: Stage,
    /// Streams that stop before the sequence.
    pub(crate) cut: HashMap<StreamId, u64>,
    /// What the last pass made suspect. Whoever goes on after a death finds it again.
    pub(crate) suspects: Suspects,
    pub(crate) skipped: Arc<Skipped>,
    /// The same, as [`parked::hashes`].
    pub(crate) skipped_hashes: Vec<String>,
    pub(crate) events: u64,
    pub(crate) rows: u64,
    /// Somebody else had begun it.
    pub(crate) resumed: bool,
}

impl Build {
    /// Takes the lease, and goes on with an interrupted build or begins anew, with a fold that
    /// ends at `at_most` if not before.
    pub(crate) async fn open(
        ground: &Arc<Ground>,
        target: &Arc<dyn Target>,
        purpose: Purpose,
        at_most: Option<u64>,
    ) -> Result<Self, RebuildError> {
        let names = Names::new(target.name(), target.table(), purpose);
        let kept = guard::take(ground, &names).await?;
        let mut build = Self {
            ground: Arc::clone(ground),
            target: Arc::clone(target),
            kept,
            upto: 0,
            done_below: Some(String::new()),
            stage: Stage::Folding,
            cut: HashMap::new(),
            suspects: Suspects::default(),
            skipped: Arc::default(),
            skipped_hashes: Vec::new(),
            events: 0,
            rows: 0,
            resumed: false,
            names,
        };
        let begun = build.begin(at_most).await;
        match begun {
            Ok(()) => Ok(build),
            Err(error) => {
                build.give_up().await;
                Err(error)
            }
        }
    }

    async fn begin(&mut self, at_most: Option<u64>) -> Result<(), RebuildError> {
        if self.names.purpose == Purpose::Rebuild {
            self.check_owner().await?;
        }
        self.look_at_skipped().await?;
        let database = self.ground.database.clone();
        self.drop_marked(&self.names.old, &self.names.old_mark())
            .await?;
        let made_by = self.made_by();
        let interrupted = match self.names.purpose {
            Purpose::Rebuild => state::load(&database, &self.names.projection).await?,
            Purpose::Verify => None,
        };
        if let Some(state) = interrupted {
            if self.goes_on(&state, &made_by).await? {
                return self.go_on(state).await;
            }
            self.note(
                "begun anew: what was interrupted was another program's, folded events that were \
                 skipped since, or lost its table",
            );
        }
        self.begin_anew(at_most).await
    }

    /// Begins with an empty fresh table, and without the events that are skipped now.
    pub(crate) async fn begin_anew(&mut self, at_most: Option<u64>) -> Result<(), RebuildError> {
        self.look_at_skipped().await?;
        let made_by = self.made_by();
        let mark = self.names.fresh_mark();
        if self.drop_marked(&self.names.fresh, &mark).await? {
            self.note("what was left of an earlier one was dropped");
        }
        let lasting = self.names.purpose == Purpose::Rebuild;
        self.create().await?;
        let epoch = self.kept.lease().epoch;
        let (database, names) = (&self.ground.database, &self.names);
        self.upto = state::begin(database, names, epoch, &made_by, !lasting, at_most).await?;
        self.done_below = Some(String::new());
        self.stage = Stage::Folding;
        self.cut.clear();
        self.suspects = Suspects::default();
        (self.rows, self.resumed) = (0, false);
        Ok(())
    }

    async fn look_at_skipped(&mut self) -> Result<(), StoreError> {
        let database = &self.ground.database;
        let skipped = parked::skipped(database, &self.names.projection).await?;
        self.skipped_hashes = parked::hashes(database, &skipped).await?;
        self.skipped = Arc::new(skipped);
        Ok(())
    }

    /// Which program folds, without which events.
    fn made_by(&self) -> String {
        let skipped = fnv(&self.skipped_hashes.concat());
        format!("{}, skips {skipped:016x}", program(&self.ground.owner))
    }

    async fn goes_on(&self, state: &state::State, made_by: &str) -> Result<bool, StoreError> {
        if state.made_by != made_by || state.fresh != self.names.fresh.as_str() {
            return Ok(false);
        }
        let mark = fresh::mark(&self.ground.database, &self.names.fresh).await?;
        // A subscription that somebody has removed begins at the log's beginning: what follows
        // from there into this table would fold everything twice.
        let follows = self.checkpoint().await? >= Position::new(state.upto, 0);
        Ok(mark == Some(self.names.fresh_mark()) && follows)
    }

    async fn go_on(&mut self, state: state::State) -> Result<(), RebuildError> {
        self.upto = state.upto;
        self.done_below = state.done_below;
        // All rows are written, whatever else was: folding them again would double them.
        self.stage = match (state.stage, &self.done_below) {
            (Stage::Folding, None) => Stage::Indexing,
            (stage, _) => stage,
        };
        self.events = state.events;
        self.rows = state.rows;
        self.resumed = true;
        self.cut = parked::cuts(self).await?;
        self.ground.progress.add_parked(self.cut.len() as u64);
        self.ground.progress.add_rows(state.rows);
        self.note("an interrupted rebuild goes on");
        Ok(())
    }

    /// Says something out of the ordinary, to people and in the log.
    pub(crate) fn note(&self, what: &str) {
        let projection = &self.names.projection;
        self.ground.progress.note(format!("{projection}: {what}"));
    }

    /// How far the fresh table is.
    pub(crate) async fn checkpoint(&self) -> Result<Position, StoreError> {
        let stored = self.ground.storage.checkpoint(&self.names.subscription);
        Ok(stored.await?.unwrap_or_default())
    }

    /// Leaves nothing that nobody will use, and gives the lease back, so that nobody need wait for
    /// its end.
    pub(crate) async fn give_up(self) {
        // What the server still does for a session that was dropped would be in the way.
        self.ground.sessions.end_left().await;
        if self.names.purpose == Purpose::Verify {
            self.clear_away().await;
        }
        self.kept.release().await;
    }
}

/// Which program this is: a rebuild that another one began is not gone on with, for it may fold
/// otherwise.
fn program(unique: &str) -> String {
    let seen = std::env::current_exe().and_then(|path| {
        let file = path.metadata()?;
        let changed = file.modified()?;
        let changed = changed
            .duration_since(std::time::UNIX_EPOCH)
            .map_err(std::io::Error::other)?;
        Ok((file.len(), changed))
    });
    let version = env!("CARGO_PKG_VERSION");
    match seen {
        Ok((bytes, at)) => format!(
            "{version}, {bytes} bytes of {}.{:09}",
            at.as_secs(),
            at.subsec_nanos()
        ),
        // It cannot be recognised again, so nothing is gone on with.
        Err(_) => format!("{version}, {unique}"),
    }
}
