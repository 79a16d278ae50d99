//! Makes a table of a cqrs-es `View`: kept from the log, exactly once, behind the commit.
//!
//! It shows a command's position, the wait until the view has come that far, and the row that is
//! then read. The `View` is plain cqrs-es. Run it: `cargo run -p ingesta-examples --example add_a_projection`; it uses
//! the database of `DATABASE_URL`, else it starts a PostgreSQL of its own in a folder that it
//! throws away.
#![expect(
    clippy::print_stdout,
    reason = "an example shows itself on the terminal"
)]

use std::sync::Arc;
use std::time::Duration;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, View};
use ingesta_embedded::{Embedded, EmbeddedOptions};
use ingesta_event_store::PostgresStorage;
use ingesta_event_store::subscription::{Runner, RunnerOptions, Waited};
use ingesta_event_store::{CommandContext, Commands, Database, DatabaseOptions, EventCodec};
use ingesta_projections::{ProjectionSubscriber, ReadModel, TableName, ViewProjection};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// An account of image bytes that a provider may still hand in.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Quota {
    left: u64,
}

#[derive(Clone, Debug, Serialize)]
enum QuotaCommand {
    Grant(u64),
    Use(u64),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum QuotaEvent {
    Granted { bytes: u64 },
    Used { bytes: u64 },
}

#[derive(Debug, thiserror::Error)]
#[error("only {left} bytes are left")]
struct Exceeded {
    left: u64,
}

impl DomainEvent for QuotaEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Granted { .. } => "Granted".to_owned(),
            Self::Used { .. } => "Used".to_owned(),
        }
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Quota {
    const TYPE: &'static str = "Quota";
    type Command = QuotaCommand;
    type Event = QuotaEvent;
    type Error = Exceeded;
    type Services = ();

    async fn handle(
        &mut self,
        command: QuotaCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Exceeded> {
        let event = match command {
            QuotaCommand::Grant(bytes) => QuotaEvent::Granted { bytes },
            QuotaCommand::Use(bytes) if bytes <= self.left => QuotaEvent::Used { bytes },
            QuotaCommand::Use(_) => return Err(Exceeded { left: self.left }),
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: QuotaEvent) {
        match event {
            QuotaEvent::Granted { bytes } => self.left += bytes,
            QuotaEvent::Used { bytes } => self.left -= bytes,
        }
    }
}

/// What is to be read: how much was used, in how many images.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Usage {
    images: u64,
    bytes: u64,
}

impl View<Quota> for Usage {
    fn update(&mut self, event: &EventEnvelope<Quota>) {
        match &event.payload {
            QuotaEvent::Granted { .. } => {}
            QuotaEvent::Used { bytes } => {
                self.images += 1;
                self.bytes += bytes;
            }
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let given = std::env::var("DATABASE_URL")
        .ok()
        .filter(|url| !url.is_empty());
    let (url, own) = match given {
        Some(url) => (url, None),
        None => {
            let own = Embedded::start(EmbeddedOptions::new(folder.path().join("data"))).await?;
            (own.url().to_owned(), Some(own))
        }
    };
    // Whatever comes of it, the PostgreSQL that was started is stopped.
    let shown = project(&url).await;
    if let Some(own) = own {
        let moved = own.moved_to().map(std::path::Path::to_owned);
        own.stop().await?;
        if let Some(data) = moved {
            std::fs::remove_dir_all(data)?;
        }
    }
    shown
}

async fn project(url: &str) -> anyhow::Result<()> {
    const NAME: &str = "example-usage-v1";
    let database = Database::connect(url, DatabaseOptions::default()).await?;
    database.migrate().await?;
    let storage = Arc::new(PostgresStorage::new(database.clone()));

    // The projection: a name, a table, and the view as it stands.
    let table = TableName::new("example_usage_v1")?;
    let projection = ViewProjection::<Quota, Usage>::new(NAME, table, EventCodec::default());
    let subscriber = ProjectionSubscriber::new(&database, projection);
    subscriber.prepare().await?;
    let view = subscriber.view();
    let shutdown = CancellationToken::new();
    let runner = Runner::new(
        storage.clone(),
        Arc::new(subscriber),
        RunnerOptions::default(),
    );
    let handle = runner.spawn(shutdown.clone());
    let usage = ReadModel::new(view, storage.clone(), NAME).beside(handle.position());

    let quotas = Commands::<Quota>::new(storage, EventCodec::default(), ());
    let provider = uuid::Uuid::now_v7().to_string();
    let mut position = None;
    for command in [
        QuotaCommand::Grant(10_000),
        QuotaCommand::Use(1_890),
        QuotaCommand::Use(520),
    ] {
        let done = quotas
            .execute(&provider, command, CommandContext::default())
            .await?;
        position = Some(done.position);
    }
    let position = position.ok_or_else(|| anyhow::anyhow!("no command was executed"))?;

    // The view is behind the commit. Whoever wants to read what they wrote waits for its position.
    let waited = usage.wait_for(position, Duration::from_secs(30)).await?;
    let row = usage.view().get(&provider).await?;
    shutdown.cancel();
    handle.join().await;
    database.close().await;

    anyhow::ensure!(
        waited == Waited::Reached,
        "the view did not arrive: {waited:?}"
    );
    let row = row.ok_or_else(|| anyhow::anyhow!("the view has no row"))?;
    println!(
        "version {}: {} images, {} bytes",
        row.version, row.state.images, row.state.bytes
    );
    anyhow::ensure!(
        (row.state.images, row.state.bytes) == (2, 2_410),
        "a wrong view"
    );
    Ok(())
}
