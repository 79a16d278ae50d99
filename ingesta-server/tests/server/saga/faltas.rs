//! Neighbours that say nothing, too late, or nonsense.

use ingesta_domain::saga::Plan;
use ingesta_server::mensajes::Esquema;
use serde_json::{Value, json};

use super::vecinos::{Dice, PACIENTE, Pedido, Vecinos, app, contestar, ingesta, obedece, otro_id};
use super::vecinos::{saga_en, sobre, sobre_que};
use crate::kafka::stage::Stage;
use crate::test_app::{TestApp, options};

const IMPACIENTE: Plan = Plan {
    espera_ms: 200,
    intentos: 2,
};

/// Labels nothing in the case `mudo`, and is deaf to its first two orders to revert.
fn calla(caso: &str, pedido: &Pedido) -> Vec<Dice> {
    match (caso, pedido.esquema) {
        ("mudo", Esquema::ComandoIniciarEtiquetado) => Vec::new(),
        ("mudo", Esquema::ComandoRevertirEtiquetado) if pedido.vez < 3 => Vec::new(),
        _ => vec![Dice::Hecho],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_35_who_does_not_answer_is_asked_again_and_then_everything_is_reverted() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = app(&stage, IMPACIENTE).await;
    let vecinos = Vecinos::start(&stage, calla);
    let id = ingesta(&app, "mudo").await;
    let saga = saga_en(&app, &id, "Fallida").await;
    // Whatever a slow machine made of the other waits: nobody labelled, and what may have been done
    // was reverted, the latest first.
    let revertidos = sobre_que(&saga, "PasoRevertido");
    let al_reves: Vec<_> = revertidos.iter().map(String::as_str).collect();
    assert!(
        matches!(
            al_reves[..],
            ["Etiquetado", "Anonimizado"] | ["Anonimizado"]
        ),
        "{saga:#}"
    );
    assert_eq!(saga["motivo"]["causa"], "sin_respuesta");
    for mensaje in vecinos.mensajes() {
        let first = format!("SagaIngesta/{id}/");
        assert!(mensaje.ce_id.starts_with(&first), "{mensaje:?}");
        assert!(mensaje.ce_id.ends_with("/1"), "sent again under its name");
    }
    tarde(&stage, &app, &vecinos, &id).await;
    vecinos.stop().await;
    app.app.stop().await;
}

/// Answers that come when everything is over change nothing.
async fn tarde(stage: &Stage, app: &TestApp, vecinos: &Vecinos, id: &str) {
    let before = app.get(&format!("/ingesta/{id}/saga")).await.json();
    for pedido in vecinos.pedidos(id) {
        contestar(stage, &pedido, Dice::Hecho, &otro_id()).await;
    }
    // Behind them, of the same key, what is put aside: then all of them were heard.
    for esquema in [Esquema::EventosAnonimizado, Esquema::EventosEtiquetado] {
        basura(stage, esquema, id, "NadieLoConoce", &json!(id)).await;
        assert_eq!(stage.codigos(esquema, 1).await, ["tipo_desconocido"]);
    }
    app.drain().await;
    let after = app.get(&format!("/ingesta/{id}/saga")).await.json();
    assert_eq!(after, before);
}

/// An answer with nothing in it but this.
async fn basura(stage: &Stage, esquema: Esquema, key: &str, tipo: &str, id_ingesta: &Value) {
    let mut data = json!({ "id_ingesta": id_ingesta });
    let fields: &[&str] = if esquema == Esquema::EventosAnonimizado {
        &["id_anonimizado", "estado", "codigo", "habia", "fecha"]
    } else {
        &[
            "id_etiquetado",
            "id_anonimizado",
            "modalidad",
            "region_anatomica",
            "patologia",
            "fecha_creacion",
            "estado",
            "etiquetas",
            "codigo",
            "habia",
        ]
    };
    for field in fields {
        data[*field] = Value::Null;
    }
    if tipo == "AnonimizadoCreado" && id_ingesta.is_string() {
        data["id_anonimizado"] = json!(otro_id());
    }
    let value = sobre(esquema, &otro_id(), tipo, &data);
    stage.escribir(esquema, key, Some(value)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_can_understand_are_put_aside_and_their_neighbours_go_on() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = app(&stage, PACIENTE).await;
    let (topic, id) = (Esquema::EventosAnonimizado, otro_id());
    basura(&stage, topic, "k", "AnonimizadoCreado", &json!(null)).await;
    basura(
        &stage,
        topic,
        "k",
        "AnonimizadoCreado",
        &json!("no-es-uuid"),
    )
    .await;
    basura(&stage, topic, "k", "AnonimizadoCreado", &json!(id)).await;
    basura(&stage, topic, "k", "EtiquetadoCreado", &json!(id)).await;
    stage.escribir(topic, "k", None).await;
    let expected = [
        "id_invalido",
        "id_invalido",
        "no_value",
        "otro_anonimizado",
        "tipo_desconocido",
    ];
    assert_eq!(stage.codigos(topic, 5).await, expected);

    let vecinos = Vecinos::start(&stage, obedece);
    let bien = ingesta(&app, "bien").await;
    saga_en(&app, &bien, "Finalizada").await;
    vecinos.stop().await;
    app.app.stop().await;
}

#[tokio::test]
async fn without_a_broker_an_ingesta_stays_as_it_is_and_has_no_saga() {
    let app = TestApp::start_with(ingesta_server::AppOptions {
        saga: Some(PACIENTE),
        ..options()
    })
    .await;
    let id = app.ingesta().await;
    app.drain().await;
    assert_eq!(app.leer(&id).await.text_of("estado"), "Creada");
    let saga = app.get(&format!("/ingesta/{id}/saga")).await;
    saga.refused(404, "saga_no_existe");
    let malformed = app.get("/ingesta/nadie/saga").await;
    assert_eq!(malformed.status, 400, "{}", malformed.text);
    app.app.stop().await;
}

#[tokio::test]
async fn sagas_without_topics_are_refused_at_the_start() {
    let stage = Stage::on("127.0.0.1:1");
    let wanted = ingesta_server::AppOptions {
        saga: Some(PACIENTE),
        ..stage.options()
    };
    let before = TestApp::start().await;
    let TestApp { app, owned, .. } = before;
    app.stop().await;
    let database = crate::test_app::connect(&owned).await;
    let refused = ingesta_server::App::start(database, wanted).await;
    let error = refused.err().expect("there is nowhere to send orders to");
    assert!(error.to_string().contains("routing table"), "{error}");
}
