//! What is told of an event: where, in which words, and what is never told.

use std::collections::BTreeSet;

use cqrs_es::persist::SerializedEvent;
use ingesta_domain::imagen::ImagenEvent;
use ingesta_domain::valor::{EstadoImagen, EstadoIngesta};
use ingesta_event_store::{EventCodec, RecordedEvent, StoreError, Upcaster};
use ingesta_kafka::relay::{Translate, TranslateError};
use ingesta_kafka::schema::{RegistryOptions, SchemaRegistry, value_subject};
use ingesta_server::mensajes::{Esquema, Rutas, TraductorIngesta, Trato};

use super::muestra::{
    INGESTA, MOTIVO, URL, all, header, id_imagen, log_with, of_imagen, of_ingesta, read, ruta,
    told, traductor,
};
use crate::registro::Registro;

/// Every way in which an event can be told.
fn every_topic() -> Rutas {
    Rutas::default().por_tipo()
}

#[tokio::test]
async fn b_09_an_image_is_told_with_its_own_id_and_its_stored_state() {
    let rutas = Rutas::default();
    for (name, estado) in ImagenEvent::TIPOS.iter().zip(EstadoImagen::TODOS) {
        let event = of_imagen(name);
        let messages = told(&rutas, &event).await.expect(name);
        assert_eq!(messages.len(), 1, "{name}");
        let envelope = read(&rutas, &messages[0]).await;
        assert_eq!(envelope.data["id_imagen"], id_imagen().to_string());
        assert_eq!(envelope.data["id_ingesta"], INGESTA);
        assert_eq!(envelope.data["estado"], estado.as_str(), "{name}");
        assert_ne!(envelope.id.expect("an id"), id_imagen().to_string());
        // All that is told of an ingesta has its key, its image too.
        assert_eq!(messages[0].key, INGESTA.as_bytes());
    }
}

#[tokio::test]
async fn b_26_states_are_the_words_that_http_uses() {
    let (rutas, mut seen) = (every_topic(), BTreeSet::new());
    for event in all() {
        for message in told(&rutas, &event).await.expect("told") {
            let envelope = read(&rutas, &message).await;
            seen.insert(
                envelope.data["estado"]
                    .as_str()
                    .expect("a state")
                    .to_owned(),
            );
        }
    }
    let states = EstadoIngesta::TODOS.iter().map(|estado| estado.as_str());
    let states = states.chain(EstadoImagen::TODOS.iter().map(|estado| estado.as_str()));
    assert_eq!(seen, states.map(str::to_owned).collect());
}

#[tokio::test]
async fn b_30_each_event_goes_to_the_topics_and_in_the_schemas_that_were_asked_for() {
    let rutas = every_topic().with_prefix("prueba.");
    for event in all() {
        let name = &*event.event_type;
        let messages = told(&rutas, &event).await.expect(name);
        let of_image = event.stream.aggregate_id != INGESTA;
        let expected = Esquema::TODOS.into_iter().filter(|schema| {
            schema.trato() == Trato::Evento
                && (*schema == Esquema::EventosImagen) == of_image
                && schema.messages().contains(&name)
        });
        let expected: BTreeSet<_> = expected
            .map(|schema| format!("prueba.{}", schema.topic()))
            .collect();
        assert!(!expected.is_empty(), "{name} is told nowhere");
        let topics: BTreeSet<_> = messages
            .iter()
            .map(|message| message.topic.clone())
            .collect();
        assert_eq!(topics, expected, "{name}");
        assert_eq!(
            messages.len(),
            expected.len(),
            "{name} is told twice somewhere"
        );
        for message in &messages {
            // Reading fails where the bytes are of another schema.
            let envelope = read(&rutas, message).await;
            assert_eq!(envelope.message_type.as_deref(), Some(name));
            assert_eq!(header(message, "ce_type"), name);
            assert_eq!(header(message, "ce_id"), envelope.id.expect("an id"));
        }
    }
}

#[tokio::test]
async fn free_text_leaves_nowhere_and_an_address_only_inside_the_trust_zone() {
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    let outside = every_topic();
    let inside = [
        "eventos-ingesta",
        "evento-ingesta-creada",
        "evento-fallo-ingesta",
    ];
    let mut trusted = outside.clone();
    for topic in inside {
        trusted = trusted.trusting(topic).expect(topic);
    }
    let mut addresses = Vec::new();
    for event in all() {
        for message in told(&outside, &event).await.expect("told") {
            let value = message.value.expect("no tombstone");
            assert!(
                !holds(&value, MOTIVO) && !holds(&value, URL),
                "{}",
                message.topic
            );
        }
        for message in told(&trusted, &event).await.expect("told") {
            let value = message.value.expect("no tombstone");
            assert!(!holds(&value, MOTIVO), "{}", message.topic);
            if holds(&value, URL) {
                addresses.push(message.topic);
            }
        }
    }
    addresses.sort();
    let mut expected = inside;
    expected.sort_unstable();
    assert_eq!(addresses, expected);
}

