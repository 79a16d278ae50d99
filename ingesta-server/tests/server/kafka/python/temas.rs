//! Every topic that the server publishes, read in Python with the committed schemas; and every topic
//! of commands, written there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SubsecRound as _, Utc};
use ingesta_server::mensajes::{Esquema, Rutas};
use ingesta_testing::eventually;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Cliente, Mostrado};
use crate::cli::support::Server;
use crate::kafka::operador::{Desk, desk, topics_ready};
use crate::test_app::{cuerpo, cuerpo_con};

const CREAR: Esquema = Esquema::ComandoCrearIngesta;
const ELIMINAR: Esquema = Esquema::ComandoEliminarIngesta;
const REVERTIR: Esquema = Esquema::ComandoRevertirIngesta;

/// What is told on a topic of its own, besides.
const POR_TIPO: [(Esquema, &str); 5] = [
    (Esquema::EventoIngestaCreada, "IngestaCreada"),
    (Esquema::EventoIngestaEliminada, "IngestaEliminada"),
    (Esquema::EventoFalloIngesta, "IngestaRevertida"),
    (Esquema::EventoIngestaRevertida, "IngestaRevertida"),
    (Esquema::EventoAlertaIngesta, "IngestaAlertada"),
];

async fn ordenar(server: &Server, id: &str, command: &str, body: &Value) {
    let (status, answer) = server.post(&format!("/ingesta/{id}/{command}"), body).await;
    assert_eq!(status, 202, "{answer}");
}

async fn crear(server: &Server, body: &Value) -> String {
    let (status, answer) = server.post("/ingesta/crear-ingesta-comando", body).await;
    assert_eq!(status, 202, "{answer}");
    answer["id_ingesta"].as_str().expect("an id").to_owned()
}

/// Waits until what this path answers is in this state.
pub(super) async fn hasta(server: &Server, path: &str, estado: &str) {
    eventually(&format!("{estado} at {path}"), async || {
        let (status, read) = server.get(path).await;
        (status == 200 && read["estado"] == estado).then_some(())
    })
    .await;
}

pub(super) fn leida(id: &str) -> String {
    format!("/ingesta/consulta-por-id/{id}")
}

fn imagen(id: &str) -> String {
    format!("/ingesta/{id}/imagen")
}

/// The ingesta of this provider.
pub(super) async fn la_de(server: &Server, body: &Value) -> String {
    eventually("the ingesta of a command", async || {
        let (_, all) = server.get("/ingesta/todas").await;
        let mut all = all.as_array().expect("a page").iter();
        let found = all.find(|one| one["id_proveedor"] == body["id_proveedor"]);
        Some(found?["id_ingesta"].as_str()?.to_owned())
    })
    .await
}

/// Ingestas through every event that there is, by HTTP.
async fn por_http(server: &Server) -> Vec<String> {
    let motivo = json!({"motivo": "a reason that leaves nowhere"});
    let ended = crear(server, &cuerpo()).await;
    ordenar(server, &ended, "iniciar", &json!({})).await;
    ordenar(server, &ended, "finalizar", &json!({})).await;
    let undone = crear(server, &cuerpo()).await;
    // A verdict that came later would find it undone, and there would be no image to undo.
    hasta(server, &imagen(&undone), "verificada").await;
    ordenar(server, &undone, "iniciar", &json!({})).await;
    ordenar(server, &undone, "alertar", &motivo).await;
    ordenar(server, &undone, "revertir", &motivo).await;
    hasta(server, &imagen(&undone), "revertida").await;
    let refused = crear(server, &cuerpo_con("bytes", json!(0))).await;
    hasta(server, &leida(&refused), "Rechazada").await;
    vec![ended, undone, refused]
}

/// Ingestas that the client made, withdrew and undid.
async fn por_comandos(server: &Server, cliente: &Cliente) -> Vec<String> {
    let wish = cuerpo();
    for _ in 0..2 {
        // Sent twice, as by somebody who got no answer.
        cliente.ordenar(CREAR, "python-crear", "una", &wish).await;
    }
    let withdrawn = la_de(server, &wish).await;
    let failed = crear(server, &cuerpo()).await;
    for id in [&withdrawn, &failed] {
        hasta(server, &imagen(id), "verificada").await;
    }
    for (esquema, name, id, estado) in [
        (ELIMINAR, "python-eliminar", &withdrawn, "Eliminada"),
        (REVERTIR, "python-revertir", &failed, "Fallida"),
    ] {
        let data = json!({"id_ingesta": id});
        cliente.ordenar(esquema, name, id, &data).await;
        hasta(server, &leida(id), estado).await;
    }
    hasta(server, &imagen(&failed), "revertida").await;
    vec![withdrawn, failed]
}

