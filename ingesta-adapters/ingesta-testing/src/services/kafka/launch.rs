//! Makes a broker's data, starts the broker on it, and waits until it takes part in its cluster.
//!
//! Promises: ready means that the broker itself has said so, on its port and for its own cluster; a
//! start that fails or is given up leaves no process; an error carries the last words of the log.
//! Does not: delete anything, or choose another port for data that has one.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::Signal;
use uuid::Uuid;

use super::doors::Doors;
use super::home::Home;
use super::source::Source;
use super::{Pace, process, wire};
use crate::services::program::{last_words, run};
use crate::services::throwaway::Running;

/// For a machine that does much else.
const LIMIT: Duration = Duration::from_secs(120);
const ASKED: Duration = Duration::from_secs(5);

/// Makes settings and data for a new cluster of one.
pub(crate) async fn prepare(
    home: &Home,
    source: &Source,
    doors: Option<&Doors>,
) -> anyhow::Result<()> {
    home.create(doors)?;
    let mut settings = Pace::QuickStart.options();
    settings.extend(home.options());
    let mut format = source.program(home, &settings, "kafka.tools.StorageTool");
    let cluster = Uuid::new_v4().simple().to_string();
    format.args(["format", "--standalone", "-t", &cluster, "-c"]);
    format.arg(home.config());
    format.args(doors.map(Doors::format_arguments).unwrap_or_default());
    let formatted = run(format, LIMIT).await;
    formatted.context("make the data of a broker").map(|_| ())
}

/// Starts the broker on data that is there, and waits until it is ready.
pub(crate) async fn start(home: &Home, source: &Source, pace: Pace) -> anyhow::Result<Running> {
    let console = home.console();
    let output = File::create(&console).with_context(|| format!("write {}", console.display()))?;
    let errors = output.try_clone().context("share the broker's console")?;
    let mut settings = pace.options();
    settings.extend(home.options());
    let mut command = source.program(home, &settings, process::BROKER);
    command
        .arg(home.config())
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        // Ctrl-C in the terminal ends the tests; the broker is stopped by those whose it is.
        .process_group(0);
    let child = command.spawn().context("start a broker")?;
    let mut starting = Starting {
        home,
        child: Some(child),
    };
    let running = ready(home, || starting.has_ended()).await?;
    starting.leave();
    Ok(running)
}

/// Waits for a broker that runs or starts, unless it ends.
pub(crate) async fn ready(
    home: &Home,
    mut has_ended: impl FnMut() -> bool,
) -> anyhow::Result<Running> {
    let address = home.address()?;
    let id = home.cluster()?;
    let deadline = Instant::now() + LIMIT;
    loop {
        let ended = has_ended();
        let asking = tokio::task::spawn_blocking(move || wire::cluster(address, ASKED));
        let answer = asking.await.context("ask the broker")?;
        let takes_part = answer.is_ok_and(|cluster| {
            cluster.id == id && cluster.ports.contains(&i32::from(address.port()))
        });
        if takes_part && let Some(pid) = process::broker_of(&home.config()) {
            return Ok(Running {
                address: address.to_string(),
                pid,
                data: home.root().to_owned(),
            });
        }
        if ended {
            bail!("the broker ended at its start: {}", said(home));
        }
        if Instant::now() >= deadline {
            let seconds = LIMIT.as_secs();
            bail!(
                "the broker was not ready within {seconds} s: {}",
                said(home)
            );
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether another program took the port between our look and the broker's.
pub(crate) fn port_was_taken(home: &Home) -> bool {
    said(home).contains("Address already in use")
}

fn said(home: &Home) -> String {
    let texts = [home.log(), home.console()].map(|path| std::fs::read(path).unwrap_or_default());
    last_words(&String::from_utf8_lossy(&texts.concat()))
}

/// A broker that is not ready yet; dropped, it is killed.
struct Starting<'a> {
    home: &'a Home,
    child: Option<Child>,
}

impl Starting<'_> {
    fn has_ended(&mut self) -> bool {
        let child = self.child.as_mut();
        child.is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// Leaves it to others; whenever it ends, it is waited for, as long as we live.
    fn leave(mut self) {
        if let Some(mut child) = self.child.take() {
            std::thread::spawn(move || child.wait());
        }
    }
}

impl Drop for Starting<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Docker's client is not the broker, and takes it along only when asked politely.
            let _ = process::signal_broker(&self.home.config(), Signal::KILL);
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
