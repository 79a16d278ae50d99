//! One message per event and topic, byte by byte: what others read today, they read tomorrow.
//!
//! A file in `published-messages/` is never edited: it stands for messages that lie in topics.
//! A new revision of a schema gets files of its own.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use ingesta_domain::saga::Orden;
use ingesta_kafka::avro::AvroSchema;
use ingesta_kafka::envelope::{EnvelopeReader, Shape, V1};
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::schema::value_subject;
use ingesta_server::mensajes::{Esquema, Format, Rutas, esquemas};
use serde_json::Value;

use super::indice::nothing_changed;
use super::muestra::{all, of_saga, told};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("published-messages")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every revision of a topic's schema.
fn revisions(topic: &str) -> Vec<AvroSchema> {
    let subject = value_subject(topic);
    let mut all = esquemas().iter();
    let found = all.find(|(name, version, _)| *name == subject && version.to_string() == V1);
    let (.., revisions) = found.expect(topic);
    revisions
        .iter()
        .map(|revision| revision.avro.clone())
        .collect()
}

fn text(avro: &OutgoingMessage, json: &OutgoingMessage) -> String {
    let mut text = String::new();
    let of = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    writeln!(text, "key: {}", of(&avro.key)).expect("a string");
    let timestamp = avro.timestamp.expect("it is recorded");
    writeln!(text, "timestamp: {timestamp:?}").expect("a string");
    for header in &avro.headers {
        writeln!(text, "{}: {}", header.name, of(&header.value)).expect("a string");
    }
    let value = |message: &OutgoingMessage| message.value.clone().expect("no tombstone");
    writeln!(text, "avro: {}", hex(&value(avro))).expect("a string");
    writeln!(text, "json: {}", of(&value(json))).expect("a string");
    text
}

/// What is told today: the name of its file, and its text.
async fn made() -> BTreeMap<String, String> {
    let rutas = Rutas::default().por_tipo().con_saga();
    let in_json = rutas.clone().with_format(Format::Json);
    let mut made = BTreeMap::new();
    let orders = Orden::TODAS.map(|orden| (orden.as_str().to_owned(), of_saga(orden)));
    let events = all().into_iter();
    let events = events.map(|event| (event.event_type.clone(), event));
    for (tells, event) in events.chain(orders) {
        let avro = told(&rutas, &event).await.expect("told");
        let json = told(&in_json, &event).await.expect("told");
        for (avro, json) in avro.iter().zip(&json) {
            assert_eq!(avro.topic, json.topic);
            let revision = revisions(&avro.topic).len();
            let name = format!("{}.{tells}.{revision}.txt", avro.topic);
            made.insert(name, text(avro, json));
        }
    }
    made
}

/// The committed files.
fn committed() -> BTreeMap<String, String> {
    let files = std::fs::read_dir(folder()).expect("the folder is there");
    let paths = files.map(|file| file.expect("a file").path());
    let texts = paths.filter(|path| path.extension().is_some_and(|ext| ext == "txt"));
    texts
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            let text = std::fs::read_to_string(&path).expect("text");
            (name.expect("plain").to_owned(), text)
        })
        .collect()
}

#[tokio::test]
async fn each_message_is_told_byte_by_byte_as_it_was_before() {
    let made = made().await;
    if std::env::var_os("INGESTA_BLESS").is_some_and(|value| value == "1") {
        // Only what is new: a file that is there is right, and the program is wrong.
        for (name, text) in &made {
            let path = folder().join(name);
            if !path.exists() {
                std::fs::write(path, text).expect("written");
            }
        }
    }
    let committed = committed();
    let topics = made.keys().map(|name| name.split('.').next());
    let topics: std::collections::BTreeSet<_> = topics.flatten().collect();
    let events = Esquema::TODOS
        .into_iter()
        .filter(|schema| !schema.trato().se_recibe());
    assert_eq!(topics, events.map(Esquema::topic).collect());
    for (name, text) in &made {
        let before = committed.get(name);
        assert!(
            before.is_some(),
            "no {name}: run this test with INGESTA_BLESS=1"
        );
        assert_eq!(
            before,
            Some(text),
            "{name}: the program says it otherwise now"
        );
    }
}

#[tokio::test]
async fn what_was_written_with_an_earlier_revision_is_read_still() {
    for (name, text) in committed() {
        let [topic, event_type, revision, _] = name.split('.').collect::<Vec<_>>()[..] else {
            panic!("{name} is not called TOPIC.EVENT.REVISION.txt");
        };
        let all = revisions(topic);
        let at: usize = revision.parse().expect("a number");
        let (writer, now) = (&all[at - 1], all.last().expect("a revision"));
        let reader = EnvelopeReader::avro_written_with(writer, now, Shape::Full).expect(&name);
        let of = |what: &str| text.lines().find_map(|line| line.strip_prefix(what));
        let digits = of("avro: ").expect("a value").as_bytes();
        let bytes: Vec<_> = digits
            .chunks(2)
            .map(|two| std::str::from_utf8(two).expect("digits"))
            .map(|two| u8::from_str_radix(two, 16).expect("digits"))
            .collect();
        let envelope = reader.read::<Value>(&bytes).await.expect(&name);
        assert_eq!(envelope.message_type.as_deref(), Some(event_type));
        let json: Value = serde_json::from_str(of("json: ").expect("a value")).expect("JSON");
        assert_eq!(
            json["data"], envelope.data,
            "{name}: both formats say the same"
        );
    }
}

#[test]
fn no_golden_message_is_ever_changed_or_removed() {
    nothing_changed(&folder(), &committed());
}
