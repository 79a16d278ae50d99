//! The folder outside the tree where a shared server and its lock files live.
//!
//! Promises: one per workspace, user and purpose; never a folder that somebody else made there.
//! Does not: delete lock files: a lock on an unlinked file guards nothing.

use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use uuid::Uuid;

/// A folder and the names in it.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder of this workspace for one purpose, in the system's folder for such things.
    pub(crate) fn of_this_workspace(purpose: &str) -> Self {
        let workspace = Uuid::new_v5(&Uuid::NAMESPACE_URL, env!("CARGO_MANIFEST_DIR").as_bytes());
        let workspace = workspace.simple().to_string();
        let user = rustix::process::geteuid().as_raw();
        let name = format!("ingesta-test-{user}-{}-{purpose}", &workspace[..12]);
        Self::at(std::env::temp_dir().join(name))
    }

    pub(crate) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Held while somebody looks whether a server runs, starts one, or stops one.
    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// Held in common by every process that uses the server.
    pub(crate) fn users(&self) -> PathBuf {
        self.root.join("users")
    }

    /// Held by the watchdog for its life.
    pub(crate) fn watchdog(&self) -> PathBuf {
        self.root.join("watchdog")
    }

    /// The process id of the server that the watchdog watches.
    pub(crate) fn watched(&self) -> PathBuf {
        self.root.join("watched")
    }

    pub(crate) fn watchdog_log(&self) -> PathBuf {
        self.root.join("watchdog.log")
    }

    /// The server's data.
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Makes the folder: the name can be foretold, so what is there already must be ours.
    pub(crate) fn create(&self) -> anyhow::Result<()> {
        let made = std::fs::DirBuilder::new().mode(0o711).create(&self.root);
        if let Err(error) = made
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(error).with_context(|| format!("create {}", self.root.display()));
        }
        let meta = std::fs::symlink_metadata(&self.root)
            .with_context(|| format!("look at {}", self.root.display()))?;
        let ours = meta.is_dir() && meta.uid() == rustix::process::geteuid().as_raw();
        ensure!(
            ours,
            "{} is there and is not ours; remove it",
            self.root.display()
        );
        // The user that root runs PostgreSQL as must pass through.
        std::fs::set_permissions(&self.root, std::fs::Permissions::from_mode(0o711))
            .with_context(|| format!("set the mode of {}", self.root.display()))?;
        self.forget_what_a_reboot_left()
    }

    /// Data written without fsync is not to be trusted after the machine went down.
    fn forget_what_a_reboot_left(&self) -> anyhow::Result<()> {
        let Ok(now) = std::fs::read_to_string("/proc/sys/kernel/random/boot_id") else {
            return Ok(());
        };
        let path = self.root.join("boot");
        let before = std::fs::read_to_string(&path).ok();
        if before.as_deref() == Some(now.as_str()) {
            return Ok(());
        }
        if before.is_some() {
            remove_tree(&self.data())?;
        }
        std::fs::write(&path, now).with_context(|| format!("write {}", path.display()))
    }
}

/// Removes a folder with all that is in it; that it is not there is fine.
pub(crate) fn remove_tree(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
