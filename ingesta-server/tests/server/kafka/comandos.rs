//! Commands from topics: carried out once, refused as at the HTTP door, and never lost.

use std::sync::Arc;

use ingesta_event_store::{PostgresStorage, Storage};
use ingesta_kafka::envelope::Shape;
use ingesta_kafka::message::{Header, IncomingMessage};
use ingesta_server::AppOptions;
use ingesta_server::app::Messaging;
use ingesta_server::app::event_codec;
use ingesta_server::comandos::Despachador;
use ingesta_server::entradas::entradas;
use ingesta_server::mensajes::{Esquema, Format, Rutas};
use serde_json::{Value, json};
use uuid::Uuid;

use super::llegada::{CREATED, creadas, estado};
use super::stage::{Stage, sobre, sobre_de};
use crate::test_app::{TestApp, cuerpo, cuerpo_con, options};

const CREAR: Esquema = Esquema::ComandoCrearIngesta;
const ELIMINAR: Esquema = Esquema::ComandoEliminarIngesta;
const REVERTIR: Esquema = Esquema::ComandoRevertirIngesta;

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
async fn commands_come_as_json_and_without_their_envelope_where_the_table_says_so() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let rutas = Rutas::default().with_format(Format::Json);
    let rutas = rutas.with_prefix(&stage.prefix);
    let bare = rutas.with_shape(&stage.topic(ELIMINAR), Shape::DataOnly);
    let messaging = Messaging {
        rutas: bare.expect("it is a topic of commands"),
        ..stage.messaging()
    };
    let app = TestApp::start_with(AppOptions {
        messaging: Some(messaging),
        ..options()
    })
    .await;
    stage.topics_ready(&app).await;
    let body = json!({
        "id": "c1", "time": 0, "ingestion": 0, "specversion": "v1", "type": "ComandoCrearIngesta",
        "datacontenttype": "JSON", "service_name": "prueba", "data": cuerpo(),
    });
    stage
        .escribir(CREAR, "k", Some(body.to_string().into()))
        .await;
    creadas(&app, 1).await;
    app.drain().await;
    let id = app.get("/ingesta/todas").await.json()[0]["id_ingesta"].clone();
    let id = id.as_str().expect("an id").to_owned();
    let alone = json!({"data": {"id_ingesta": id}}).to_string();
    stage.escribir(ELIMINAR, &id, Some(alone.into())).await;
    estado(&app, &id, "Eliminada").await;
    // What is not of the shape that was said is put aside, and not guessed at.
    let enveloped = json!({"id": "e2", "data": {"id_ingesta": id}}).to_string();
    stage.escribir(ELIMINAR, &id, Some(enveloped.into())).await;
    stage.escribir(CREAR, "k", Some(b"{".to_vec())).await;
    stage.codigos(ELIMINAR, 1).await;
    assert_eq!(stage.codigos(CREAR, 1).await, ["truncated"]);
    app.app.stop().await;
}

#[tokio::test]
async fn a_command_on_the_topic_of_another_is_not_taken_for_that() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = stage.app().await;
    stage.topics_ready(&app).await;
    let id = app.ingesta().await;
    let data = json!({"id_ingesta": id});
    // The two look alike but for their names.
    let revertir = sobre_de(ELIMINAR, "ComandoRevertirIngesta", "r1", &data);
    stage.escribir(ELIMINAR, &id, Some(revertir)).await;
    let by_header = vec![Header::new("ce_type", "ComandoRevertirIngesta")];
    let value = sobre(ELIMINAR, "r2", &data);
    stage
        .escribir_con(ELIMINAR, &id, Some(value), by_header)
        .await;
    assert_eq!(
        stage.codigos(ELIMINAR, 2).await,
        ["tipo_ajeno", "tipo_ajeno"]
    );
    assert_eq!(app.leer(&id).await.ok(200).text_of("estado"), "Creada");
    // Its own name, and one that only its sender knows, are carried out.
    let own = sobre_de(ELIMINAR, "ComandoEliminarIngesta", "e1", &data);
    stage.escribir(ELIMINAR, &id, Some(own)).await;
    estado(&app, &id, "Eliminada").await;
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
    let rutas = Rutas::default();
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
