//! `Obras`: the rebuilds that this process does for an operator, one at a time.
//!
//! Promises: one that was begun ends with the server, in order, and the next one of the same
//! projection goes on where it stopped; how the last one of each ended is remembered.
//! Does not: keep others from rebuilding; the library's lease does that, and its refusal is an end
//! like any other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ingesta_event_store::Database;
use ingesta_projections::{RebuildError, RebuildOptions, RebuildProgress, Rebuilt};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::proyecciones::rebuild;

/// The server has other things to keep in memory: what does not fit takes further passes.
const MEMORY_BYTES: u64 = 256 << 20;
/// One of the cores is the requests'.
const WORKERS: usize = 1;

/// How a rebuild stands.
#[derive(Clone, Debug)]
pub(crate) struct Obra {
    pub(crate) progress: RebuildProgress,
    pub(crate) fin: Option<Fin>,
}

/// How a rebuild ended.
#[derive(Clone, Debug)]
pub(crate) enum Fin {
    /// The new table is in the place of the old one.
    Hecha(Rebuilt),
    /// It was told to stop.
    Detenida,
    /// In one sentence without data.
    Fallida(String),
}

/// Another one is under way here: of this projection.
#[derive(Debug)]
pub(crate) struct EnCurso(pub(crate) &'static str);

struct Entry {
    progress: watch::Receiver<RebuildProgress>,
    fin: Option<Fin>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

type Entries = BTreeMap<&'static str, Entry>;

/// The rebuilds of this process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Obras {
    database: Database,
    entries: Arc<Mutex<Entries>>,
    stop: CancellationToken,
}

impl Obras {
    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            entries: Arc::default(),
            stop: CancellationToken::new(),
        }
    }

    /// Begins one, or goes on with one that was stopped.
    ///
    /// # Errors
    /// [`EnCurso`].
    pub(crate) fn comenzar(&self, name: &'static str) -> Result<(), EnCurso> {
        let mut entries = self.entries();
        if let Some((busy, _)) = entries.iter().find(|(_, entry)| entry.fin.is_none()) {
            return Err(EnCurso(busy));
        }
        let stop = self.stop.child_token();
        let options = RebuildOptions {
            memory_bytes: MEMORY_BYTES,
            workers: WORKERS,
            ..RebuildOptions::default()
        };
        let rebuild = rebuild(&self.database, &[name], options).stopped_by(stop.clone());
        let progress = rebuild.progress();
        let here = self.clone();
        // It cannot end before its entry is there: the entries are locked.
        let task = tokio::spawn(async move {
            // In a task of its own, so that a panic is an end as well.
            let done = tokio::spawn(rebuild.run()).await;
            let fin = match done {
                Ok(done) => fin(done),
                Err(_) => Fin::Fallida("it panicked; the log of the server says where".to_owned()),
            };
            if let Some(entry) = here.entries().get_mut(name) {
                entry.fin = Some(fin);
            }
        });
        let entry = Entry {
            progress,
            fin: None,
            stop,
            task: Some(task),
        };
        entries.insert(name, entry);
        Ok(())
    }

    /// Tells the one of this projection to stop. False: there is none under way here.
    pub(crate) fn detener(&self, name: &str) -> bool {
        let entries = self.entries();
        let under_way = entries.get(name).filter(|entry| entry.fin.is_none());
        under_way.inspect(|entry| entry.stop.cancel()).is_some()
    }

    /// The last one of this projection in this process.
    pub(crate) fn de(&self, name: &str) -> Option<Obra> {
        let entries = self.entries();
        let entry = entries.get(name)?;
        Some(Obra {
            progress: entry.progress.borrow().clone(),
            fin: entry.fin.clone(),
        })
    }

    /// Tells all of them to stop, and waits for that.
    pub(crate) async fn terminar(&self) {
        self.stop.cancel();
        let tasks: Vec<_> = {
            let mut entries = self.entries();
            entries
                .values_mut()
                .filter_map(|entry| entry.task.take())
                .collect()
        };
        for task in tasks {
            // Its panic is told in its entry.
            let _ = task.await;
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fin(done: Result<Vec<Rebuilt>, RebuildError>) -> Fin {
    match done.map(|done| done.into_iter().next()) {
        Ok(Some(rebuilt)) => Fin::Hecha(rebuilt),
        Ok(None) => Fin::Fallida("nothing was rebuilt".to_owned()),
        Err(RebuildError::Cancelled) => Fin::Detenida,
        Err(error) => {
            tracing::warn!(%error, "a rebuild failed");
            Fin::Fallida(error.to_string())
        }
    }
}
