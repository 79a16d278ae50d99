//! Topics of one's own on a broker, a server beside them, somebody who writes and somebody who reads.
//!
//! Promises: names that no other test has; nothing is written or read with the server's own code but
//! the client and the formats.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::dead_letters::{DeadLetter, DeadLetters};
use ingesta_kafka::envelope::{EnvelopeReader, EnvelopeWriter, NewEnvelope, Shape};
use ingesta_kafka::inbox::{HandleError, Handler, Inbox, InboxOptions};
use ingesta_kafka::message::{Header, IncomingMessage, OutgoingMessage};
use ingesta_kafka::producer::{ProducerOptions, Publisher};
use ingesta_server::AppOptions;
use ingesta_server::app::Messaging;
use ingesta_server::mensajes::{Esquema, Rutas};
use ingesta_testing::services::kafka_or_skip;
use ingesta_testing::{PATIENCE, eventually};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::test_app::{TestApp, options};

pub(crate) struct Stage {
    pub(crate) kafka: KafkaOptions,
    pub(crate) prefix: String,
    publisher: Publisher,
}

/// A message as a stranger reads it.
#[derive(Clone, Debug)]
pub(crate) struct Leido {
    pub(crate) key: String,
    pub(crate) message_type: String,
    pub(crate) data: Value,
    pub(crate) ce_id: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// As it lies there, byte for byte.
    pub(crate) value: Vec<u8>,
    pub(crate) headers: Vec<Header>,
}

impl Stage {
    /// On the shared broker; `None` where tests may be skipped and it is not there.
    pub(crate) async fn new() -> Option<Self> {
        let brokers = kafka_or_skip().await.expect("a broker for the test")?;
        Some(Self::on(&brokers))
    }

    pub(crate) fn on(brokers: &str) -> Self {
        let kafka = KafkaOptions::new(brokers);
        let publisher = Publisher::new(&kafka, ProducerOptions::default());
        Self {
            prefix: format!("t{}.", Uuid::now_v7().simple()),
            publisher: publisher.expect("options that work"),
            kafka,
        }
    }

    /// The same topics, with a writer of its own.
    pub(crate) fn like(other: &Self) -> Self {
        Self {
            prefix: other.prefix.clone(),
            ..Self::on(&other.kafka.brokers)
        }
    }

    pub(crate) fn messaging(&self) -> Messaging {
        Messaging {
            rutas: Rutas::default().with_prefix(&self.prefix),
            partitions: 2,
            prefix: self.prefix.clone(),
            ..Messaging::new(self.kafka.clone())
        }
    }

    pub(crate) fn options(&self) -> AppOptions {
        AppOptions {
            messaging: Some(self.messaging()),
            ..options()
        }
    }

    pub(crate) async fn app(&self) -> TestApp {
        TestApp::start_with(self.options()).await
    }

    pub(crate) fn topic(&self, esquema: Esquema) -> String {
        format!("{}{}", self.prefix, esquema.topic())
    }

    /// Waits until the server has made the topics: whoever writes sooner is refused.
    pub(crate) async fn topics_ready(&self, app: &TestApp) {
        eventually("the topics", async || {
            let ready = app.get("/readyz").await;
            ready.text.contains("its topics are there").then_some(())
        })
        .await;
    }

    /// Writes bytes to a topic of commands.
    pub(crate) async fn escribir(&self, esquema: Esquema, key: &str, value: Option<Vec<u8>>) {
        self.escribir_con(esquema, key, value, Vec::new()).await;
    }

    pub(crate) async fn escribir_con(
        &self,
        esquema: Esquema,
        key: &str,
        value: Option<Vec<u8>>,
        headers: Vec<Header>,
    ) {
        let message = OutgoingMessage {
            topic: self.topic(esquema),
            key: key.as_bytes().to_vec(),
            value,
            headers,
            timestamp: None,
        };
        let written = self.publisher.publish(&[message]).await;
        written.expect("the message is written");
    }

    /// Writes a command in its envelope.
    pub(crate) async fn ordenar(&self, esquema: Esquema, id: &str, data: &Value) {
        self.escribir(esquema, id, Some(sobre(esquema, id, data)))
            .await;
    }

    pub(crate) async fn apartados(&self, esquema: Esquema) -> Vec<DeadLetter> {
        let letters = DeadLetters::new(&self.kafka).expect("options that work");
        let page = letters.list(&self.topic(esquema), None, 1_000).await;
        page.expect("the broker answers").letters
    }

    /// Waits until so many messages were put aside, and tells their reasons in the order of writing.
    pub(crate) async fn codigos(&self, esquema: Esquema, count: usize) -> Vec<String> {
        let letters = eventually("the dead letters", async || {
            let letters = self.apartados(esquema).await;
            (letters.len() >= count).then_some(letters)
        })
        .await;
        let mut codes: Vec<_> = letters.into_iter().map(|letter| letter.code).collect();
        codes.sort();
        codes
    }

