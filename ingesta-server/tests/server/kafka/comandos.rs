//! Commands from topics: carried out once, refused as at the HTTP door, and never lost.

use std::sync::Arc;

use ingesta_event_store::{PostgresStorage, Storage};
use ingesta_kafka::message::{Header, IncomingMessage};
use ingesta_server::app::event_codec;
use ingesta_server::comandos::Despachador;
use ingesta_server::entradas::entradas;
use ingesta_server::mensajes::Esquema;
use ingesta_testing::eventually;
use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::{Stage, sobre};
use crate::test_app::{TestApp, cuerpo, cuerpo_con};

const CREAR: Esquema = Esquema::ComandoCrearIngesta;
const ELIMINAR: Esquema = Esquema::ComandoEliminarIngesta;
const REVERTIR: Esquema = Esquema::ComandoRevertirIngesta;

const CREATED: &str = "select count(*) from events where event_type = 'IngestaCreada'";

async fn creadas(app: &TestApp, count: i64) {
    eventually("the ingestas", async || {
        (app.count(CREATED).await >= count).then_some(())
    })
    .await;
}

async fn estado(app: &TestApp, id: &str, estado: &str) {
    eventually("the state", async || {
        let read = app.leer(id).await;
        (read.status == 200 && read.text_of("estado") == estado).then_some(())
    })
    .await;
}

/// The payload of the only creation, without what is made anew each time.
async fn payload(app: &TestApp) -> Value {
    let sql = "select payload::text from events where event_type = 'IngestaCreada'";
    let text: String = sqlx::query_scalar(sql)
        .fetch_one(app.database.pool())
        .await
        .expect("the event");
    let mut event: Value = serde_json::from_str(&text).expect("JSON");
    let fields = event["IngestaCreada"].as_object_mut().expect("an object");
    fields.retain(|name, _| !name.starts_with("fecha") && name != "id");
    event
}

#[tokio::test]
async fn b_25_both_doors_store_the_same_and_refuse_the_same() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let (by_topic, by_http) = (stage.app().await, TestApp::start().await);
    stage.topics_ready(&by_topic).await;
    let wrong = [
        cuerpo_con("id_proveedor", json!("no-es-uuid")),
        cuerpo_con("id_paciente", json!("None")),
        cuerpo_con("url_path", json!("ftp://imagenes/x")),
        cuerpo_con("url_path", json!("http")),
        cuerpo_con("url_path", Value::Null),
    ];
    let mut expected = Vec::new();
    for (index, body) in wrong.iter().enumerate() {
        let refused = by_http.crear(body).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        expected.push(refused.text_of("code"));
        stage.ordenar(CREAR, &format!("malo-{index}"), body).await;
    }
    expected.sort();
    assert_eq!(stage.codigos(CREAR, wrong.len()).await, expected);

    let body = cuerpo();
    by_http.crear(&body).await.ok(202);
    stage.ordenar(CREAR, "bueno", &body).await;
    creadas(&by_topic, 1).await;
    assert_eq!(payload(&by_topic).await, payload(&by_http).await);

    // States too: an ingesta in process is not withdrawn, an unknown one is not there.
    let id = by_topic.ingesta().await;
    by_topic.ordenar(&id, "iniciar").await.ok(202);
    let refused = by_topic.ordenar(&id, "eliminar").await;
    let unknown = Uuid::new_v4().to_string();
    let missing = by_topic.ordenar(&unknown, "eliminar").await;
    stage
        .ordenar(ELIMINAR, "e1", &json!({"id_ingesta": id}))
        .await;
    stage
        .ordenar(ELIMINAR, "e2", &json!({"id_ingesta": unknown}))
        .await;
    let mut expected = [refused.text_of("code"), missing.text_of("code")];
    expected.sort();
    assert_eq!(stage.codigos(ELIMINAR, 2).await, expected);
    by_topic.app.stop().await;
}