/// Waits until both relays are at the end of the log.
pub(super) async fn publicado(desk: &Desk, server: &Server) {
    desk.ground
        .eventually("the relays", async || {
            let status = ["relay", "status", "--json", "--url", &server.url];
            let lines = desk.run(&status).expect(0).json();
            let done = |line: &Value| line["lag_events"] == 0 && line["in_flight"] == 0;
            (lines.len() == 2 && lines.iter().all(done)).then_some(())
        })
        .await;
}

/// First occurrences by topic, in the order of each key; a repetition is equal to its first.
fn primeras(messages: Vec<Mostrado>) -> BTreeMap<String, Vec<Mostrado>> {
    let mut topics: BTreeMap<String, Vec<Mostrado>> = BTreeMap::new();
    for message in messages {
        let told = topics.entry(message.topic.clone()).or_default();
        let of_key = told.iter().find(|one| one.key == message.key);
        assert!(
            of_key.is_none_or(|one| one.partition == message.partition),
            "a key on two partitions"
        );
        match told.iter().find(|one| one.id() == message.id()) {
            Some(first) => assert_eq!(first.value, message.value),
            None => told.push(message),
        }
    }
    topics
}

fn sobre_y_cabeceras(message: &Mostrado) {
    let value = &message.value;
    assert_eq!(value["id"], message.id());
    assert_eq!(value["type"], message.header("ce_type"));
    assert_eq!(value["specversion"], "v1");
    assert_eq!(value["datacontenttype"], "AVRO");
    assert_eq!(value["service_name"], "sta");
    assert_eq!(message.header("ce_specversion"), "1.0");
    assert_eq!(message.header("ce_source"), "/sta");
    let when: DateTime<Utc> = message.header("ce_time").parse().expect("an instant");
    assert_eq!(value["time"], when.timestamp_millis());
    let [_, subject, sequence] = partes(message);
    assert_eq!(message.header("ce_subject"), subject);
    let padded: u64 = message.header("ce_sequence").parse().expect("a number");
    assert_eq!(padded.to_string(), sequence);
    assert_eq!(value["data"]["id_ingesta"], message.key);
}

/// `Ingesta/018f.../3`: of what, which, and its how-manieth event.
fn partes(message: &Mostrado) -> [&str; 3] {
    let parts: Vec<_> = message.id().split('/').collect();
    parts.try_into().expect("three parts")
}

/// Each field as HTTP has it at that version.
async fn como_http(server: &Server, message: &Mostrado) {
    let [kind, _, version] = partes(message);
    let path = match kind {
        "Ingesta" => leida(&message.key),
        other => {
            assert_eq!(other, "Imagen");
            imagen(&message.key)
        }
    };
    let (status, row) = server.get(&format!("{path}?version={version}")).await;
    assert_eq!(status, 200, "{row}");
    let data = message.value["data"].as_object().expect("a record");
    let one_type = !message.topic.contains("eventos-");
    for (field, told) in data {
        let said = &row[match field.as_str() {
            "fecha" => "fecha_actualizacion",
            same => same,
        }];
        match (field.as_str(), told) {
            (_, Value::Null) => assert!(!one_type, "{field} of {message:?}"),
            // For those who may not know where the image is: where to ask for the ingesta.
            ("url_path", reference) => {
                let reference = reference.as_str().expect("a text");
                let (status, there) = server.get(reference).await;
                assert_eq!((status, &there["id_ingesta"]), (200, &row["id_ingesta"]));
            }
            (field, Value::String(told)) if field.starts_with("fecha") => {
                let instant = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
                let said = said.as_str().expect("a text");
                // Messages tell microseconds.
                let said = instant(said).trunc_subsecs(6);
                assert_eq!(instant(told), said, "{field} of {message:?}");
            }
            (field, told) => assert_eq!(told, said, "{field} of {message:?}"),
        }
    }
}

