//! A throw-away Apache Kafka: one node, broker and controller at once, without ZooKeeper.
//!
//! It is Kafka itself and no stand-in: transactions, groups and errors are those that users meet.
//!
//! Promises: 127.0.0.1 only; topics exist when a test has created them; found again by its command
//! line after any crash.
//! Does not: speak to it; tests bring a client of their own.

mod docker;
mod doors;
pub(crate) mod home;
mod launch;
mod maven;
mod owned;
mod permission;
pub(crate) mod process;
mod source;
pub(crate) mod wire;

pub use doors::{Certificate, Door, Doors};
pub use owned::OwnedBroker;
pub use permission::{Operation, Resource};

use std::time::Duration;

use anyhow::Context;
use rustix::process::Signal;

use super::folder::{Folder, remove_tree};
use super::throwaway::{Running, Throwaway};
use home::Home;
use source::Source;

/// How often a new broker is tried, because a port may be taken just before it comes.
const ATTEMPTS: u32 = 5;
/// How long an orderly end may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What Java is to be good at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Ready soon, and small: for tests.
    QuickStart,
    /// Fast once it is warm: for measurements, which it should not hold up.
    LongRun,
}

impl Pace {
    fn options(self) -> Vec<String> {
        let own: &[&str] = match self {
            Self::QuickStart => &["-Xmx384m", "-XX:TieredStopAtLevel=1"],
            Self::LongRun => &["-Xmx1g"],
        };
        let all = ["-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto"];
        own.iter().chain(&all).map(|it| (*it).to_owned()).collect()
    }
}

/// A broker that is shared or stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kafka(pub(crate) Pace);

impl Throwaway for Kafka {
    const NAME: &'static str = "Apache Kafka";
    const VARIABLE: &'static str = "KAFKA_BROKERS";
    const SIGNALS: &'static str = "TERM:30 KILL:10";

    async fn find(&self, folder: &Folder) -> anyhow::Result<Option<Running>> {
        let home = Home::at(folder.data());
        let config = home.config();
        let gone = || process::broker_of(&config).is_none();
        if gone() {
            return Ok(None);
        }
        // It may still be starting, because whoever started it was killed. One that does not come
        // to answer is of no use; a new start clears it away.
        Ok(launch::ready(&home, gone).await.ok())
    }

    async fn start(&self, folder: &Folder) -> anyhow::Result<Running> {
        let source = Source::find().await?;
        start_new(&Home::at(folder.data()), &source, self.0, None).await
    }

    async fn stop(&self, folder: &Folder) -> anyhow::Result<bool> {
        let home = Home::at(folder.data());
        let config = home.config();
        let ran = process::signal_broker(&config, Signal::TERM)?;
        if ran {
            process::is_gone(&config, PATIENCE).await;
        }
        process::kill_all(&config).await?;
        remove_tree(home.root())?;
        Ok(ran)
    }
}

/// Starts a broker on new data; what is there already goes.
async fn start_new(
    home: &Home,
    source: &Source,
    pace: Pace,
    doors: Option<&Doors>,
) -> anyhow::Result<Running> {
    for attempt in 1.. {
        process::kill_all(&home.config()).await?;
        remove_tree(home.root())?;
        launch::prepare(home, source, doors).await?;
        match launch::start(home, source, pace).await {
            Err(_) if attempt < ATTEMPTS && launch::port_was_taken(home) => {}
            outcome => {
                let place = home.root().display();
                return outcome.with_context(|| format!("start a broker in {place}"));
            }
        }
    }
    unreachable!("the loop ends by returning")
}
