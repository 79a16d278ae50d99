//! Who runs PostgreSQL: a user as themselves, root as somebody without rights.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use ingesta_embedded::{Embedded, attach};

use crate::owner::Owner;
use crate::support::{ask, fast, kill, open_folder, pid_of};

const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[tokio::test]
async fn the_server_never_runs_as_root() -> anyhow::Result<()> {
    let dir = open_folder();
    let database = Embedded::start(fast(dir.path())).await?;
    let cluster = std::fs::metadata(dir.path().join("data/postgres/data"))?;
    assert_ne!(cluster.uid(), 0);
    assert_eq!(database.runs_as().is_some(), is_root());
    if let Ok(process) = std::fs::metadata(format!("/proc/{}", pid_of(&database))) {
        assert_eq!(process.uid(), cluster.uid());
    }
    for secret in ["password", "postgres.json", "postgres.log"] {
        let mode = std::fs::metadata(dir.path().join("data").join(secret))?
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    database.stop().await?;
    Ok(())
}

/// As root, a folder below a closed one is exchanged for one that PostgreSQL's user may enter.
#[tokio::test]
async fn a_closed_parent_moves_the_data_and_says_so() -> anyhow::Result<()> {
    let dir = open_folder();
    let closed = dir.path().join("closed");
    std::fs::create_dir(&closed)?;
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700))?;
    let database = Embedded::start(fast(&closed)).await?;
    if !is_root() {
        assert_eq!(database.moved_to(), None);
        database.stop().await?;
        return Ok(());
    }
    let moved = database.moved_to().expect("it cannot be there").to_owned();
    assert!(moved.starts_with("/var/lib/ingesta"), "{moved:?}");
    let attached = attach(&closed.join("data"))
        .await?
        .expect("found by the name asked for");
    assert_eq!(attached.url, database.url());
    database.stop().await?;

    let again = Embedded::start(fast(&closed)).await?;
    assert_eq!(
        again.moved_to(),
        Some(moved.as_path()),
        "the same place on every run"
    );
    again.stop().await?;
    std::fs::remove_dir_all(moved)?;
    Ok(())
}

/// Only root can become another user; for others every other test is this one.
#[tokio::test]
async fn an_ordinary_user_starts_one_and_root_goes_on_as_that_user() -> anyhow::Result<()> {
    let setpriv = Path::new("/usr/bin/setpriv");
    if !is_root() || !setpriv.exists() {
        return Ok(());
    }
    let dir = open_folder();
    chown(dir.path(), Some(NOBODY), Some(NOBODY))?;
    // This binary may lie where that user may not go.
    let program = dir.path().join("owner");
    std::fs::copy(std::env::current_exe()?, &program)?;
    // And it has no home, which npm needs where PostgreSQL is not installed.
    let home = format!("HOME={}", dir.path().display());
    let become_nobody = [
        "/usr/bin/setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "/usr/bin/env",
        "--unset=XDG_CACHE_HOME",
        &home,
        "PATH=/usr/bin:/bin:/usr/local/bin",
    ];
    let owner = Owner::start(dir.path(), &become_nobody, &program);
    assert_eq!(ask(&owner.url, "select 'hello'").await?, "hello");
    let attached = attach(&dir.path().join("data")).await?.expect("it runs");
    owner.kill();
    kill(attached.pid);

    let database = Embedded::start(fast(dir.path())).await?;
    assert_eq!(database.moved_to(), None);
    assert_eq!(database.runs_as(), Some("uid 65534"));
    assert_eq!(ask(database.url(), "select 'hello'").await?, "hello");
    database.stop().await?;
    Ok(())
}