/// Every event of every ingesta, in order, and no other.
async fn completas(server: &Server, ids: &[String], told: &[Mostrado]) {
    let keys: BTreeSet<_> = told.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ids.iter().map(String::as_str).collect());
    for id in ids {
        let (_, row) = server.get(&leida(id)).await;
        let version = row["version"].as_u64().expect("a number");
        let sequences = told.iter().filter(|one| one.key == *id);
        let sequences: Vec<_> = sequences.map(|one| partes(one)[2].to_owned()).collect();
        let wanted: Vec<_> = (1..=version).map(|n| n.to_string()).collect();
        assert_eq!(sequences, wanted, "{id}");
    }
}

fn tipos(told: &[Mostrado]) -> BTreeSet<&str> {
    told.iter().map(|one| one.header("ce_type")).collect()
}

fn ids_de(told: &[Mostrado], tipo: Option<&str>) -> BTreeSet<String> {
    let wanted = |one: &&Mostrado| tipo.is_none_or(|tipo| one.header("ce_type") == tipo);
    let told = told.iter().filter(wanted);
    told.map(|one| one.id().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn python_reads_every_topic_as_http_tells_it_and_its_commands_are_carried_out() {
    let Some(desk) = desk().await else {
        return;
    };
    let Some(cliente) = Cliente::of(&desk.stage, None).await else {
        return;
    };
    let server = desk.serve_with(&[("INGESTA_KAFKA_ROUTES", "por_tipo")]);
    topics_ready(&server).await;
    let mut ids = por_http(&server).await;
    ids.extend(por_comandos(&server, &cliente).await);
    publicado(&desk, &server).await;

    let rutas = Rutas::default().por_tipo().with_prefix(&desk.stage.prefix);
    let topics: Vec<_> = rutas
        .events()
        .iter()
        .map(|ruta| ruta.topic.clone())
        .collect();
    assert_eq!(topics.len(), 7);
    let told = primeras(cliente.leer(&topics).await);
    assert_eq!(told.len(), topics.len(), "every topic tells something");
    for message in told.values().flatten() {
        sobre_y_cabeceras(message);
        como_http(&server, message).await;
    }
    let ingestas = &told[&desk.stage.topic(Esquema::EventosIngesta)];
    completas(&server, &ids, ingestas).await;
    assert_eq!(tipos(ingestas).len(), 7, "every event of an ingesta");
    let imagenes = &told[&desk.stage.topic(Esquema::EventosImagen)];
    assert_eq!(
        tipos(imagenes),
        ["ImagenRechazada", "ImagenRevertida", "ImagenVerificada"].into()
    );
    for (esquema, tipo) in POR_TIPO {
        let own = &told[&desk.stage.topic(esquema)];
        assert_eq!(ids_de(own, None), ids_de(ingestas, Some(tipo)), "{tipo}");
    }
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_python_wrote_and_the_server_put_aside_python_reads() {
    let Some(desk) = desk().await else {
        return;
    };
    let Some(cliente) = Cliente::of(&desk.stage, None).await else {
        return;
    };
    let server = desk.serve();
    topics_ready(&server).await;
    let unknown = Uuid::new_v4().to_string();
    let wish = cuerpo_con("url_path", json!("ftp://imagenes/x"));
    let sent = [
        (CREAR, "mala", wish),
        (ELIMINAR, "de-nadie", json!({"id_ingesta": unknown})),
        (REVERTIR, "de-nadie-tampoco", json!({"id_ingesta": unknown})),
    ];
    for (esquema, id, data) in &sent {
        cliente.ordenar(*esquema, id, &unknown, data).await;
        desk.stage.codigos(*esquema, 1).await;
    }
    for (esquema, id, data) in &sent {
        let topic = desk.stage.topic(*esquema);
        let dead = format!("{topic}.dead");
        for message in cliente.leer(&[topic, dead]).await {
            assert_eq!((message.id(), &message.value["id"]), (*id, &json!(id)));
            assert_eq!(message.value["service_name"], "sta-py");
            let data = data.as_object().expect("an object");
            for (field, said) in data {
                assert_eq!(&message.value["data"][field], said, "{field}");
            }
            let put_aside = message.topic.ends_with(".dead");
            let reason = message.headers["dead-letter-code"].as_str();
            assert_eq!(reason.is_some(), put_aside, "{message:?}");
        }
    }
    assert_eq!(server.terminate(), Some(0));
}