#[tokio::test]
async fn a_failure_waits_for_the_beginning_of_its_stream_and_is_then_told() {
    let (rutas, log) = (every_topic(), log_with("IngestaCreada").await);
    log.faults().fail_read(StoreError::Unavailable {
        attempted: "reading a stream",
        cause: "away".into(),
    });
    let traductor = traductor(&rutas, log);
    let event = of_ingesta("IngestaRevertida");
    let waits = traductor
        .messages(&event)
        .await
        .expect_err("the log is away");
    assert!(matches!(waits, TranslateError::Away(_)), "{waits}");

    let messages = traductor.messages(&event).await.expect("the log is back");
    let fallo = messages
        .iter()
        .find(|message| message.topic == "evento-fallo-ingesta");
    let envelope = read(&rutas, fallo.expect("told")).await;
    assert_eq!(envelope.data["estado"], "Fallida");
    assert_eq!(
        envelope.data["id_paciente"],
        "8210e5ca-bdf4-5f3e-9276-59c397648c20"
    );
    assert_eq!(
        envelope.data["url_path"],
        format!("/ingesta/consulta-por-id/{INGESTA}")
    );
}

/// The code with which the stream would be parked.
#[track_caller]
fn refusal<T>(answer: Result<T, TranslateError>) -> (String, String) {
    match answer {
        Err(TranslateError::Untranslatable(why)) => (why.code, why.message),
        Err(TranslateError::Away(away)) => panic!("{away}"),
        Ok(_) => panic!("it was told"),
    }
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_with_a_code_and_quotes_nothing() {
    let rutas = every_topic();
    let headless = traductor(&rutas, log_with("ProcesoIniciado").await);
    let (code, _) = refusal(headless.messages(&of_ingesta("IngestaRevertida")).await);
    assert_eq!(code, "no_creation");

    let broken = |event: RecordedEvent| RecordedEvent {
        payload: format!(r#"{{"Otra":"{URL}"}}"#),
        ..event
    };
    for event in [of_ingesta("IngestaCreada"), of_imagen("ImagenVerificada")] {
        let mut nameless = event.clone();
        nameless.stream.aggregate_id = "ana".to_owned();
        assert_eq!(refusal(told(&rutas, &nameless).await).0, "id_invalid");

        let (code, message) = refusal(told(&rutas, &broken(event)).await);
        assert_eq!(code, "undecodable");
        assert!(!message.contains("example.org"), "{message}");
    }
}

#[tokio::test]
async fn with_a_registry_a_message_begins_with_the_number_and_waits_for_it() {
    let registro = Registro::start().await;
    let registry = || SchemaRegistry::new(RegistryOptions::new(&registro.url)).expect("an address");
    let rutas = Rutas::default().with_registry(registry());
    let (event, log) = (of_ingesta("IngestaCreada"), log_with("IngestaCreada").await);
    let traductor = traductor(&rutas, log);
    let waits = traductor
        .messages(&event)
        .await
        .expect_err("not registered");
    assert!(matches!(waits, TranslateError::Away(_)), "{waits}");
    let text = waits.to_string();
    assert!(
        text.contains("eventos-ingesta-value: run `ingesta schemas push`"),
        "{text}"
    );

    let schema = Esquema::EventosIngesta.avro();
    let subject = value_subject("eventos-ingesta");
    let number = registry()
        .register(&subject, schema)
        .await
        .expect("registered");
    let framed = traductor.messages(&event).await.expect("told");
    let plain = told(&Rutas::default(), &event).await.expect("told");
    let expected = [
        &number.frame()[..],
        plain[0].value.as_deref().expect("bytes"),
    ]
    .concat();
    assert_eq!(framed[0].value.as_deref(), Some(&*expected));
    assert_eq!(
        ruta(&rutas, "eventos-ingesta").schema,
        Esquema::EventosIngesta
    );
}

#[tokio::test]
async fn an_event_without_a_time_of_recording_is_told_with_its_own() {
    let rutas = Rutas::default();
    let mut event = of_ingesta("IngestaCreada");
    event.recorded_at = None;
    event.metadata = "of another writer".to_owned();
    let messages = told(&rutas, &event).await.expect("told");
    assert_eq!(messages[0].timestamp, None);
    assert_eq!(header(&messages[0], "traceparent"), "");
    let envelope = read(&rutas, &messages[0]).await;
    assert_eq!(envelope.ingestion, envelope.time);
    assert_eq!(envelope.time, Some(1_740_830_400_123));
}

/// One stored event that is two today.
struct Twice;

impl Upcaster for Twice {
    fn lifts(&self, event_type: &str, event_version: &str) -> bool {
        (event_type, event_version) == ("ProcesoIniciado", "0")
    }

    fn lift(&self, event: SerializedEvent) -> Vec<SerializedEvent> {
        let now = SerializedEvent {
            event_version: "1".to_owned(),
            ..event
        };
        vec![now.clone(), now]
    }
}

#[tokio::test]
async fn an_event_that_is_several_today_is_told_in_parts_with_ids_of_their_own() {
    let codec = EventCodec::default().with_upcaster(Twice);
    let log = log_with("IngestaCreada").await;
    let traductor = TraductorIngesta::new(&Rutas::default(), codec, log);
    let mut event = of_ingesta("ProcesoIniciado");
    event.event_version = "0".to_owned();
    let messages = traductor.messages(&event).await.expect("told");
    let ids: Vec<_> = messages
        .iter()
        .map(|message| header(message, "ce_id"))
        .collect();
    let first = format!("Ingesta/{INGESTA}/2");
    assert_eq!(ids, [first.clone(), format!("{first}#1")]);
}
