//! File locks that die with their process, waited for within bounds.
//!
//! Promises: the same kind of lock as `flock(1)`, which the watchdog uses.
//! Does not: block a thread.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// Whether others may hold the lock at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Alone,
    InCommon,
}

/// Takes the lock; it is held until the file is dropped.
pub(crate) async fn take(path: &Path, kind: Kind, patience: Duration) -> anyhow::Result<File> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(file) = try_take(path, kind)? {
            return Ok(file);
        }
        if Instant::now() >= deadline {
            bail!(
                "{} was not free within {} s",
                path.display(),
                patience.as_secs()
            );
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Takes the lock if it is free.
pub(crate) fn try_take(path: &Path, kind: Kind) -> anyhow::Result<Option<File>> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .with_context(|| format!("open {}", path.display()))?;
    let taken = match kind {
        Kind::Alone => file.try_lock(),
        Kind::InCommon => file.try_lock_shared(),
    };
    match taken {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("lock {}", path.display()))
        }
    }
}
