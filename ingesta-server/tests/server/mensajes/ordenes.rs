//! What a saga asks of neighbours: where, under which name, and who is told whose image it is.

use ingesta_domain::saga::Orden;
use ingesta_domain::valor::{IdAnonimizado, IdEtiquetado};
use ingesta_kafka::message::OutgoingMessage;
use ingesta_server::mensajes::{Esquema, Rutas, Trato};
use serde_json::json;

use super::muestra::{INGESTA, URL, all, header, id, of_saga, read, told};

const PACIENTE: &str = "8210e5ca-bdf4-5f3e-9276-59c397648c20";

fn rutas() -> Rutas {
    Rutas::default().por_tipo().con_saga()
}

async fn one(orden: Orden) -> OutgoingMessage {
    let told = told(&rutas(), &of_saga(orden)).await.expect("told");
    let [message] = <[_; 1]>::try_from(told).expect("one order, one message");
    message
}

fn holds(message: &OutgoingMessage, text: &str) -> bool {
    let bytes = message.value.as_deref().expect("no tombstone");
    bytes.windows(text.len()).any(|w| w == text.as_bytes())
}

#[tokio::test]
async fn each_order_has_a_topic_a_name_and_the_conversation() {
    let anonimizado = IdAnonimizado::de_ingesta(id());
    let etiquetado = IdEtiquetado::de_anonimizado(anonimizado).to_string();
    let anonimizado = anonimizado.to_string();
    let expected = [
        json!({ "id_ingesta": INGESTA, "id_proveedor": "1d670540-715a-5ee7-a1cb-54517d9d9cce",
            "id_paciente": PACIENTE, "url_path": URL }),
        json!({ "id_anonimizado": anonimizado, "modalidad": "US", "region_anatomica": null,
            "patologia": null }),
        json!({ "id_ingesta": INGESTA, "id_anonimizado": anonimizado }),
        json!({ "id_etiquetado": etiquetado, "id_anonimizado": anonimizado }),
        json!({ "id_anonimizado": anonimizado }),
    ];
    for (orden, data) in Orden::TODAS.into_iter().zip(expected) {
        let message = one(orden).await;
        let envelope = read(&rutas(), &message).await;
        assert_eq!(envelope.data, data, "{orden}");
        assert_eq!(envelope.message_type.as_deref(), Some(orden.as_str()));
        assert_eq!(message.key, INGESTA.as_bytes());
        let name = format!("SagaIngesta/{INGESTA}/{orden}/1");
        assert_eq!(header(&message, "ce_id"), name);
        assert_eq!(envelope.id, Some(name));
        assert_eq!(header(&message, "ce_correlationid"), "conversacion-7");
        let cause = format!("SagaIngesta/{INGESTA}/7");
        assert_eq!(header(&message, "ce_causationid"), cause);
        assert!(header(&message, "traceparent").starts_with("00-4bf92f35"));
    }
}

#[tokio::test]
async fn an_order_that_is_sent_again_has_the_same_name_and_a_new_wish_another() {
    let name = async |from: &str, to: &str| {
        let mut event = of_saga(Orden::LimpiarIngesta);
        event.payload = event.payload.replace(from, to);
        event.sequence += 2;
        let told = told(&rutas(), &event).await.expect("told");
        header(&told[0], "ce_id")
    };
    let first = header(&one(Orden::LimpiarIngesta).await, "ce_id");
    assert_eq!(name("\"intento\":1", "\"intento\":2").await, first);
    assert_ne!(name("\"vuelta\":1", "\"vuelta\":2").await, first);
}

#[tokio::test]
async fn b_40_only_the_order_to_anonymise_says_whose_image_it_is_and_where() {
    for orden in Orden::TODAS {
        let message = one(orden).await;
        let says = [URL, PACIENTE].map(|text| holds(&message, text));
        let may = orden == Orden::IniciarAnonimizado;
        assert_eq!(says, [may, may], "{orden}");
        for header in &message.headers {
            let value = String::from_utf8(header.value.clone()).expect("text");
            assert!(!value.contains(PACIENTE) && !value.contains(URL), "{orden}");
        }
    }
}

#[tokio::test]
async fn what_a_saga_remembers_is_told_to_nobody() {
    // Neither do the other translators take an order for an event.
    for event in all() {
        for message in told(&rutas(), &event).await.expect("told") {
            let schema = Esquema::TODOS.into_iter();
            let mut schema = schema.filter(|schema| schema.topic() == message.topic);
            let schema = schema.next().expect("a topic of the table");
            assert_eq!(schema.trato(), Trato::Evento, "{}", message.topic);
        }
    }
    let mut event = of_saga(Orden::IniciarEtiquetado);
    event.event_type = "PasoHecho".to_owned();
    event.payload = super::muestra::payload("PasoHecho");
    assert!(told(&rutas(), &event).await.expect("told").is_empty());
}
