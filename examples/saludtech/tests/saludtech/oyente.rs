//! Whoever hears what is told on a topic, from its beginning.
//!
//! Promises: every message is read with the topic's committed schema and with nothing of the writer.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ingesta_kafka::envelope::{EnvelopeReader, Shape};
use ingesta_kafka::inbox::{HandleError, Handler, Inbox, InboxHandle, InboxOptions};
use ingesta_kafka::message::IncomingMessage;
use ingesta_testing::eventually;
use saludtech::mensajes::Topico;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::stage::Stage;

/// A message as a stranger reads it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Oido {
    pub(crate) key: String,
    pub(crate) tipo: String,
    pub(crate) datos: Value,
    pub(crate) headers: Vec<(String, String)>,
}

impl Oido {
    /// The value of a header; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn dato(&self, name: &str) -> &str {
        self.datos[name].as_str().unwrap_or_default()
    }
}

pub(crate) struct Oyente {
    heard: Arc<Mutex<Vec<Oido>>>,
    stop: CancellationToken,
    _inbox: InboxHandle,
}

impl Drop for Oyente {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct Ear {
    reader: EnvelopeReader,
    heard: Arc<Mutex<Vec<Oido>>>,
}

#[async_trait]
impl Handler for Ear {
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let value = message.value.as_deref().expect("no tombstone");
        let read = self.reader.read::<Value>(value).await;
        let envelope = read.expect("it is of its schema");
        let headers = message.headers.iter();
        let oido = Oido {
            key: text(message.key.as_deref().expect("a key")),
            tipo: envelope.message_type.expect("a type"),
            datos: envelope.data,
            headers: headers
                .map(|header| (header.name.clone(), text(&header.value)))
                .collect(),
        };
        assert_eq!(envelope.id.as_deref(), Some(oido.header("ce_id")));
        assert_eq!(oido.tipo, oido.header("ce_type"));
        self.heard.lock().expect("no panic").push(oido);
        Ok(())
    }
}

impl Oyente {
    pub(crate) fn new(stage: &Stage, topico: Topico) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let schema = topico.avro();
        let ear = Ear {
            reader: EnvelopeReader::avro(&schema, Shape::Full).expect("an envelope"),
            heard: Arc::clone(&heard),
        };
        let group = format!("{}oyente-{}", stage.prefix, Uuid::now_v7().simple());
        let options = InboxOptions::new(group, [stage.topicos.de(topico)]);
        let stop = CancellationToken::new();
        let inbox = Inbox::new(&stage.kafka, options, Arc::new(ear)).expect("options that work");
        Self {
            heard,
            _inbox: inbox.spawn(stop.clone()).expect("a reader"),
            stop,
        }
    }

    /// Everything so far.
    pub(crate) fn todo(&self) -> Vec<Oido> {
        self.heard.lock().expect("no panic").clone()
    }

    /// What was told of an ingesta, each answer once, when there is as much. What is told again is
    /// equal to its first.
    pub(crate) async fn de(&self, id_ingesta: Uuid, count: usize) -> Vec<Oido> {
        eventually("the answers", async || {
            let mut firsts: Vec<Oido> = Vec::new();
            for oido in self.of(id_ingesta) {
                let id = oido.header("ce_id");
                match firsts.iter().find(|first| first.header("ce_id") == id) {
                    Some(first) => assert_eq!(*first, oido, "told again, and otherwise"),
                    None => firsts.push(oido),
                }
            }
            (firsts.len() >= count).then_some(firsts)
        })
        .await
    }

    /// The same with everything that was told again.
    pub(crate) async fn cada_vez(&self, id_ingesta: Uuid, count: usize) -> Vec<Oido> {
        eventually("the answers", async || {
            let heard = self.of(id_ingesta);
            (heard.len() >= count).then_some(heard)
        })
        .await
    }

    fn of(&self, id_ingesta: Uuid) -> Vec<Oido> {
        let key = id_ingesta.to_string();
        let mut heard = self.todo();
        heard.retain(|oido| oido.key == key);
        heard
    }
}
