//! Running the binary: with a clean environment, to its end or as a server.
//!
//! Promises: a server that a test leaves behind is killed with the test.
//! Does not: wait for guessed times.

use std::io::{BufRead, BufReader};
use std::panic::Location;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use ingesta_testing::PATIENCE;
use ingesta_testing::services::OwnedDatabase;
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// The rows that the demo ships.
pub(crate) const ROWS: &str = include_str!("../../../../examples/data/imagenes.ndjson");

/// What a command said and how it ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The lines of stdout, each a JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("a JSON line"))
            .collect()
    }

    /// The line of this event.
    #[track_caller]
    pub(crate) fn event(&self, name: &str) -> Value {
        let found = self.json().into_iter().find(|line| line["event"] == name);
        found.unwrap_or_else(|| panic!("no {name} in: {}{}", self.stdout, self.stderr))
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        self
    }
}

/// The binary in this folder, with nothing of the caller's configuration.
pub(crate) fn ingesta(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingesta"));
    for (name, _) in std::env::vars_os() {
        let ours = name.to_str().is_some_and(|n| {
            n.starts_with("INGESTA_") || n == "DATABASE_URL" || n == "KAFKA_BROKERS"
        });
        if ours && name != "INGESTA_PG_BIN" {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null());
    command
}

#[track_caller]
pub(crate) fn run(command: &mut Command) -> Ended {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("run the binary");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ended {
        code: status.code(),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

/// A folder that the user that root runs PostgreSQL as may pass through.
#[track_caller]
pub(crate) fn open_folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("make a folder");
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).expect("open it");
    folder
}

/// A folder, a database, and commands that work on them.
pub(crate) struct Ground {
    pub(crate) folder: TempDir,
    pub(crate) database: OwnedDatabase,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let database = OwnedDatabase::create("cli").await.expect("a database");
        Self {
            folder: open_folder(),
            database,
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = ingesta(self.folder.path(), arguments);
        command.env("DATABASE_URL", self.database.url());
        command
    }

    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(&mut self.command(arguments))
    }

    /// A server on this database, listening.
    #[track_caller]
    pub(crate) fn serve(&self) -> Server {
        let arguments = ["serve", "--migrate", "--json", "--listen", "127.0.0.1:0"];
        Server::spawn(&mut self.command(&arguments))
    }

    /// Imports a file of these lines.
    #[track_caller]
    pub(crate) fn import(&self, server: &Server, lines: &str) -> Ended {
        self.write("rows.ndjson", lines);
        self.run(&["import", "rows.ndjson", "--json", "--url", &server.url])
    }

    #[track_caller]
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("write a file");
    }

    /// The first column of the first row of a statement, as a number.
    pub(crate) async fn ask(&self, statement: &str) -> i64 {
        let mut connection = self.connect().await;
        sqlx::query_scalar(statement)
            .fetch_one(&mut connection)
            .await
            .expect(statement)
    }

    /// The first column of every row, as text.
    pub(crate) async fn texts(&self, statement: &str) -> Vec<String> {
        let mut connection = self.connect().await;
        sqlx::query_scalar(statement)
            .fetch_all(&mut connection)
            .await
            .expect(statement)
    }

    pub(crate) async fn tell(&self, statement: &str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(statement)
            .execute(&mut connection)
            .await
            .expect(statement);
    }

    /// Waits for what the log's followers do: as [`ingesta_testing::eventually`], but the clock
    /// stands still while a transaction of another database of the shared server holds all readers
    /// up, as creating and dropping databases does.
    #[track_caller]
    pub(crate) fn eventually<T>(
        &self,
        what: &str,
        mut probe: impl AsyncFnMut() -> Option<T>,
    ) -> impl Future<Output = T> {
        let caller = Location::caller();
        async move {
            let latest = Instant::now() + PATIENCE * 10;
            let mut deadline = Instant::now() + PATIENCE;
            loop {
                if let Some(value) = probe().await {
                    return value;
                }
                if Instant::now() >= deadline {
                    let listed = self.run(&["subscriptions", "list", "--json"]).expect(0);
                    let held_up = listed.json().iter().any(|line| !line["blocker"].is_null());
                    assert!(
                        held_up && Instant::now() < latest,
                        "{caller}: waited in vain for {what}: {}",
                        listed.stdout
                    );
                    deadline = Instant::now() + PATIENCE;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect(self.database.url())
            .await
            .expect("connect")
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    child: Child,
}

impl Server {
    /// Waits until it says that it is ready.
    #[track_caller]
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start a server");
        let mut ready = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        stdout.read_line(&mut ready).expect("read its first line");
        let Ok(ready) = serde_json::from_str::<Value>(&ready) else {
            let ended = child.wait_with_output().expect("its end");
            panic!("no server: {}", String::from_utf8_lossy(&ended.stderr));
        };
        let mut stderr = child.stderr.take().expect("piped");
        // A full pipe would hold the server up.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Self {
            url: ready["url"].as_str().expect("an address").to_owned(),
            child,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a pid"), signal).expect("signal");
    }

    /// SIGTERM, and how it ended.
    #[track_caller]
    pub(crate) fn terminate(mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.child.wait().expect("its end").code()
    }

    /// SIGKILL.
    #[track_caller]
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("its end");
    }

    /// Status and body of a read.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, None).await
    }

    /// Status and body of what a command is answered.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        let mut request = client.request(method, format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
