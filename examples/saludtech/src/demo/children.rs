//! The processes of the landscape: started, watched, started again, stopped.
//!
//! Promises: none outlives the demo; one that dies is started again and counted; their logs are
//! files in the demo's folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::Plan;
use super::binary::server_binary;
use super::ground::{Quien, Terreno};
use crate::cli::Out;

/// How long a process may take to say that it runs.
const START_WITHIN: Duration = Duration::from_secs(60);
/// How long a process may take to stop in order.
const STOP_WITHIN: Duration = Duration::from_secs(20);

pub(super) struct Children {
    plans: BTreeMap<Quien, Command>,
    running: BTreeMap<Quien, Child>,
    restarts: u64,
    /// Killed here; they are no accident.
    killed: BTreeSet<Quien>,
}

impl Children {
    /// What will be started; nothing is yet.
    pub(super) fn new(plan: &Plan, terreno: &Terreno) -> anyhow::Result<Self> {
        let server = server_binary(plan.ingesta.as_deref())?;
        let own = std::env::current_exe().context("where is this program")?;
        let mut plans = BTreeMap::new();
        for quien in Quien::TODOS {
            let mut command = match quien {
                Quien::Servidor => server_command(&server, terreno),
                Quien::Anonimizador | Quien::Etiquetado | Quien::Notificaciones => {
                    neighbour_command(&own, quien, plan, terreno)?
                }
            };
            let log = terreno.folder().join(format!("{}.log", quien.nombre()));
            let log = File::create(&log).with_context(|| format!("make {}", log.display()))?;
            command
                .env("DATABASE_URL", terreno.database(quien))
                .env("KAFKA_BROKERS", &terreno.brokers)
                .current_dir(terreno.folder())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(log)
                .kill_on_drop(true);
            plans.insert(quien, command);
        }
        Ok(Self {
            plans,
            running: BTreeMap::new(),
            restarts: 0,
            killed: BTreeSet::new(),
        })
    }

    /// Starts everything, the server first; answers with its address.
    pub(super) async fn start(&mut self, out: Out) -> anyhow::Result<String> {
        let mut server = String::new();
        for quien in Quien::TODOS {
            let url = self.spawn(quien).await?;
            out.text(format_args!("  {:<15} {url}", quien.nombre()));
            if quien == Quien::Servidor {
                // It comes back where everybody knows it.
                let listen = url.trim_start_matches("http://").to_owned();
                let plan = self.plans.get_mut(&quien).context("it was planned")?;
                plan.env("INGESTA_LISTEN", listen);
                server = url;
            }
        }
        Ok(server)
    }

    /// Starts one, and waits until it says where it is.
    async fn spawn(&mut self, quien: Quien) -> anyhow::Result<String> {
        let name = quien.nombre();
        let plan = self.plans.get_mut(&quien).context("it was planned")?;
        let mut child = plan.spawn().with_context(|| format!("start {name}"))?;
        let stdout = child.stdout.take().context("its stdout")?;
        self.running.insert(quien, child);
        let mut lines = BufReader::new(stdout).lines();
        let said = tokio::time::timeout(START_WITHIN, lines.next_line()).await;
        let line = said.with_context(|| format!("{name} does not say that it runs"))??;
        let ready: Option<Value> = line.and_then(|line| serde_json::from_str(&line).ok());
        let url = ready.as_ref().and_then(|ready| ready["url"].as_str());
        // Nobody waits for what else it says, but it must not stand still for want of a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        url.map(str::to_owned)
            .with_context(|| format!("{name} did not start: see its log in the demo's folder"))
    }

    /// Kills one, at once and without a word.
    pub(super) async fn kill(&mut self, quien: Quien) -> anyhow::Result<()> {
        if let Some(child) = self.running.get_mut(&quien) {
            child.kill().await.context("kill a process")?;
            self.killed.insert(quien);
        }
        Ok(())
    }

    /// Starts again what has died.
    pub(super) async fn keep_alive(&mut self, out: Out) -> anyhow::Result<()> {
        let mut dead = Vec::new();
        for (quien, child) in &mut self.running {
            if let Some(status) = child.try_wait().context("look at a process")? {
                dead.push((*quien, status));
            }
        }
        for (quien, status) in dead {
            let name = quien.nombre();
            if !self.killed.remove(&quien) {
                if quien == Quien::Servidor {
                    bail!("the server ended: {status}");
                }
                out.text(format_args!(
                    "  {name} died ({status}) and is started again"
                ));
                self.restarts += 1;
            }
            self.spawn(quien).await?;
        }
        Ok(())
    }

    /// How often one that died of a failure on purpose was started again.
    pub(super) fn restarts(&self) -> u64 {
        self.restarts
    }

    /// Stops everything, neighbours and server at once.
    pub(super) async fn stop(&mut self) {
        for child in self.running.values() {
            let id = child.id().and_then(|id| i32::try_from(id).ok());
            if let Some(pid) = id.and_then(Pid::from_raw) {
                // It may have ended just now.
                let _ = kill_process(pid, Signal::TERM);
            }
        }
        for (quien, child) in &mut self.running {
            if tokio::time::timeout(STOP_WITHIN, child.wait())
                .await
                .is_err()
            {
                tracing::warn!(process = quien.nombre(), "it did not stop in time");
                let _ = child.kill().await;
            }
        }
        self.running.clear();
    }
}

/// Nothing of the caller's configuration counts here.
fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let ours = name.to_str().is_some_and(|name| {
            let prefixed = name.starts_with("INGESTA_") || name.starts_with("SALUDTECH_");
            prefixed && name != "INGESTA_PG_BIN"
        });
        if ours {
            command.env_remove(name);
        }
    }
    command
}

fn server_command(binary: &Path, terreno: &Terreno) -> Command {
    let mut command = clean(binary);
    command
        .args(["serve", "--migrate", "--json"])
        .env("INGESTA_LISTEN", "127.0.0.1:0")
        .env("INGESTA_KAFKA_PREFIX", &terreno.prefix)
        .env("INGESTA_KAFKA_PARTITIONS", "3")
        .env("INGESTA_KAFKA_ROUTES", "por_tipo")
        .env("INGESTA_SAGA", "si")
        // Shorter than what is delayed on purpose, so that answers come late.
        .env("INGESTA_SAGA_WAIT_SECONDS", "3")
        .env("INGESTA_SAGA_TRIES", "4");
    command
}

fn neighbour_command(
    own: &Path,
    quien: Quien,
    plan: &Plan,
    terreno: &Terreno,
) -> anyhow::Result<Command> {
    let mut command = clean(own);
    command
        .args([quien.nombre(), "--json", "--listen", "127.0.0.1:0"])
        .args(["--kafka-prefix", &terreno.prefix])
        .args(["--kafka-partitions", "3", "--demora-ms", "4000"])
        .args(["--fallos", &plan.fallos])
        .args(["--semilla", &plan.semilla.to_string()])
        .arg("--data-dir")
        .arg(terreno.folder().join(quien.nombre()));
    if quien == Quien::Anonimizador {
        let key = terreno.folder().join("clave");
        crate::anonimizador::Seudonimizador::from_file_or_new(&key)?;
        command.arg("--clave").arg(key);
    }
    Ok(command)
}
