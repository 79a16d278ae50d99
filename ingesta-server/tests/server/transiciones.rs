//! The life of an ingesta over HTTP: every door, every forbidden step, and the headers of safety.

use reqwest::Method;
use serde_json::{Value, json};

use crate::test_app::{Answer, TestApp};

const COMMANDS: [&str; 6] = [
    "iniciar",
    "rechazar",
    "finalizar",
    "revertir",
    "eliminar",
    "alertar",
];

type Row<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);

/// The states of the life table, each with a way to it and the commands that it admits: to which
/// state they lead.
const LIFE: &[Row<'_>] = &[
    (
        "Creada",
        &[],
        &[
            ("iniciar", "Pendiente"),
            ("rechazar", "Rechazada"),
            ("revertir", "Fallida"),
            ("eliminar", "Eliminada"),
        ],
    ),
    (
        "Pendiente",
        &["iniciar"],
        &[
            ("iniciar", "Pendiente"),
            ("rechazar", "Rechazada"),
            ("finalizar", "Finalizada"),
            ("revertir", "Fallida"),
            ("alertar", "Alertada"),
        ],
    ),
    ("Rechazada", &["rechazar"], &[("rechazar", "Rechazada")]),
    (
        "Finalizada",
        &["iniciar", "finalizar"],
        &[("finalizar", "Finalizada")],
    ),
    ("Fallida", &["revertir"], &[("revertir", "Fallida")]),
    ("Eliminada", &["eliminar"], &[("eliminar", "Eliminada")]),
    (
        "Alertada",
        &["iniciar", "alertar"],
        &[
            ("alertar", "Alertada"),
            ("finalizar", "Finalizada"),
            ("revertir", "Fallida"),
            ("eliminar", "Eliminada"),
        ],
    ),
];

async fn send(app: &TestApp, id: &str, command: &str) -> Answer {
    let path = format!("/ingesta/{id}/{command}");
    match command {
        "rechazar" => {
            app.post(&path, &json!({"motivos": ["bytes_invalidos"]}))
                .await
        }
        "revertir" | "alertar" => app.post(&path, &json!({"motivo": "limpieza"})).await,
        _ => app.ordenar(id, command).await,
    }
}

async fn in_state(app: &TestApp, way: &[&str]) -> String {
    let id = app.ingesta().await;
    for command in way {
        send(app, &id, command).await.ok(202);
    }
    id
}

