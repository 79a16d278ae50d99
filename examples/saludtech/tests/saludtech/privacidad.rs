//! What must not be said aloud is not, however loud the log is.

use ingesta_testing::services::OwnedDatabase;
use saludtech::mensajes::Topico;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::anonimizador::PACIENTE;
use crate::proceso::{Proceso, Vecino};
use crate::stage::Stage;
use crate::{anonimizador, etiquetado};

/// Nothing of this may be in a log, on a topic of answers, or in the reason of a dead letter.
const SECRETS: [&str; 4] = [PACIENTE, "secreto.example.org", "Juana", "aHR0c"];

fn silent(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} says {secret}: {text}");
    }
}

#[tokio::test]
async fn b_40_no_patient_no_address_and_no_free_text_is_said_aloud() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let url = "https://secreto.example.org/a.dcm";
    let mut logs = Vec::new();
    let database = OwnedDatabase::create("anonimizador").await.expect("one");
    let vecino = Proceso::start(&stage, Vecino::Anonimizador, database.url(), &[]);
    let oyente = stage.oyente(Topico::EventosAnonimizado);
    let id = Uuid::now_v7();
    let datos = anonimizador::iniciar(id, url);
    stage
        .escribir(Topico::IniciarAnonimizado, id, "a1", &datos)
        .await;
    // Refused for good, with everything in it.
    let mut wrong = datos.clone();
    wrong["id_ingesta"] = json!(PACIENTE);
    stage
        .escribir(Topico::IniciarAnonimizado, id, "a2", &wrong)
        .await;
    let mut bytes = b"\xff".to_vec();
    bytes.extend(datos.to_string().into_bytes());
    let key = id.to_string();
    let topico = Topico::IniciarAnonimizado;
    stage
        .escribir_bytes(topico, Some(&key), Some(bytes), Vec::new())
        .await;
    for oido in oyente.de(id, 1).await {
        silent("an answer", &format!("{oido:?}"));
    }
    for letter in stage.apartados(topico, 2).await {
        silent("a reason", &format!("{} {}", letter.code, letter.reason));
    }
    let (_, health) = vecino.health().await;
    silent("the health", &health.to_string());
    logs.push(vecino);

    let database = OwnedDatabase::create("etiquetado").await.expect("one");
    logs.push(Proceso::start(
        &stage,
        Vecino::Etiquetado,
        database.url(),
        &[],
    ));
    let oyente = stage.oyente(Topico::EventosEtiquetado);
    let datos = etiquetado::iniciar(id, Some("CT"), "Juana", "Juana, neumonia");
    stage
        .escribir(Topico::IniciarEtiquetado, id, "e1", &datos)
        .await;
    for oido in oyente.de(id, 1).await {
        silent("an answer", &format!("{oido:?}"));
    }

    let database = OwnedDatabase::create("notificaciones").await.expect("one");
    let via = ["--via", "registro"];
    let vecino = Proceso::start(&stage, Vecino::Notificaciones, database.url(), &via);
    let datos: Value =
        json!({"id_ingesta": id.to_string(), "id_paciente": PACIENTE, "url_path": url});
    stage.escribir(Topico::FalloIngesta, id, "n1", &datos).await;
    ingesta_testing::eventually("the line of the log", async || {
        vecino
            .said()
            .contains("an e-mail would be sent")
            .then_some(())
    })
    .await;
    logs.push(vecino);
    for vecino in &logs {
        let said = vecino.said();
        assert!(said.contains("DEBUG"), "the log is loud");
        silent("a log", &said);
    }
}
