//! The call: which projections, with which settings, and what is to be done with them.

use std::sync::Arc;

use ingesta_event_store::subscription::RunnerOptions;
use ingesta_event_store::{Database, Storage};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::build::Ground;
use super::progress::Progress;
use super::session::Sessions;
use super::target::{Target, Typed};
use super::{Mended, RebuildError, RebuildOptions, RebuildProgress, Rebuilt, Verified};
use super::{one, run, verify};
use crate::{Projection, ProjectionSubscriber};

type Targets = Vec<Arc<dyn Target>>;

/// Projections that are to be folded anew.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use ingesta_event_store::{Database, PostgresStorage};
/// use ingesta_projections::{Projection, Rebuild, RebuildError};
///
/// async fn rebuild(database: &Database, balances: impl Projection) -> Result<(), RebuildError> {
///     let storage = Arc::new(PostgresStorage::new(database.clone()));
///     let rebuild = Rebuild::new(database, storage).with(balances);
///     let progress = rebuild.progress();
///     match rebuild.run().await {
///         Ok(done) => println!("{} rows", done.iter().map(|one| one.rows).sum::<u64>()),
///         // A refusal: somebody else is at it, and says who.
///         Err(RebuildError::Running { owner, until, .. }) => println!("{owner} until {until}"),
///         Err(error) => return Err(error),
///     }
///     println!("{}", progress.borrow().phase.as_str());
///     Ok(())
/// }
/// ```
pub struct Rebuild {
    database: Database,
    storage: Arc<dyn Storage>,
    targets: Targets,
    options: RebuildOptions,
    progress: Progress,
    stop: CancellationToken,
}

impl Rebuild {
    /// Of nothing yet. `storage` is the store on the same database.
    #[must_use]
    pub fn new(database: &Database, storage: Arc<dyn Storage>) -> Self {
        Self {
            database: database.clone(),
            storage,
            targets: Vec::new(),
            options: RebuildOptions::default(),
            progress: Progress::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Of this projection too.
    #[must_use]
    pub fn with<P: Projection>(self, projection: P) -> Self {
        self.of(Arc::new(projection))
    }

    /// Of the projection that this subscriber follows for.
    #[must_use]
    pub fn with_subscriber<P: Projection>(self, subscriber: ProjectionSubscriber<P>) -> Self {
        self.with(subscriber.into_projection())
    }

    fn of<P: Projection>(mut self, projection: Arc<P>) -> Self {
        self.targets.push(Arc::new(Typed(projection)));
        self
    }

    /// With these settings.
    #[must_use]
    pub fn options(mut self, options: RebuildOptions) -> Self {
        self.options = options;
        self
    }

    /// Ends it in order when the token is cancelled: what is done is kept, the leases are given
    /// back, and the same call goes on at once.
    #[must_use]
    pub fn stopped_by(mut self, token: CancellationToken) -> Self {
        self.stop = token;
        self
    }

    /// What it is doing, from now on.
    pub fn progress(&self) -> watch::Receiver<RebuildProgress> {
        self.progress.subscribe()
    }

    /// Rebuilds the projections, in one pass over the log where memory allows, and swaps each of
    /// them as soon as it has caught up. Dropping the future is like killing the process: the same
    /// call goes on where this one stopped, when the lease has run out.
    ///
    /// # Errors
    /// See [`RebuildError`]. The old views are as they were, except those that were swapped before.
    pub async fn run(self) -> Result<Vec<Rebuilt>, RebuildError> {
        let (ground, targets) = self.ready()?;
        run::run(&ground, &targets).await
    }

    /// Folds the projections anew for a look, and tells whether the live views are equal to that.
    ///
    /// # Errors
    /// See [`RebuildError`]. A difference is an answer and no error.
    pub async fn verify(self) -> Result<Vec<Verified>, RebuildError> {
        let (ground, targets) = self.ready()?;
        verify::verify(&ground, &targets).await
    }

    /// Folds the one row `key` of each projection anew and writes it in its place.
    ///
    /// # Errors
    /// See [`RebuildError`]; the row is as it was then.
    pub async fn one(self, key: &str) -> Result<Vec<Mended>, RebuildError> {
        let (ground, targets) = self.ready()?;
        ground.database.check_cluster().await?;
        let mut mended = Vec::new();
        for target in &targets {
            mended.push(one::mend(&ground, &**target, key).await?);
        }
        Ok(mended)
    }

    fn ready(self) -> Result<(Arc<Ground>, Targets), RebuildError> {
        let unusable = |message: String| Err(RebuildError::Unusable { message });
        if self.targets.is_empty() {
            return unusable("no projection was named".to_owned());
        }
        for (at, target) in self.targets.iter().enumerate() {
            let mut others = self.targets[..at].iter();
            if others.any(|o| o.name() == target.name() || o.table() == target.table()) {
                return unusable(format!("projection {} was named twice", target.name()));
            }
        }
        let ground = Ground {
            sessions: Sessions::new(&self.database),
            database: self.database,
            storage: self.storage,
            options: self.options.bounded(),
            progress: self.progress,
            owner: RunnerOptions::default().owner,
            stop: self.stop,
        };
        Ok((Arc::new(ground), self.targets))
    }
}