#[tokio::test]
async fn b_28_every_step_of_the_table_and_no_other() {
    let app = TestApp::start().await;
    for (state, way, admitted) in LIFE {
        for command in COMMANDS {
            let id = in_state(&app, way).await;
            let answer = send(&app, &id, command).await;
            match admitted.iter().find(|(name, _)| *name == command) {
                Some((_, to)) => {
                    assert_eq!(answer.ok(202).text_of("estado"), *to, "{state} {command}");
                    assert_eq!(answer.json()["ya_realizado"], json!(to == state));
                    let version = way.len() + 1 + usize::from(to != state);
                    assert_eq!(answer.header("etag"), format!("\"{version}\""));
                    let since = answer.text_of("posicion");
                    let path = format!("/ingesta/consulta-por-id/{id}?desde={since}");
                    let read = app.get(&path).await;
                    assert_eq!(read.ok(200).text_of("estado"), *to, "{state} {command}");
                }
                None => {
                    let refused = answer.refused(409, "transicion_invalida").json();
                    assert_eq!(refused["estado"], *state, "{command}");
                    assert!(
                        refused["error"]
                            .as_str()
                            .is_some_and(|text| text.contains(state))
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn b_29_deleting_works_and_only_once() {
    let app = TestApp::start().await;
    let id = app.ingesta().await;
    let first = app.ordenar(&id, "eliminar").await;
    assert_eq!(first.ok(202).json()["ya_realizado"], false);
    let again = app.ordenar(&id, "eliminar").await;
    assert_eq!(again.ok(202).json()["ya_realizado"], true);
    for same in ["id_ingesta", "posicion", "estado"] {
        assert_eq!(first.text_of(same), again.text_of(same), "{same}");
    }
    let stored = "select count(*) from events where event_type = 'IngestaEliminada'";
    assert_eq!(app.count(stored).await, 1);
    let since = first.text_of("posicion");
    let read = app
        .get(&format!("/ingesta/consulta-por-id/{id}?desde={since}"))
        .await;
    assert_eq!(read.ok(200).text_of("estado"), "Eliminada");
    assert!(read.json()["fecha_eliminacion"].is_string());
    // A working process does not have its data pulled away.
    let busy = in_state(&app, &["iniciar"]).await;
    app.ordenar(&busy, "eliminar")
        .await
        .refused(409, "transicion_invalida");
}

#[tokio::test]
async fn a_reason_is_asked_for_and_kept() {
    let app = TestApp::start().await;
    let id = in_state(&app, &["iniciar"]).await;
    for command in ["revertir", "alertar"] {
        let path = format!("/ingesta/{id}/{command}");
        let missing = app.post(&path, &json!({})).await;
        assert_eq!(
            missing.refused(400, "campo_ausente").json()["campo"],
            "motivo"
        );
        let blank = app.post(&path, &json!({"motivo": "  "})).await;
        assert_eq!(
            blank.refused(400, "motivo_invalido").json()["campo"],
            "motivo"
        );
        app.ordenar(&id, command)
            .await
            .refused(415, "tipo_de_contenido_no_admitido");
    }
    let path = format!("/ingesta/{id}/rechazar");
    app.post(&path, &json!({"motivos": []}))
        .await
        .refused(400, "sin_motivos");
    let unknown = app.post(&path, &json!({"motivos": ["porque_si"]})).await;
    unknown.refused(400, "motivo_rechazo_desconocido");
    let flagged = app
        .post(
            &format!("/ingesta/{id}/alertar"),
            &json!({"motivo": "mirar"}),
        )
        .await;
    let since = flagged.ok(202).text_of("posicion");
    let read = app
        .get(&format!("/ingesta/consulta-por-id/{id}?desde={since}"))
        .await;
    assert_eq!(read.ok(200).text_of("motivo"), "mirar");
}

#[tokio::test]
async fn if_match_is_honoured_and_may_be_absent() {
    let app = TestApp::start().await;
    let id = app.ingesta().await;
    let send = |tag: &'static str| {
        let request = app.request(Method::POST, &format!("/ingesta/{id}/iniciar"));
        app.send(request.header("if-match", tag))
    };
    let stale = send("\"7\"").await;
    stale.refused(412, "version_distinta");
    assert_eq!(
        (stale.header("etag"), &stale.json()["version"]),
        ("\"1\"", &json!(1))
    );
    send("W/\"1\"").await.refused(412, "version_distinta");
    send("1").await.refused(400, "if_match_malformado");
    assert_eq!(send("\"1\"").await.ok(202).header("etag"), "\"2\"");
    // The step is done, and the version at hand is not the current one any more.
    send("\"1\"").await.refused(412, "version_distinta");
    send("*").await.ok(202);
    let nobody = uuid::Uuid::now_v7();
    let request = app.request(Method::POST, &format!("/ingesta/{nobody}/iniciar"));
    let unknown = app.send(request.header("if-match", "\"1\"")).await;
    unknown.refused(404, "ingesta_no_existe");
}

#[tokio::test]
async fn b_28_of_many_at_once_one_is_done_and_the_others_are_told() {
    let app = TestApp::start().await;
    let id = app.ingesta().await;
    let sends = (0..8).flat_map(|_| ["eliminar", "iniciar"]);
    let sends = sends.map(|command| app.ordenar(&id, command));
    let answers = futures_util::future::join_all(sends).await;
    let done = |a: &&Answer| a.status == 202 && a.json()["ya_realizado"] == Value::Bool(false);
    assert_eq!(answers.iter().filter(done).count(), 1);
    assert!(answers.iter().all(|a| matches!(a.status, 202 | 409)));
    assert_eq!(
        app.count("select count(*) from events where aggregate_type = 'Ingesta'")
            .await,
        2
    );
}
