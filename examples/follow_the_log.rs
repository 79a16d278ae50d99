//! Follows the ordered log of a real PostgreSQL with a subscriber of one's own.
//!
//! It shows what happens after the commit: a runner carries a subscriber along the log, keeps its
//! checkpoint, and ends in order when it is told to. A second run goes on where the first stopped.
//! Run it: `cargo run -p ingesta-examples --example follow_the_log`; it uses the database of `DATABASE_URL`, else it
//! starts a PostgreSQL of its own in a folder that it throws away.
#![expect(
    clippy::print_stdout,
    reason = "an example shows itself on the terminal"
)]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use ingesta_embedded::{Embedded, EmbeddedOptions};
use ingesta_event_store::subscription::{ConsumeError, Effect, Runner, RunnerOptions, Subscriber};
use ingesta_event_store::subscription::{Waited, wait_for};
use ingesta_event_store::{CommandContext, Commands, Database, DatabaseOptions, EventCodec};
use ingesta_event_store::{PostgresStorage, RecordedEvent, TypeFilter};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// A box of slides that is filled one by one.
#[derive(Debug, Default, Serialize, Deserialize)]
struct SlideBox {
    slides: u32,
}

#[derive(Clone, Debug, Serialize)]
struct AddSlide;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum SlideBoxEvent {
    SlideAdded { place: u32 },
}

#[derive(Debug, thiserror::Error)]
#[error("the box is full")]
struct Full;

impl DomainEvent for SlideBoxEvent {
    fn event_type(&self) -> String {
        "SlideAdded".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for SlideBox {
    const TYPE: &'static str = "SlideBox";
    type Command = AddSlide;
    type Event = SlideBoxEvent;
    type Error = Full;
    type Services = ();

    async fn handle(&mut self, _: AddSlide, (): &(), sink: &EventSink<Self>) -> Result<(), Full> {
        if self.slides == 3 {
            return Err(Full);
        }
        let place = self.slides + 1;
        sink.write(SlideBoxEvent::SlideAdded { place }, self).await;
        Ok(())
    }

    fn apply(&mut self, _: SlideBoxEvent) {
        self.slides += 1;
    }
}

/// Says aloud what it is given. A real one would send a message or keep a table.
struct Narrator;

#[async_trait]
impl Subscriber for Narrator {
    fn name(&self) -> &str {
        "narrator"
    }

    fn types(&self) -> TypeFilter {
        TypeFilter::of::<SlideBox>()
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        for event in batch {
            println!("at {}: {} {}", event.position, event.id(), event.event_type);
        }
        Ok(Vec::new())
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
    let told = follow(&url).await;
    if let Some(own) = own {
        let moved = own.moved_to().map(std::path::Path::to_owned);
        own.stop().await?;
        if let Some(data) = moved {
            std::fs::remove_dir_all(data)?;
        }
    }
    told
}

async fn follow(url: &str) -> anyhow::Result<()> {
    let database = Database::connect(url, DatabaseOptions::default()).await?;
    database.migrate().await?;
    let storage = Arc::new(PostgresStorage::new(database.clone()));

    // Five commands; a box takes three slides, so two of them go into a second box.
    let boxes = Commands::<SlideBox>::new(storage.clone(), EventCodec::default(), ());
    let run = uuid::Uuid::now_v7();
    let mut last = None;
    for slide in 0..5 {
        let id = format!("{run}-{}", slide / 3);
        last = Some(
            boxes
                .execute(&id, AddSlide, CommandContext::default())
                .await?,
        );
    }
    let last = last.ok_or_else(|| anyhow::anyhow!("no command was executed"))?;

    let shutdown = CancellationToken::new();
    let runner = Runner::new(
        storage.clone(),
        Arc::new(Narrator),
        RunnerOptions::default(),
    );
    let handle = runner.spawn(shutdown.clone());
    let (patience, local) = (Duration::from_secs(30), Some(handle.position()));
    let waited = wait_for(&*storage, "narrator", last.position, patience, local).await?;

    // An orderly stop: the step under way is finished and the lease is given back.
    shutdown.cancel();
    handle.join().await;
    database.close().await;
    anyhow::ensure!(
        waited == Waited::Reached,
        "the last event was not reached: {waited:?}"
    );
    println!("reached {}, the last command's position", last.position);
    Ok(())
}