#[tokio::test]
async fn every_command_topic_does_its_command_and_keeps_the_conversation() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = stage.app().await;
    stage.topics_ready(&app).await;
    let (first, second) = (app.ingesta().await, app.ingesta().await);
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = vec![
        Header::new("traceparent", trace),
        Header::new("ce_correlationid", "conversacion-7"),
    ];
    let value = sobre(ELIMINAR, "orden-1", &json!({"id_ingesta": first}));
    stage
        .escribir_con(ELIMINAR, &first, Some(value), headers)
        .await;
    stage
        .ordenar(REVERTIR, "orden-2", &json!({"id_ingesta": second}))
        .await;
    estado(&app, &first, "Eliminada").await;
    estado(&app, &second, "Fallida").await;
    let sql = "select metadata::text from events where event_type = 'IngestaEliminada'";
    let metadata: String = sqlx::query_scalar(sql)
        .fetch_one(app.database.pool())
        .await
        .expect("the event");
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    assert_eq!(metadata["traceparent"], trace);
    assert_eq!(metadata["correlation_id"], "conversacion-7");
    assert_eq!(metadata["causation_id"], "orden-1");
    let name = format!("kafka/{}/orden-1", stage.topic(ELIMINAR));
    assert_eq!(metadata["command_id"], name);
    app.app.stop().await;
}

#[tokio::test]
async fn b_07_a_command_that_is_sent_twice_is_one_ingesta() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = stage.app().await;
    stage.topics_ready(&app).await;
    let body = cuerpo();
    for _ in 0..3 {
        stage.ordenar(CREAR, "una-vez", &body).await;
    }
    // The same id with another wish is not the same command, and is not taken for it.
    stage.ordenar(CREAR, "una-vez", &cuerpo()).await;
    assert_eq!(stage.codigos(CREAR, 1).await, ["command_id_reused"]);
    assert_eq!(app.count(CREATED).await, 1);
    app.app.stop().await;
}

#[tokio::test]
async fn b_07_twenty_deliveries_at_once_are_one_ingesta() {
    let app = TestApp::start().await;
    let storage: Arc<dyn Storage> = Arc::new(PostgresStorage::new(app.database.clone()));
    let despachador = Despachador::new(storage, event_codec());
    let rutas = ingesta_server::mensajes::Rutas::default();
    // Two servers, each with what it makes of the topic.
    let one = entradas(&rutas, &despachador).expect("the table is sound");
    let other = entradas(&rutas, &despachador).expect("the table is sound");
    let message = IncomingMessage {
        topic: CREAR.topic().to_owned(),
        partition: 0,
        offset: 0,
        key: None,
        value: Some(sobre(CREAR, "a-la-vez", &cuerpo())),
        headers: Vec::new(),
        timestamp: None,
    };
    let handlers = [&one[0].manejador, &other[0].manejador];
    let deliveries = (0..20).map(|index| handlers[index % 2].handle(&message));
    for ended in futures_util::future::join_all(deliveries).await {
        ended.expect("done, now or before");
    }
    assert_eq!(app.count(CREATED).await, 1);
}

#[tokio::test]
async fn b_04_a_command_that_failed_is_kept_with_its_reason_and_can_come_again() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = stage.app().await;
    stage.topics_ready(&app).await;
    let id = app.ingesta().await;
    app.ordenar(&id, "iniciar").await.ok(202);
    // In process it is not withdrawn; once a person was called, it is.
    stage
        .ordenar(ELIMINAR, "pronto", &json!({"id_ingesta": id}))
        .await;
    assert_eq!(stage.codigos(ELIMINAR, 1).await, ["transicion_invalida"]);
    let motivo = json!({"motivo": "limpieza rechazada"});
    app.post(&format!("/ingesta/{id}/alertar"), &motivo)
        .await
        .ok(202);
    let letters = ingesta_kafka::dead_letters::DeadLetters::new(&stage.kafka).expect("options");
    let which = ingesta_kafka::dead_letters::Which::Topic(stage.topic(ELIMINAR));
    assert_eq!(letters.replay(&which).await.expect("the broker answers"), 1);
    estado(&app, &id, "Eliminada").await;
    assert!(stage.apartados(ELIMINAR).await.is_empty());
    app.app.stop().await;
}