    /// Everything on a topic of events, once there are so many.
    pub(crate) async fn leer(&self, esquema: Esquema, count: usize) -> Vec<Leido> {
        let enough = |seen: &[IncomingMessage]| seen.len() >= count;
        self.leer_hasta(esquema, enough).await
    }

    /// Everything that is on a topic of events now, partition by partition in its order. Nobody may
    /// publish to it any more.
    pub(crate) async fn leer_todo(&self, esquema: Esquema, partitions: i32) -> Vec<Leido> {
        // With so many keys there is one in each partition.
        for end in 0..ENDS {
            self.escribir(esquema, &format!("{END}{end}"), None).await;
        }
        let whole = |seen: &[IncomingMessage]| {
            let ends = seen.iter().filter(|message| is_end(message)).count();
            ends == ENDS && (0..partitions).all(|partition| is_whole(seen, partition))
        };
        let mut read = self.leer_hasta(esquema, whole).await;
        read.sort_by_key(|one| (one.partition, one.offset));
        read
    }

    async fn leer_hasta(
        &self,
        esquema: Esquema,
        enough: impl Fn(&[IncomingMessage]) -> bool,
    ) -> Vec<Leido> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let group = format!("{}reader-{}", self.prefix, Uuid::now_v7().simple());
        let options = InboxOptions::new(group, [self.topic(esquema)]);
        let reader = Reader(Arc::clone(&seen));
        let shutdown = CancellationToken::new();
        let inbox = Inbox::new(&self.kafka, options, Arc::new(reader)).expect("options that work");
        let inbox = inbox.spawn(shutdown.clone()).expect("a reader");
        let messages = eventually("the messages", async || {
            let seen = seen.lock().expect("no panic");
            enough(&seen).then(|| seen.clone())
        })
        .await;
        shutdown.cancel();
        inbox.join().await;
        let mut read = Vec::new();
        for message in messages.into_iter().filter(|message| !is_end(message)) {
            read.push(abierto(esquema, &message).await);
        }
        read
    }
}

/// What the keys of those messages begin with that stand at the end of a topic.
const END: &str = "fin-";
const ENDS: usize = 64;

fn is_end(message: &IncomingMessage) -> bool {
    let key = message.key.as_deref().unwrap_or_default();
    message.value.is_none() && key.starts_with(END.as_bytes())
}

/// Whether everything before the last of its ends has been read.
fn is_whole(seen: &[IncomingMessage], partition: i32) -> bool {
    let here = seen.iter().filter(|message| message.partition == partition);
    let mut offsets: Vec<_> = here.clone().map(|message| message.offset).collect();
    offsets.sort_unstable();
    offsets.dedup();
    let last = here.filter(|message| is_end(message)).map(|it| it.offset);
    let before = last.max().and_then(|last| usize::try_from(last).ok());
    before.is_some_and(|before| offsets.len() > before)
}

struct Reader(Arc<Mutex<Vec<IncomingMessage>>>);

#[async_trait]
impl Handler for Reader {
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
        self.0.lock().expect("no panic").push(message.clone());
        Ok(())
    }
}

/// A FULL envelope, called as the first systems call every command.
pub(crate) fn sobre(esquema: Esquema, id: &str, data: &Value) -> Vec<u8> {
    sobre_de(esquema, "Comando", id, data)
}

/// A FULL envelope of this name.
pub(crate) fn sobre_de(esquema: Esquema, message_type: &str, id: &str, data: &Value) -> Vec<u8> {
    let writer = EnvelopeWriter::avro(esquema.avro().clone()).expect("a schema of an envelope");
    let envelope = NewEnvelope {
        id,
        time: chrono::DateTime::UNIX_EPOCH,
        ingestion: chrono::DateTime::UNIX_EPOCH,
        message_type,
        service_name: "prueba",
        data,
    };
    writer.write(&envelope).expect("the data fits the schema")
}

async fn abierto(esquema: Esquema, message: &IncomingMessage) -> Leido {
    let reader = EnvelopeReader::avro(esquema.avro(), Shape::Full).expect("a schema");
    let value = message.value.as_deref().expect("no tombstone");
    let envelope = reader.read::<Value>(value).await.expect("it is readable");
    let header = message.headers.iter().find(|header| header.name == "ce_id");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    Leido {
        key: text(message.key.as_deref().expect("a key")),
        message_type: envelope.message_type.expect("a type"),
        data: envelope.data,
        ce_id: text(&header.expect("an id").value),
        partition: message.partition,
        offset: message.offset,
        value: value.to_vec(),
        headers: message.headers.clone(),
    }
}

/// Waits as long as a broker may need.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let ended = tokio::time::timeout(PATIENCE, future).await;
    ended.unwrap_or_else(|_| panic!("{what} hangs"))
}
