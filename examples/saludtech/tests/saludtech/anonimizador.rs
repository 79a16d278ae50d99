//! The anonymiser: pseudonyms, clean-up, undoing.

use ingesta_event_store::{Database, DatabaseOptions, EventStorage, PostgresStorage, StreamId};
use ingesta_testing::services::OwnedDatabase;
use saludtech::mensajes::{Topico, id_anonimizado};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::proceso::{Proceso, Vecino};
use crate::stage::{Stage, TRACE};

const INICIAR: Topico = Topico::IniciarAnonimizado;
const LIMPIAR: Topico = Topico::LimpiarIngesta;
const REVERTIR: Topico = Topico::RevertirAnonimizado;

pub(crate) const PACIENTE: &str = "8210e5ca-bdf4-5f3e-9276-59c397648c20";

pub(crate) fn iniciar(id: Uuid, url: &str) -> Value {
    json!({
        "id_ingesta": id.to_string(),
        "id_proveedor": "7c765929-ba20-5eb7-b700-4b795e6520e1",
        "id_paciente": PACIENTE,
        "url_path": url,
    })
}

fn limpiar(id: Uuid) -> Value {
    json!({"id_ingesta": id.to_string(), "id_anonimizado": id_anonimizado(id).to_string()})
}

fn revertir(id: Uuid) -> Value {
    json!({"id_anonimizado": id_anonimizado(id).to_string()})
}

/// The stored events of an anonymised study, as type and payload.
async fn stored(database: &OwnedDatabase, id: Uuid) -> Vec<(String, String)> {
    let options = DatabaseOptions::default();
    let opened = Database::connect(database.url(), options).await;
    let storage = PostgresStorage::new(opened.expect("a database"));
    let stream = StreamId::new("Anonimizado", id_anonimizado(id).to_string());
    let events = storage.load(&stream, 0).await.expect("the events");
    storage.database().close().await;
    let events = events.into_iter();
    events
        .map(|event| (event.event_type, event.payload))
        .collect()
}

#[tokio::test]
async fn every_command_is_answered_once_and_the_conversation_goes_on() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let database = OwnedDatabase::create("anonimizador").await.expect("one");
    let mut vecino = Proceso::start(&stage, Vecino::Anonimizador, database.url(), &[]);
    let oyente = stage.oyente(Topico::EventosAnonimizado);
    let id = Uuid::now_v7();
    let url = "https://imagenes.example.org/a.dcm";
    for _ in 0..3 {
        stage
            .escribir(INICIAR, id, "orden-1", &iniciar(id, url))
            .await;
    }
    oyente.de(id, 1).await;
    stage.escribir(LIMPIAR, id, "orden-2", &limpiar(id)).await;
    oyente.de(id, 2).await;
    // Asked for anew by another command: answered anew, and nothing else.
    stage
        .escribir(INICIAR, id, "orden-3", &iniciar(id, url))
        .await;
    let heard = oyente.de(id, 3).await;
    let tipos: Vec<&str> = heard.iter().map(|oido| oido.tipo.as_str()).collect();
    assert_eq!(
        tipos,
        ["AnonimizadoCreado", "LimpiezaHecha", "AnonimizadoCreado"]
    );

    let first = &heard[0];
    assert_eq!(first.dato("id_ingesta"), id.to_string());
    assert_eq!(first.dato("id_anonimizado"), id_anonimizado(id).to_string());
    assert_eq!(
        (first.dato("estado"), &first.datos["codigo"]),
        ("Creado", &Value::Null)
    );
    for (oido, cause) in heard.iter().zip(["orden-1", "orden-2", "orden-3"]) {
        assert_eq!(oido.header("traceparent"), TRACE);
        assert_eq!(oido.header("ce_correlationid"), "conversacion-7");
        assert_eq!(oido.header("ce_causationid"), cause);
        assert_eq!(oido.header("ce_source"), "/anonimizador");
    }
    let (status, health) = vecino.health().await;
    assert_eq!((status, &health["status"]), (200, &json!("up")), "{health}");
    vecino.terminate();
    assert!(vecino.ended().await, "{}", vecino.said());
}

#[tokio::test]
async fn b_36_undoing_records_and_destroys_nothing() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let database = OwnedDatabase::create("anonimizador").await.expect("one");
    let _vecino = Proceso::start(&stage, Vecino::Anonimizador, database.url(), &[]);
    let oyente = stage.oyente(Topico::EventosAnonimizado);
    let (id, early) = (Uuid::now_v7(), Uuid::now_v7());
    let url = "https://imagenes.example.org/a.dcm";
    stage
        .escribir(INICIAR, id, "orden-1", &iniciar(id, url))
        .await;
    oyente.de(id, 1).await;
    let before = stored(&database, id).await;
    stage.escribir(REVERTIR, id, "orden-2", &revertir(id)).await;
    let heard = oyente.de(id, 2).await;
    assert_eq!(heard[1].tipo, "AnonimizadoRevertido");
    assert_eq!(heard[1].datos["habia"], true);
    let after = stored(&database, id).await;
    assert_eq!(after[0], before[0], "what was done stays on record");
    assert_eq!(after[1].0, "AnonimizadoRevertido");

    // What comes too late changes nothing, and is told why.
    stage
        .escribir(INICIAR, id, "orden-3", &iniciar(id, url))
        .await;
    let late = oyente.de(id, 3).await;
    assert_eq!(
        (late[2].tipo.as_str(), late[2].dato("codigo")),
        ("AnonimizadoFallido", "revertido")
    );
    stage.escribir(LIMPIAR, id, "orden-4", &limpiar(id)).await;
    let late = oyente.de(id, 4).await;
    assert_eq!(
        (late[3].tipo.as_str(), late[3].dato("codigo")),
        ("LimpiezaRechazada", "revertido")
    );

    // An undoing that comes first is remembered.
    stage
        .escribir(REVERTIR, early, "orden-5", &revertir(early))
        .await;
    assert_eq!(oyente.de(early, 1).await[0].datos["habia"], false);
    stage
        .escribir(INICIAR, early, "orden-6", &iniciar(early, url))
        .await;
    assert_eq!(oyente.de(early, 2).await[1].dato("codigo"), "revertido");
}

