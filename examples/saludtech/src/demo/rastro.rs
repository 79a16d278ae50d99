//! What the server tells of its ingestas on its topic: what each of them came to, and what was said
//! on the way.
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

/// What is told, and the state that it leads to. The last one is no end.
const SUCESOS: [(&str, &str); 5] = [
    ("IngestaFinalizada", "Finalizada"),
    ("IngestaRevertida", "Fallida"),
    ("IngestaRechazada", "Rechazada"),
    ("IngestaEliminada", "Eliminada"),
    ("IngestaAlertada", ALERTADA),
];
const ALERTADA: &str = "Alertada";

/// What was told of one ingesta: the states, each once, however often it was told.
type Dicho = BTreeSet<&'static str>;

pub(super) struct Rastro {
    dichos: Arc<Mutex<BTreeMap<String, Dicho>>>,
    inbox: Option<InboxHandle>,
    stop: CancellationToken,
}

struct Ear(Arc<Mutex<BTreeMap<String, Dicho>>>);

#[async_trait]
impl Handler for Ear {
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
        let mut headers = message.headers.iter();
        let told = headers.find(|header| header.name == "ce_type");
        let estado = told.and_then(|told| {
            let mut sucesos = SUCESOS.into_iter();
            sucesos.find(|(name, _)| name.as_bytes() == told.value)
        });
        let key = message
            .key
            .as_deref()
            .and_then(|key| std::str::from_utf8(key).ok());
        if let (Some((_, estado)), Some(id)) = (estado, key) {
            let mut dichos = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            dichos.entry(id.to_owned()).or_default().insert(estado);
        }
        Ok(())
    }
}

impl Rastro {
    pub(super) fn follow(terreno: &Terreno) -> anyhow::Result<Self> {
        let prefix = &terreno.prefix;
        let dichos = Arc::new(Mutex::new(BTreeMap::new()));
        let options = InboxOptions::new(format!("{prefix}demo"), [format!("{prefix}{TOPICO}")]);
        let kafka = KafkaOptions::new(&terreno.brokers);
        let inbox = Inbox::new(&kafka, options, Arc::new(Ear(Arc::clone(&dichos))))?;
        let stop = CancellationToken::new();
        Ok(Self {
            inbox: Some(inbox.spawn(stop.clone())?),
            dichos,
            stop,
        })
    }

    /// What has been told so far.
    pub(super) fn dicho(&self) -> Sabido {
        let dichos = self.dichos.lock();
        Sabido(dichos.unwrap_or_else(PoisonError::into_inner).clone())
    }

    pub(super) async fn stop(&mut self) {
        self.stop.cancel();
        if let Some(inbox) = self.inbox.take() {
            inbox.join().await;
        }
    }
}

/// What was told of every ingesta, up to some moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Sabido(BTreeMap<String, Dicho>);

impl Sabido {
    /// The state of this one, by what was told: its ends, or that it waits for a person.
    pub(super) fn estado(&self, id: &str) -> String {
        let Some(dicho) = self.0.get(id) else {
            return "en camino".to_owned();
        };
        let ends: Vec<&str> = dicho
            .iter()
            .copied()
            .filter(|one| *one != ALERTADA)
            .collect();
        if ends.is_empty() {
            return ALERTADA.to_owned();
        }
        ends.join(" y ")
    }

    /// Those that wait for a person.
    pub(super) fn alertadas(&self) -> impl Iterator<Item = &String> {
        let waits = |dicho: &Dicho| dicho.len() == 1 && dicho.contains(ALERTADA);
        self.0
            .iter()
            .filter(move |(_, dicho)| waits(dicho))
            .map(|(id, _)| id)
    }

    /// How many e-mails that asks for: one for each failure, one for each alert.
    pub(super) fn avisos(&self) -> u64 {
        let of = |dicho: &Dicho| [ALERTADA, "Fallida"].map(|one| u64::from(dicho.contains(one)));
        self.0.values().flat_map(of).sum()
    }

    /// Those that were withdrawn and failed too.
    pub(super) fn ambas(&self) -> u64 {
        let both = |dicho: &&Dicho| dicho.contains("Eliminada") && dicho.contains("Fallida");
        self.0.values().filter(both).count() as u64
    }
}
