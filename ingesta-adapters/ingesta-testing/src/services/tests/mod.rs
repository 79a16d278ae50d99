//! The services against real processes: this test binary, run again as another user of a server.
//!
//! Every test has a folder and a grace period of its own; the run's own servers are not touched.

mod kafka;
mod postgres;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::anyhow;
use uuid::Uuid;

use super::folder::Folder;
use super::shared::Shared;
use super::skip;
use super::throwaway::Throwaway;
use crate::eventually;

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

    fn shared<S: Throwaway>(&self, service: S) -> Shared<S> {
        Shared::new(service, self.folder(), Duration::ZERO)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Another process that uses the server of a folder, as a second test binary does: `test` runs in it.
fn begin_another_user(place: &Place, test: &str) -> Child {
    Command::new(std::env::current_exe().expect("this binary"))
        .args([test, "--exact", "--nocapture"])
        .env(VARIABLE, &place.0)
        .stdout(Stdio::piped())
        .spawn()
        .expect("run this binary again")
}

/// The same, when it has found the server, and what it says of it.
fn another_user(place: &Place, test: &str) -> (Child, String) {
    let mut child = begin_another_user(place, test);
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut lines = lines.map_while(Result::ok);
    let said = lines
        .find_map(|line| Some(line.split_once("ready ")?.1.to_owned()))
        .expect("it finds a server");
    (child, said)
}

/// What that process does, where this is one: it uses the server until it is killed.
fn use_for_ever<S: Throwaway>(service: S) {
    let Some(root) = std::env::var_os(VARIABLE) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(async {
        let shared = Shared::new(service, Folder::at(root.into()), Duration::ZERO);
        let user = shared.join().await.expect("a server");
        println!("ready {}", user.address);
        std::future::pending::<()>().await;
    });
}

/// Waits until the watchdog has stopped the server and deleted its data.
async fn nothing_is_left(place: &Place) {
    let data = place.folder().data();
    eventually("the watchdog to clear away", async || {
        (!data.exists()).then_some(())
    })
    .await;
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
