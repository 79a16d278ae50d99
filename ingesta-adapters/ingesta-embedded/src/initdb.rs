//! Makes the data folder ready: folders, password, and a cluster on first use.
//!
//! Promises: a cluster is there whole or not at all, even when the process dies in the middle.
//! Does not: start the database.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::command;
use crate::error::{EmbeddedError, io};
use crate::layout::Layout;
use crate::locate::Binaries;
use crate::secret::{random_password, write_private};
use crate::user::{RunAs, drop_to, give};

/// The owner of the cluster.
pub(crate) const USER: &str = "ingesta";

const LIMIT: Duration = Duration::from_secs(120);

/// Makes what is missing and answers the password. Blocking; the caller holds the folder's lock.
pub(crate) fn prepare(
    layout: &Layout,
    binaries: &Binaries,
    user: Option<&RunAs>,
) -> Result<String, EmbeddedError> {
    for dir in [layout.home(), layout.tmp()] {
        if !dir.is_dir() {
            let made = std::fs::DirBuilder::new().mode(0o700).create(&dir);
            made.map_err(io("create", &dir))?;
            give(&dir, user)?;
        }
    }
    if layout.cluster_major().is_some() {
        return read_password(layout);
    }
    let unfinished = layout.unfinished_cluster();
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).map_err(io("remove", &unfinished))?;
    }
    let password = random_password();
    write_private(&layout.password(), &password)?;
    let pwfile = layout.tmp().join("password");
    write_private(&pwfile, &password)?;
    let made = give(&pwfile, user).and_then(|()| {
        tracing::info!(dir = %layout.root().display(), "creating a database cluster");
        initdb(layout, binaries, user, &pwfile)
    });
    let _ = std::fs::remove_file(&pwfile);
    made?;
    let cluster = layout.cluster();
    std::fs::rename(&unfinished, &cluster).map_err(io("create", cluster))?;
    Ok(password)
}

/// The password of an existing cluster.
pub(crate) fn read_password(layout: &Layout) -> Result<String, EmbeddedError> {
    let path = layout.password();
    match std::fs::read_to_string(&path) {
        Ok(password) => Ok(password.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(EmbeddedError::PasswordMissing {
                dir: layout.root().to_owned(),
            })
        }
        Err(error) => Err(io("read", path)(error)),
    }
}

fn initdb(
    layout: &Layout,
    binaries: &Binaries,
    user: Option<&RunAs>,
    pwfile: &Path,
) -> Result<(), EmbeddedError> {
    let mut command = Command::new(binaries.program("initdb"));
    command
        .arg("--pgdata")
        .arg(layout.unfinished_cluster())
        .arg(format!("--username={USER}"))
        .arg("--pwfile")
        .arg(pwfile)
        .args(["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]);
    plain_surroundings(&mut command, layout);
    drop_to(&mut command, user);
    command::run("initdb", &mut command, &layout.initdb_log(), LIMIT)
}

/// No variable of ours (PGDATA, PGOPTIONS, secrets) reaches PostgreSQL, and the folders that it
/// works in are ones that its user may use.
pub(crate) fn plain_surroundings(command: &mut Command, layout: &Layout) {
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC");
    if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    command
        .env("TMPDIR", layout.tmp())
        .env("HOME", layout.home())
        .current_dir(layout.home());
}
