//! The smallest program on the library: one aggregate, a store in memory, no database.
//!
//! It shows a command that is accepted, one that the domain refuses, one that is repeated and done
//! only once, and the events that are left. Run it: `cargo run -p ingesta-examples --example first_ingesta`.
//! It keeps nothing; `follow_the_log` does the same on a real PostgreSQL.
#![expect(
    clippy::print_stdout,
    reason = "an example shows itself on the terminal"
)]

use std::sync::Arc;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use ingesta_event_store::{CommandContext, CommandError, Commands, EventCodec, EventStorage};
use ingesta_event_store::{MemoryStorage, StreamId};
use serde::{Deserialize, Serialize};

/// A reference to an image, handed in by somebody and withdrawn at most once.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Ingesta {
    url: String,
    withdrawn: bool,
}

#[derive(Clone, Debug, Serialize)]
enum IngestaCommand {
    HandIn { url: String },
    Withdraw,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum IngestaEvent {
    HandedIn { url: String },
    Withdrawn,
}

#[derive(Debug, thiserror::Error)]
enum IngestaError {
    #[error("an image reference must begin with https://")]
    NotHttps,
    #[error("there is nothing to withdraw")]
    NothingThere,
}

impl DomainEvent for IngestaEvent {
    fn event_type(&self) -> String {
        match self {
            Self::HandedIn { .. } => "HandedIn".to_owned(),
            Self::Withdrawn => "Withdrawn".to_owned(),
        }
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Ingesta {
    const TYPE: &'static str = "Ingesta";
    type Command = IngestaCommand;
    type Event = IngestaEvent;
    type Error = IngestaError;
    type Services = ();

    async fn handle(
        &mut self,
        command: IngestaCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), IngestaError> {
        let event = match command {
            IngestaCommand::HandIn { url } if url.starts_with("https://") => {
                IngestaEvent::HandedIn { url }
            }
            IngestaCommand::HandIn { .. } => return Err(IngestaError::NotHttps),
            IngestaCommand::Withdraw if self.url.is_empty() || self.withdrawn => {
                return Err(IngestaError::NothingThere);
            }
            IngestaCommand::Withdraw => IngestaEvent::Withdrawn,
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: IngestaEvent) {
        match event {
            IngestaEvent::HandedIn { url } => self.url = url,
            IngestaEvent::Withdrawn => self.withdrawn = true,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let storage = Arc::new(MemoryStorage::new());
    let ingestas = Commands::<Ingesta>::new(storage.clone(), EventCodec::default(), ());
    let plain = CommandContext::default;

    // Refused by the domain: nothing is stored.
    let wrong = IngestaCommand::HandIn {
        url: "ftp://images.example.org/CT_small.dcm".to_owned(),
    };
    match ingestas.execute("ct-1", wrong, plain()).await {
        Err(CommandError::Refused(reason)) => println!("refused: {reason}"),
        other => anyhow::bail!("it should have been refused: {other:?}"),
    }

    // Accepted, under an id of the command's own. The repeat finds it done and changes nothing.
    let url = "https://images.example.org/CT_small.dcm".to_owned();
    let hand_in = IngestaCommand::HandIn { url };
    let once = plain().idempotent("hand-in-1", &hand_in);
    let first = ingestas
        .execute("ct-1", hand_in.clone(), once.clone())
        .await?;
    let again = ingestas.execute("ct-1", hand_in, once).await?;
    println!(
        "accepted: version {}, position {}",
        first.version, first.position
    );
    println!("repeated: already done = {}", again.already_done);
    anyhow::ensure!(
        again.already_done && again.position == first.position,
        "done twice"
    );

    let withdrawn = ingestas
        .execute("ct-1", IngestaCommand::Withdraw, plain())
        .await?;
    println!("withdrawn: version {}", withdrawn.version);

    for event in storage.load(&StreamId::of::<Ingesta>("ct-1"), 0).await? {
        println!("{}  {}  {}", event.id(), event.event_type, event.payload);
    }
    Ok(())
}
