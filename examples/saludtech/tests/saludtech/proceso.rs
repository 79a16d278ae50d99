//! A neighbour as a process of its own, with a clean environment.
//!
//! Promises: what a test leaves behind is killed with the test; all that it wrote can be read.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use ingesta_testing::eventually;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::stage::Stage;

/// Which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vecino {
    Anonimizador,
    Etiquetado,
    Notificaciones,
}

impl Vecino {
    fn name(self) -> &'static str {
        match self {
            Self::Anonimizador => "anonimizador",
            Self::Etiquetado => "etiquetado",
            Self::Notificaciones => "notificaciones",
        }
    }
}

pub(crate) struct Proceso {
    child: Child,
    pub(crate) url: String,
    log: PathBuf,
}

impl Drop for Proceso {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary with nothing of the caller's configuration.
pub(crate) fn saludtech(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saludtech"));
    for (name, _) in std::env::vars_os() {
        let ours = name.to_str().is_some_and(|name| {
            name.starts_with("SALUDTECH_") || name == "DATABASE_URL" || name == "KAFKA_BROKERS"
        });
        if ours {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A neighbour that works on the stage's topics and this database.
pub(crate) fn comando(stage: &Stage, vecino: Vecino, database: &str, more: &[&str]) -> Command {
    let mut command = saludtech(&[vecino.name(), "--json", "--listen", "127.0.0.1:0"]);
    let data = stage.folder.path().join(vecino.name());
    command
        .args(["--kafka-brokers", &stage.kafka.brokers])
        .args(["--kafka-prefix", &stage.prefix])
        .args(["--kafka-partitions", "2", "--log", "debug"])
        .args(["--database-url", database])
        .arg("--data-dir")
        .arg(&data);
    if vecino == Vecino::Anonimizador {
        let key = stage.folder.path().join("clave");
        if !key.exists() {
            std::fs::write(&key, "0123456789abcdef0123456789abcdef\n").expect("a key");
        }
        command.arg("--clave").arg(key);
    }
    command.args(more);
    command
}

impl Proceso {
    /// Starts a neighbour, and waits until it says that it runs.
    #[track_caller]
    pub(crate) fn start(stage: &Stage, vecino: Vecino, database: &str, more: &[&str]) -> Self {
        Self::spawn(stage, &mut comando(stage, vecino, database, more))
    }

    #[track_caller]
    pub(crate) fn spawn(stage: &Stage, command: &mut Command) -> Self {
        let log = tempfile::Builder::new()
            .prefix("log-")
            .tempfile_in(stage.folder.path())
            .expect("a file for the log");
        let (file, log) = log.keep().expect("the log is kept");
        let error: File = file.try_clone().expect("the same file");
        command.stdout(Stdio::piped()).stderr(error);
        let mut child = command.spawn().expect("run the neighbour");
        let stdout = child.stdout.take().expect("its stdout");
        let mut line = String::new();
        let mut reader = BufReader::new(stdout);
        reader.read_line(&mut line).expect("it says something");
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            panic!("it does not start: {line}{said}")
        });
        let url = ready["url"].as_str().expect("an address").to_owned();
        Self { child, url, log }
    }

    /// Everything that it has written to its log.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).expect("its log")
    }

    /// Ends it at once.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
    }

    /// Waits for its end by itself; true if it was in order.
    pub(crate) async fn ended(&mut self) -> bool {
        let child = &mut self.child;
        eventually("the end of the process", async || {
            child.try_wait().expect("it is ours")
        })
        .await
        .success()
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("it runs"), Signal::TERM).expect("it is ours");
    }

    /// How it is: the status and the components.
    pub(crate) async fn health(&self) -> (u16, Value) {
        let answer = reqwest::get(format!("{}/health", self.url)).await;
        let answer = answer.expect("it answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.expect("JSON"))
    }

    /// Waits until it has its share of its topics.
    pub(crate) async fn follows(&self) {
        eventually("its partitions", async || {
            let (_, health) = self.health().await;
            let told = health["components"].as_array().expect("components");
            let mut inboxes = told
                .iter()
                .filter_map(|component| component["detail"].as_str())
                .filter(|detail| detail.contains(" handled, "))
                .peekable();
            let some = inboxes.peek().is_some();
            (some && inboxes.all(|detail| detail.starts_with("following"))).then_some(())
        })
        .await;
    }
}
