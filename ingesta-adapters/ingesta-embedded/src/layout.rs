//! The names of what lies in a data folder.
//!
//! Promises: the folder is ours; only `postgres/` belongs to the user that runs PostgreSQL, so
//! that user can never replace a file that root reads.
//! Does not: touch the disk.

use std::path::{Path, PathBuf};

/// A data folder and the names in it.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Held for as long as somebody owns the database.
    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// Who runs what on which port.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("postgres.json")
    }

    pub(crate) fn password(&self) -> PathBuf {
        self.root.join("password")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    pub(crate) fn initdb_log(&self) -> PathBuf {
        self.root.join("initdb.log")
    }

    /// What the running user owns.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.join("postgres")
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.home().join("tmp")
    }

    pub(crate) fn cluster(&self) -> PathBuf {
        self.home().join("data")
    }

    /// A cluster that is being made; renamed when it is whole.
    pub(crate) fn unfinished_cluster(&self) -> PathBuf {
        self.home().join("data.unfinished")
    }

    pub(crate) fn postmaster_pid(&self) -> PathBuf {
        self.cluster().join("postmaster.pid")
    }

    /// Major version that wrote the cluster, `None` where there is no cluster yet.
    pub(crate) fn cluster_major(&self) -> Option<u32> {
        std::fs::read_to_string(self.cluster().join("PG_VERSION"))
            .ok()?
            .trim()
            .parse()
            .ok()
    }
}