#[tokio::test]
async fn b_04_a_database_that_is_away_loses_no_command() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = stage.app().await;
    stage.topics_ready(&app).await;
    // The server's own table cannot be written for a while.
    let locked = app.database.pool().begin().await;
    let mut locked = locked.expect("a transaction");
    sqlx::query("lock table events in access exclusive mode")
        .execute(&mut *locked)
        .await
        .expect("the lock");
    stage.ordenar(CREAR, "espera", &cuerpo()).await;
    eventually("the command to be under way", async || {
        let metrics = app.get("/metrics").await.text;
        let gauge = "ingesta_inbox_in_flight_messages{topic=\"comando-crear-ingesta\"} 1";
        metrics.contains(gauge).then_some(())
    })
    .await;
    locked.rollback().await.expect("the end of it");
    creadas(&app, 1).await;
    assert!(stage.apartados(CREAR).await.is_empty());
    app.app.stop().await;
}

#[tokio::test]
async fn t_14_poison_is_put_aside_and_its_neighbours_go_on() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = stage.app().await;
    stage.topics_ready(&app).await;
    // One key, so one partition: every poison stands before the good one.
    let secret = "paciente-secreto";
    let good = sobre(CREAR, "bueno", &cuerpo());
    let mut cut = good.clone();
    cut.truncate(good.len() / 2);
    let mut long = good.clone();
    long.push(0);
    let poison: [Option<Vec<u8>>; 6] = [
        None,
        Some(Vec::new()),
        Some(secret.as_bytes().to_vec()),
        Some(cut),
        Some(long),
        Some(vec![b'['; 900_000]),
    ];
    let count = poison.len();
    for value in poison {
        stage.escribir(CREAR, secret, value).await;
    }
    stage.escribir(CREAR, secret, Some(good)).await;
    creadas(&app, 1).await;
    let letters = stage.apartados(CREAR).await;
    assert_eq!(letters.len(), count);
    for letter in &letters {
        assert!(
            !letter.code.is_empty() && !letter.reason.is_empty(),
            "{letter:?}"
        );
        assert!(!format!("{letter:?}").contains(secret), "{letter:?}");
        assert_eq!(letter.group, format!("sta-sub-{}", stage.topic(CREAR)));
    }
    let said = format!("1 handled, {count} put aside");
    let ready = eventually("the count to show", async || {
        let ready = app.get("/readyz").await;
        (ready.status == 200 && ready.text.contains(&said)).then_some(ready)
    })
    .await;
    let metrics = app.get("/metrics").await.text;
    let gauge =
        format!("ingesta_inbox_dead_lettered_messages{{topic=\"comando-crear-ingesta\"}} {count}");
    assert!(metrics.contains(&gauge), "{metrics}");
    assert!(!metrics.contains(secret) && !ready.text.contains(secret));
    app.app.stop().await;
}

#[tokio::test]
async fn b_05_a_message_that_nobody_can_read_ends_no_reader_nor_the_next_one() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let before = stage.app().await;
    stage.topics_ready(&before).await;
    stage
        .escribir(CREAR, "k", Some(b"no es Avro".to_vec()))
        .await;
    let good = |id| Some(sobre(CREAR, id, &cuerpo()));
    stage.escribir(CREAR, "k", good("uno")).await;
    creadas(&before, 1).await;
    let TestApp { app, owned, .. } = before;
    app.stop().await;
    // What ended the reader of the first systems met them again at every start.
    let after = TestApp::over(owned, stage.options()).await;
    stage.escribir(CREAR, "k", good("dos")).await;
    creadas(&after, 2).await;
    assert_eq!(stage.apartados(CREAR).await.len(), 1);
    after.app.stop().await;
}
