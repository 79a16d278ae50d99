//! One owner per data folder, held by the kernel: a lock that dies with its process.
//!
//! Promises: two starts on one folder never both run `initdb`; the loser learns who won.
//! Does not: guard a folder that two machines share over a network.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use crate::error::{EmbeddedError, io};
use crate::layout::Layout;

/// How long to wait for an owner that is on its way out.
const PATIENCE: Duration = Duration::from_secs(2);

/// The lock on a data folder, held until it is dropped.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock, or says who has it.
    pub(crate) async fn take(layout: &Layout) -> Result<Self, EmbeddedError> {
        let path = layout.lock();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io("open", &path))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(TryLockError::WouldBlock) => {
                    let owner_pid = owner(&mut file);
                    let dir = layout.root().to_owned();
                    return Err(EmbeddedError::AlreadyRunning { dir, owner_pid });
                }
                Err(TryLockError::Error(error)) => return Err(io("lock", &path)(error)),
            }
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .map_err(io("write", &path))?;
        write!(file, "{}", std::process::id()).map_err(io("write", &path))?;
        Ok(Self { _file: file })
    }
}

fn owner(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
