//! The services against real processes: this test binary, run again as another user of the server.
//!
//! Every test has a folder and a grace period of its own; the run's own server is not touched.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::anyhow;
use ingesta_embedded::attach;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::folder::Folder;
use super::shared::Shared;
use super::standing::{down_in, up_in};
use super::{OwnedDatabase, create_database, drop_database, postgres_url, skip};

const VARIABLE: &str = "TEST_USER_OF";

/// A folder that is deleted at the end of the test.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let name = format!("ingesta-services-{}", Uuid::new_v4().simple());
        Self(std::env::temp_dir().join(name))
    }

    fn folder(&self) -> Folder {
        Folder::at(self.0.clone())
    }

    fn shared(&self) -> Shared {
        Shared::new(self.folder(), Duration::ZERO)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Another process that uses the server of a folder, as a second test binary does.
fn another_user(place: &Place) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["services::tests::user_process", "--exact", "--nocapture"])
        .env(VARIABLE, &place.0)
        .stdout(Stdio::piped())
        .spawn()
        .expect("run this binary again");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut lines = lines.map_while(Result::ok);
    let url = lines
        .find_map(|line| Some(line.split_once("ready ")?.1.to_owned()))
        .expect("it finds a server");
    (child, url)
}

#[test]
fn user_process() {
    let Some(root) = std::env::var_os(VARIABLE) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(async {
        let folder = Folder::at(root.into());
        let user = Shared::new(folder, Duration::ZERO)
            .join()
            .await
            .expect("a server");
        println!("ready {}", user.url);
        std::future::pending::<()>().await;
    });
}

async fn answers(url: &str) -> bool {
    let Ok(mut connection) = PgConnection::connect(url).await else {
        return false;
    };
    sqlx::query("select 1")
        .execute(&mut connection)
        .await
        .is_ok()
}

#[tokio::test]
async fn two_processes_share_one_server_that_goes_after_the_last_of_them() -> anyhow::Result<()> {
    let place = Place::new();
    let (mut first, url) = another_user(&place);
    let (mut second, same) = another_user(&place);
    assert_eq!(url, same);

    // The way of a crash: the one that started the server is killed.
    first.kill()?;
    first.wait()?;
    let here = place.shared().join().await?;
    assert_eq!(here.url, url);
    second.kill()?;
    second.wait()?;
    assert!(answers(&url).await, "it is in use here");

    drop(here);
    let data = place.folder().data();
    while answers(&url).await || data.exists() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(attach(&data).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_server_whose_watchdog_was_killed_gets_another() -> anyhow::Result<()> {
    let place = Place::new();
    let user = place.shared().join().await?;
    let watchdogs = watchdogs_of(&place.0);
    if watchdogs.is_empty() {
        return Ok(()); // No /proc to find it in.
    }
    for pid in watchdogs {
        let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL)?;
    }
    let again = place.shared().join().await?;
    assert_eq!(again.url, user.url);
    assert!(!watchdogs_of(&place.0).is_empty());
    drop((user, again));
    while place.folder().data().exists() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn watchdogs_of(root: &Path) -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let named = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0);
        words.any(|word| word == b"ingesta-test-watchdog")
            && words.next() == Some(root.as_os_str().as_encoded_bytes())
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(named).collect()
}

#[tokio::test]
async fn up_twice_answers_the_same_and_down_twice_is_harmless() -> anyhow::Result<()> {
    let place = Place::new();
    let folder = place.folder();
    let first = up_in(&folder, false).await?;
    let second = up_in(&folder, false).await?;
    assert!(first == second);
    assert_eq!(first[0].variable, "DATABASE_URL");
    assert!(answers(&first[0].address).await);
    assert!(up_in(&folder, true).await.is_err(), "it runs without fsync");
    assert!(down_in(&folder).await?);
    assert!(!answers(&first[0].address).await);
    assert!(!down_in(&folder).await?);
    assert!(!folder.data().exists());
    Ok(())
}

#[tokio::test]
async fn a_database_is_created_apart_and_dropped_where_the_server_stays() -> anyhow::Result<()> {
    let one = OwnedDatabase::create("services").await?;
    let two = create_database("services").await?;
    let mut connection = PgConnection::connect(&two).await?;
    sqlx::query("create table here (id int)")
        .execute(&mut connection)
        .await?;
    assert!(answers(one.url()).await);
    assert_ne!(one.url(), two);

    let url = one.url().to_owned();
    drop(one);
    // What is left in a throw-away server goes with it.
    let was_given = super::given("DATABASE_URL").is_some();
    assert_eq!(answers(&url).await, !was_given);
    drop_database(&two).await?; // Although somebody is connected to it.
    drop_database(&two).await?;
    assert!(!answers(&two).await);
    let server = postgres_url().await?;
    assert!(
        drop_database(&server).await.is_err(),
        "it was not made here"
    );
    Ok(())
}

#[test]
fn a_skip_needs_the_variable_and_is_refused_in_ci() {
    let missing = || anyhow!("no PostgreSQL");
    assert!(skip::skip(missing(), Some("1"), None).is_ok());
    assert!(skip::skip(missing(), None, None).is_err());
    assert!(skip::skip(missing(), Some("yes"), None).is_err());
    let refused = skip::skip(missing(), Some("1"), Some("true")).expect_err("CI");
    assert!(
        format!("{refused:#}").contains("refused in CI"),
        "{refused:#}"
    );
    assert!(
        format!("{refused:#}").contains("no PostgreSQL"),
        "{refused:#}"
    );
}

#[test]
fn a_folder_that_somebody_else_made_is_not_used() {
    let place = Place::new();
    std::os::unix::fs::symlink(std::env::temp_dir(), &place.0).expect("link");
    assert!(place.folder().create().is_err());
    std::fs::remove_file(&place.0).expect("remove the link");
    place.folder().create().expect("ours");
    let mode = std::fs::metadata(&place.0)
        .expect("look")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o711);
}
