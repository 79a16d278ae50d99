//! What the server tells of its ingestas on its topic: which ends each of them had.
//!
//! An ingesta has one state at a time; whether it ever had two ends is to be seen here alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::inbox::{HandleError, Handler, Inbox, InboxHandle, InboxOptions};
use ingesta_kafka::message::IncomingMessage;
use tokio_util::sync::CancellationToken;

use super::ground::Terreno;

/// The topic on which everything is told that happens to an ingesta.
const TOPICO: &str = "eventos-ingesta";

/// Events after which nothing happens.
const ENDS: [&str; 4] = [
    "IngestaFinalizada",
    "IngestaRevertida",
    "IngestaRechazada",
    "IngestaEliminada",
];

type Ends = BTreeMap<String, BTreeSet<&'static str>>;

pub(super) struct Rastro {
    ends: Arc<Mutex<Ends>>,
    inbox: Option<InboxHandle>,
    stop: CancellationToken,
}

struct Ear(Arc<Mutex<Ends>>);

#[async_trait]
impl Handler for Ear {
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
        let mut headers = message.headers.iter();
        let told = headers.find(|header| header.name == "ce_type");
        let end = told.and_then(|told| {
            let mut ends = ENDS.into_iter();
            ends.find(|end| end.as_bytes() == told.value)
        });
        let key = message
            .key
            .as_deref()
            .and_then(|key| std::str::from_utf8(key).ok());
        if let (Some(end), Some(id)) = (end, key) {
            let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            ends.entry(id.to_owned()).or_default().insert(end);
        }
        Ok(())
    }
}

impl Rastro {
    pub(super) fn follow(terreno: &Terreno) -> anyhow::Result<Self> {
        let prefix = &terreno.prefix;
        let ends = Arc::new(Mutex::new(Ends::new()));
        let options = InboxOptions::new(format!("{prefix}demo"), [format!("{prefix}{TOPICO}")]);
        let kafka = KafkaOptions::new(&terreno.brokers);
        let inbox = Inbox::new(&kafka, options, Arc::new(Ear(Arc::clone(&ends))))?;
        let stop = CancellationToken::new();
        Ok(Self {
            inbox: Some(inbox.spawn(stop.clone())?),
            ends,
            stop,
        })
    }

    fn ends(&self) -> Ends {
        self.ends
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// True if an end of each was told.
    pub(super) fn is_complete(&self, ids: &[String]) -> bool {
        let ends = self.ends();
        ids.iter().all(|id| ends.contains_key(id))
    }

    /// Those that were withdrawn and failed too.
    pub(super) fn ambas(&self, ids: &[String]) -> Vec<String> {
        let ends = self.ends();
        let both = |id: &&String| {
            ends.get(*id).is_some_and(|ends| {
                ends.contains("IngestaEliminada") && ends.contains("IngestaRevertida")
            })
        };
        ids.iter().filter(both).cloned().collect()
    }

    pub(super) async fn stop(&mut self) {
        self.stop.cancel();
        if let Some(inbox) = self.inbox.take() {
            inbox.join().await;
        }
    }
}
