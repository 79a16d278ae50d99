//! Stored events to tell of, made of the domain's golden files, and messages as a stranger reads
//! them.

use std::sync::Arc;

use cqrs_es::Aggregate;
use ingesta_domain::imagen::{Imagen, ImagenEvent};
use ingesta_domain::ingesta::{Ingesta, IngestaEvent};
use ingesta_domain::saga::{Envio, Orden};
use ingesta_domain::valor::{IdImagen, IdIngesta};
use ingesta_event_store::{
    Append, EventStorage, MemoryStorage, NewEvent, Position, RecordedEvent, StreamAppend, StreamId,
};
use ingesta_kafka::envelope::{Envelope, EnvelopeReader, Shape};
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::relay::{Translate, TranslateError};
use ingesta_server::app::event_codec;
use ingesta_server::mensajes::{Ruta, Rutas, TraductorImagen, TraductorIngesta, TraductorSaga};
use ingesta_server::saga::SagaDeIngesta;
use serde_json::Value;

pub(super) const INGESTA: &str = "0195f2d4-8a40-7c3a-9d55-2f3b6c1e7a10";
pub(super) const URL: &str = "https://imagenes.example.org/OBXXXX1A_rle_2frame.dcm";
pub(super) const MOTIVO: &str = "la limpieza de los datos crudos fue rechazada";
const METADATA: &str =
    r#"{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#;

pub(super) fn id() -> IdIngesta {
    INGESTA.parse().expect("a uuid")
}

pub(super) fn id_imagen() -> IdImagen {
    IdImagen::de_ingesta(id())
}

/// The golden payload of this type, without its line break.
pub(super) fn payload(event_type: &str) -> String {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../ingesta-domain/stored-events"
    );
    let text = std::fs::read_to_string(format!("{folder}/{event_type}.1.json"));
    text.expect(event_type).trim_end().to_owned()
}

fn recorded(stream: StreamId, event_type: &str, sequence: u64) -> RecordedEvent {
    RecordedEvent {
        position: Position::new(7, 41),
        stream,
        sequence,
        event_type: event_type.to_owned(),
        event_version: "1".to_owned(),
        payload: payload(event_type),
        metadata: METADATA.to_owned(),
        recorded_at: Some("2025-03-01T12:00:00.654321Z".parse().expect("an instant")),
    }
}

/// A golden event of an ingesta; it is the second of its stream unless it is the creation.
pub(super) fn of_ingesta(event_type: &str) -> RecordedEvent {
    let sequence = if event_type == "IngestaCreada" { 1 } else { 2 };
    recorded(StreamId::of::<Ingesta>(INGESTA), event_type, sequence)
}

pub(super) fn of_imagen(event_type: &str) -> RecordedEvent {
    let stream = StreamId::of::<Imagen>(id_imagen().to_string());
    recorded(stream, event_type, 1)
}

/// The first sending of an order.
pub(super) fn of_saga(orden: Orden) -> RecordedEvent {
    let envio = Envio::primero(orden);
    let stream = StreamId::of::<SagaDeIngesta>(INGESTA);
    let golden = r#""orden":"IniciarEtiquetado","vuelta":1,"intento":1"#;
    let said = serde_json::to_string(&envio).expect("JSON");
    let mut event = recorded(stream, "OrdenEnviada", 7);
    assert!(
        event.payload.contains(golden),
        "the golden file says another"
    );
    let said = said.trim_matches(['{', '}']);
    event.payload = event.payload.replace(golden, said);
    event.metadata = METADATA.replace('}', r#","correlation_id":"conversacion-7"}"#);
    event
}

/// One of each event.
pub(super) fn all() -> Vec<RecordedEvent> {
    let ingestas = IngestaEvent::TIPOS.iter().map(|name| of_ingesta(name));
    let imagenes = ImagenEvent::TIPOS.iter().map(|name| of_imagen(name));
    ingestas.chain(imagenes).collect()
}

/// A log in which the ingesta begins with this event.
pub(super) async fn log_with(first: &str) -> Arc<MemoryStorage> {
    let log = Arc::new(MemoryStorage::new());
    let event = of_ingesta(first);
    let append = Append {
        streams: vec![StreamAppend {
            stream: event.stream,
            expected_version: 0,
            events: vec![NewEvent {
                event_type: event.event_type,
                event_version: event.event_version,
                payload: event.payload,
                metadata: event.metadata,
            }],
        }],
        command: None,
    };
    log.append(append).await.expect("stored");
    log
}

pub(super) fn traductor(rutas: &Rutas, log: Arc<MemoryStorage>) -> TraductorIngesta {
    TraductorIngesta::new(rutas, event_codec(), log)
}

/// What is told of this event by whichever of the two translators wants it.
pub(super) async fn told(
    rutas: &Rutas,
    event: &RecordedEvent,
) -> Result<Vec<OutgoingMessage>, TranslateError> {
    if &*event.stream.aggregate_type == Imagen::TYPE {
        let traductor = TraductorImagen::new(rutas, event_codec());
        return traductor.messages(event).await;
    }
    let log = log_with("IngestaCreada").await;
    if &*event.stream.aggregate_type == SagaDeIngesta::TYPE {
        let traductor = TraductorSaga::new(rutas, event_codec(), log);
        return traductor.messages(event).await;
    }
    traductor(rutas, log).messages(event).await
}

/// The route of this topic.
pub(super) fn ruta<'r>(rutas: &'r Rutas, topic: &str) -> &'r Ruta {
    let mut all = rutas.events().iter();
    all.find(|ruta| ruta.topic == topic).expect("a route")
}

/// A message in plain Avro, read with the schema of its topic.
pub(super) async fn read(rutas: &Rutas, message: &OutgoingMessage) -> Envelope<Value> {
    let schema = ruta(rutas, &message.topic).schema.avro();
    let reader = EnvelopeReader::avro(schema, Shape::Full).expect("an envelope");
    let bytes = message.value.as_ref().expect("no tombstone");
    reader.read(bytes).await.expect(&message.topic)
}

/// The value of a header.
pub(super) fn header(message: &OutgoingMessage, name: &str) -> String {
    let found = message.headers.iter().find(|header| header.name == name);
    let value = found.map(|header| header.value.clone()).unwrap_or_default();
    String::from_utf8(value).expect("text")
}