#[tokio::test]
async fn b_37_nobody_comes_back_from_a_pseudonym() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let database = OwnedDatabase::create("anonimizador").await.expect("one");
    let vecino = Proceso::start(&stage, Vecino::Anonimizador, database.url(), &[]);
    let oyente = stage.oyente(Topico::EventosAnonimizado);
    // Two addresses that the first systems could not tell apart: they cut at 1,000 characters.
    let long = format!("https://imagenes.example.org/{}", "a".repeat(1_200));
    let urls = [format!("{long}/uno.dcm"), format!("{long}/dos.dcm")];
    let mut seen = Vec::new();
    for (index, url) in urls.iter().enumerate() {
        let id = Uuid::now_v7();
        let name = format!("orden-{index}");
        stage.escribir(INICIAR, id, &name, &iniciar(id, url)).await;
        let answer = oyente.de(id, 1).await;
        let text = answer[0].datos.to_string();
        assert!(
            !text.contains(PACIENTE) && !text.contains("imagenes.example.org"),
            "{text}"
        );
        let events = stored(&database, id).await;
        let payload: Value = serde_json::from_str(&events[0].1).expect("JSON");
        let hidden = payload["AnonimizadoCreado"]["seudonimos"].clone();
        let text = payload.to_string();
        // The address in base64 was the first systems' idea of it.
        assert!(!text.contains("aHR0c"), "{text}");
        assert!(
            !text.contains(PACIENTE) && !text.contains("imagenes.example.org"),
            "{text}"
        );
        seen.push(hidden);
    }
    assert_eq!(
        seen[0]["paciente"], seen[1]["paciente"],
        "one patient, one pseudonym"
    );
    assert_ne!(seen[0]["imagen"], seen[1]["imagen"]);
    vecino.kill();

    // Another key: other pseudonyms of the same. So nobody without the key can try patients out.
    std::fs::write(stage.folder.path().join("clave"), "f".repeat(64)).expect("a key");
    let _vecino = Proceso::start(&stage, Vecino::Anonimizador, database.url(), &[]);
    let id = Uuid::now_v7();
    stage
        .escribir(INICIAR, id, "orden-9", &iniciar(id, &urls[0]))
        .await;
    oyente.de(id, 1).await;
    let payload: Value = serde_json::from_str(&stored(&database, id).await[0].1).expect("JSON");
    let other = &payload["AnonimizadoCreado"]["seudonimos"];
    for name in ["paciente", "imagen", "clave"] {
        assert_ne!(other[name], seen[0][name], "{name}");
    }
}

#[tokio::test]
async fn what_nobody_can_carry_out_is_put_aside_and_its_neighbours_go_on() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let database = OwnedDatabase::create("anonimizador").await.expect("one");
    let _vecino = Proceso::start(&stage, Vecino::Anonimizador, database.url(), &[]);
    let oyente = stage.oyente(Topico::EventosAnonimizado);
    let (id, other) = (Uuid::now_v7(), Uuid::now_v7());
    let key = id.to_string();
    let bytes = Some(b"\xff\xfenot avro".to_vec());
    stage
        .escribir_bytes(INICIAR, Some(&key), bytes, Vec::new())
        .await;
    stage
        .escribir_bytes(INICIAR, Some(&key), None, Vec::new())
        .await;
    let url = "https://imagenes.example.org/a.dcm";
    stage
        .escribir(INICIAR, id, "otra", &iniciar(other, url))
        .await;
    let mut wrong = iniciar(id, url);
    wrong["id_ingesta"] = json!("None");
    stage.escribir(INICIAR, id, "none", &wrong).await;
    // What can be answered is: the saga hears why.
    let mut without = iniciar(id, url);
    without["id_paciente"] = Value::Null;
    stage.escribir(INICIAR, id, "sin-paciente", &without).await;
    let answers = oyente.de(id, 1).await;
    assert_eq!(answers[0].tipo, "AnonimizadoFallido");
    assert_eq!(answers[0].dato("codigo"), "id_paciente_requerido");
    // The same name with another wish is another wish.
    stage
        .escribir(INICIAR, id, "sin-paciente", &iniciar(id, url))
        .await;
    let codes = stage.codigos(INICIAR, 5).await;
    assert_eq!(codes.len(), 5, "{codes:?}");
    for code in [
        "clave_distinta",
        "command_id_reused",
        "id_ingesta_invalido",
        "no_value",
    ] {
        assert!(codes.contains(&code.to_owned()), "{code}: {codes:?}");
    }
    stage
        .escribir(LIMPIAR, other, "orden-7", &limpiar(other))
        .await;
    assert_eq!(
        oyente.de(other, 1).await[0].dato("codigo"),
        "sin_anonimizado"
    );
}
