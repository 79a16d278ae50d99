//! `pgbench` with one client: what PostgreSQL's own tool reaches with the row of a creation.
//!
//! It inserts into our table, one row a transaction, prepared, with a fresh uuid. It is looked for
//! where the server's binaries are; a machine without it goes without the figure.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use cqrs_es::{Aggregate, DomainEvent};
use ingesta_domain::ingesta::Ingesta;
use ingesta_embedded::BinarySearch;
use ingesta_event_store::{Database, DatabaseOptions};
use tokio::process::Command;

use crate::closed_loop::Measured;
use crate::cpu::CpuTime;
use crate::postgres::Server;
use crate::sample::Sample;

const SCRIPT: &str = "insert into events (aggregate_type, aggregate_id, sequence, event_type, \
     event_version, payload, metadata) values (:aggregate_type, gen_random_uuid()::text, 1, \
     :event_type, '1', :payload, '{}')\n";

/// A `pgbench` and a table for it.
pub struct Pgbench {
    program: PathBuf,
    url: String,
    script: PathBuf,
    values: Vec<String>,
    postmaster: Option<u32>,
}

impl Pgbench {
    /// With a database of its own; `None` where there is no `pgbench`.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn find(server: &mut Server, sample: &Sample) -> anyhow::Result<Option<Self>> {
        let Some(program) = locate() else {
            return Ok(None);
        };
        let url = server.database("pgbench").await?;
        let database = Database::connect(&url, DatabaseOptions::default()).await?;
        database.migrate().await?;
        database.close().await;
        let name = format!("ingesta-bench-{}.sql", uuid::Uuid::now_v7().simple());
        let script = std::env::temp_dir().join(name);
        std::fs::write(&script, SCRIPT)?;
        let event = sample.history(1).swap_remove(0);
        let values = vec![
            format!("aggregate_type={}", Ingesta::TYPE),
            format!("event_type={}", event.event_type()),
            format!("payload={}", serde_json::to_string(&event)?),
        ];
        Ok(Some(Self {
            program,
            url,
            script,
            values,
            postmaster: server.postmaster,
        }))
    }

    /// Inserts for a while, in whole seconds, at least one. It tells no single times.
    ///
    /// # Errors
    /// When it fails, or one insert did.
    pub async fn measure(&self, time: Duration) -> anyhow::Result<Measured> {
        let seconds = time.as_secs_f64().round().max(1.0);
        let mut command = Command::new(&self.program);
        command.args(["-n", "-c", "1", "-j", "1", "-M", "prepared", "-T"]);
        command
            .arg(format!("{seconds:.0}"))
            .arg("-f")
            .arg(&self.script);
        for value in &self.values {
            command.arg("-D").arg(value);
        }
        // The address holds a password: not among the arguments, which every user can read.
        command.env("PGDATABASE", &self.url).stdin(Stdio::null());
        let before = CpuTime::now(self.postmaster);
        let output = command.kill_on_drop(true).output().await?;
        let cpu = CpuTime::now(self.postmaster).since(before);
        ensure!(output.status.success(), "pgbench failed: {}", output.status);
        let said = String::from_utf8_lossy(&output.stdout);
        let number = |label: &str| -> anyhow::Result<f64> {
            let line = said.lines().find_map(|line| line.strip_prefix(label));
            let word = line.and_then(|rest| rest.split_whitespace().next());
            let word = word.and_then(|word| word.split('/').next());
            let word = word.with_context(|| format!("pgbench does not tell {label:?}"))?;
            Ok(word.parse()?)
        };
        let failed = number("number of failed transactions: ").unwrap_or(0.0);
        ensure!(failed == 0.0, "{failed} inserts of pgbench failed");
        let (done, per_second) = (
            number("number of transactions actually processed: ")?,
            number("tps = ")?,
        );
        Ok(Measured {
            commands: format!("{done:.0}").parse()?,
            elapsed: Duration::from_secs_f64(done / per_second),
            p50_ms: f64::NAN,
            p99_ms: f64::NAN,
            cpu,
        })
    }
}

impl Drop for Pgbench {
    fn drop(&mut self) {
        // A file that stays in the temporary folder harms nobody.
        drop(std::fs::remove_file(&self.script));
    }
}

/// In the order in which the server's binaries are looked for.
fn locate() -> Option<PathBuf> {
    let search = BinarySearch::from_env();
    if let Some(dir) = search.bin_dir {
        return Some(dir.join("pgbench")).filter(|program| program.is_file());
    }
    let path = search.path.iter().flat_map(std::env::split_paths);
    let mut dirs: Vec<PathBuf> = path.filter(|dir| dir.is_absolute()).collect();
    for (root, prefix) in &search.system_roots {
        let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
        let mut found: Vec<(u32, PathBuf)> = entries
            .filter_map(|entry| {
                let name = entry.file_name();
                let major = name.to_str()?.strip_prefix(prefix.as_str())?.parse().ok()?;
                Some((major, entry.path().join("bin")))
            })
            .collect();
        found.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
        dirs.extend(found.into_iter().map(|(_, dir)| dir));
    }
    dirs.into_iter()
        .map(|dir| dir.join("pgbench"))
        .find(|program| program.is_file())
}
