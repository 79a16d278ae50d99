//! Another process that owns a database: this very test binary, run again.
//!
//! `owner_process` does nothing unless the variable names a folder.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ingesta_embedded::Embedded;

use crate::support::fast;

const VARIABLE: &str = "TEST_OWNER_OF";

/// A process that owns the database of a folder, and its address. Killed when dropped.
pub(crate) struct Owner {
    child: Child,
    pub(crate) url: String,
}

impl Owner {
    /// Starts it, through another program if given, and waits until the database answers.
    #[track_caller]
    pub(crate) fn start(dir: &Path, through: &[&str], program: &Path) -> Self {
        let mut words = through
            .iter()
            .map(|word| word.to_string())
            .collect::<Vec<_>>();
        words.push(program.display().to_string());
        let mut child = Command::new(&words[0])
            .args(&words[1..])
            .args(["owner::owner_process", "--exact", "--nocapture"])
            .env(VARIABLE, dir)
            .stdout(Stdio::piped())
            .spawn()
            .expect("run this binary again");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let url = lines
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("ready ")?.1.to_owned()))
            .expect("the owner starts a database");
        Self { child, url }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The way of a crash: nothing of its own runs.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn owner_process() {
    let Some(dir) = std::env::var_os(VARIABLE) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(async {
        let database = Embedded::start(fast(Path::new(&dir))).await.expect("start");
        println!("ready {}", database.url());
        std::future::pending::<()>().await;
    });
}
