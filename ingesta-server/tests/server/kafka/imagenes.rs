//! Module `imagenes` as a consumer of topics: the first systems' `sta-sub-evento-ingesta-creada` and
//! `sta-sub-evento-ingesta-revertida`.

use std::sync::Arc;

use ingesta_event_store::{EventStorage, PostgresStorage, Storage};
use ingesta_kafka::inbox::Handler;
use ingesta_kafka::message::IncomingMessage;
use ingesta_server::app::{App, AppOptions, Follow, ImagenesDesde, Messaging, event_codec};
use ingesta_server::comandos::Despachador;
use ingesta_server::entradas::entradas_de_imagenes;
use ingesta_server::mensajes::{Esquema, Rutas};
use ingesta_server::reacciones::ReaccionImagenes;
use ingesta_testing::eventually;
use serde_json::json;
use uuid::Uuid;

use super::llegada::imagen;
use super::stage::{Stage, sobre};
use crate::test_app::{TestApp, connect, cuerpo_con, options};

const EVENTOS: Esquema = Esquema::EventosIngesta;

/// A server whose images hear of ingestas by topic, over one partition.
fn by_topic(stage: &Stage) -> AppOptions {
    AppOptions {
        messaging: Some(Messaging {
            imagenes: ImagenesDesde::Topico,
            partitions: 1,
            ..stage.messaging()
        }),
        ..options()
    }
}

async fn of_type(app: &TestApp, event_type: &str) -> i64 {
    let sql = format!("select count(*) from events where event_type = '{event_type}'");
    app.count(&sql).await
}

async fn revertir(app: &TestApp, id: &str) {
    let path = format!("/ingesta/{id}/revertir");
    let done = app.post(&path, &json!({ "motivo": "limpieza" })).await;
    done.ok(202);
}

#[tokio::test]
async fn an_ingesta_heard_of_by_topic_has_an_image_that_is_undone_with_it() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = TestApp::start_with(by_topic(&stage)).await;
    let mut body = cuerpo_con("bytes", json!(31_288));
    body["modalidad"] = json!("CT");
    let id = app.crear(&body).await.ok(202).text_of("id_ingesta");
    // The message says neither where the image is nor what was declared; the image knows both.
    let made = app.get(&format!("/ingesta/{id}/imagen")).await;
    let made = match made.status {
        200 => made,
        _ => {
            imagen(&app, &id, "verificada").await;
            app.get(&format!("/ingesta/{id}/imagen")).await
        }
    };
    let facts = json!({"bytes": 31_288, "modalidad": "CT"});
    assert_eq!(made.json()["hechos"], facts, "{}", made.text);
    // The command has the name that the reaction to the log would have given it.
    let named = format!(
        "select count(*) from events where event_type = 'ImagenVerificada'
         and command_id = 'imagenes/Ingesta/{id}/1'"
    );
    assert_eq!(app.count(&named).await, 1);
    revertir(&app, &id).await;
    imagen(&app, &id, "revertida").await;
    let followed = "select count(*) from ingesta_subscriptions where name = 'imagenes'";
    assert_eq!(app.count(followed).await, 0, "the log is not followed");
    // The consumer has the first systems' name, and its place is the group's offset.
    eventually("the group's messages to be counted", async || {
        let ready = app.get("/readyz").await.json();
        let all = ready["components"].as_array()?.iter();
        let mut consumers = all.filter(|it| it["name"] == EVENTOS.topic());
        let detail = consumers.next()?["detail"].as_str()?.to_owned();
        detail.contains("2 handled, 0 put aside").then_some(())
    })
    .await;
    app.app.stop().await;
}

#[tokio::test]
async fn b_07_both_ways_at_once_make_one_image() {
    const INGESTAS: i64 = 20;
    let Some(stage) = Stage::new().await else {
        return;
    };
    // One follows the log, the other the topic, as while a setting is changed server by server.
    let one = stage.app().await;
    let other = App::start(connect(&one.owned).await, by_topic(&stage)).await;
    let other = other.expect("the second starts");
    stage.topics_ready(&one).await;
    for n in 0..INGESTAS {
        let id = one.ingesta().await;
        if n % 2 == 0 {
            revertir(&one, &id).await;
        }
    }
    let url = format!("http://{}/metrics", other.addr());
    let gauge = "ingesta_inbox_handled_messages{topic=\"eventos-ingesta\"}";
    let all = format!("{gauge} {}\n", INGESTAS + INGESTAS / 2);
    eventually("the consumer to have handled every message", async || {
        let metrics = reqwest::get(&url).await.ok()?.text().await.ok()?;
        metrics.contains(&all).then_some(())
    })
    .await;
    one.drain().await;
    assert_eq!(of_type(&one, "ImagenVerificada").await, INGESTAS);
    assert_eq!(of_type(&one, "ImagenRevertida").await, INGESTAS / 2);
    assert!(stage.apartados(EVENTOS).await.is_empty());
    let parked = "select count(*) from ingesta_parked_streams";
    assert_eq!(one.count(parked).await, 0);
    other.stop().await;
    one.app.stop().await;
}

#[tokio::test]
async fn t_14_an_event_that_can_make_no_image_is_put_aside_and_its_neighbours_go_on() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = TestApp::start_with(by_topic(&stage)).await;
    stage.topics_ready(&app).await;
    let (unknown, other) = (Uuid::now_v7(), Uuid::now_v7());
    let told = |id: String, of: Uuid| sobre(EVENTOS, &id, &json!({"id_ingesta": of, "fecha": ""}));
    for poison in [
        None,
        Some(b"no es Avro, paciente-secreto".to_vec()),
        // Nobody stored these: no message alone makes an image.
        Some(told(format!("Ingesta/{unknown}/1"), unknown)),
        Some(told(format!("Ingesta/{other}/1"), unknown)),
        Some(told("orden-1".to_owned(), unknown)),
    ] {
        stage.escribir(EVENTOS, "veneno", poison).await;
    }
    let id = app.ingesta().await;
    imagen(&app, &id, "verificada").await;
    let codes = stage.codigos(EVENTOS, 5).await;
    let expected = [
        "event_not_named",
        "event_not_named",
        "event_unknown",
        "malformed",
        "no_value",
    ];
    assert_eq!(codes, expected);
    let letters = stage.apartados(EVENTOS).await;
    let group = format!("sta-sub-{}evento-ingesta-creada", stage.prefix);
    for letter in &letters {
        assert_eq!(letter.group, group);
        assert!(!letter.reason.is_empty());
        assert!(!format!("{letter:?}").contains("secreto"), "{letter:?}");
    }
    assert_eq!(of_type(&app, "ImagenVerificada").await, 1);
    app.app.stop().await;
}

/// A message of this topic about this event.
fn message(esquema: Esquema, id: &str, sequence: u64) -> IncomingMessage {
    let named = format!("Ingesta/{id}/{sequence}");
    IncomingMessage {
        topic: esquema.topic().to_owned(),
        partition: 0,
        offset: 0,
        key: Some(id.into()),
        value: Some(sobre(esquema, &named, &json!({ "id_ingesta": id }))),
        headers: Vec::new(),
        timestamp: None,
    }
}

/// Between two topics there is no order, so the end of an ingesta may be heard of before its beginning.
#[tokio::test]
async fn by_type_the_end_may_come_first_and_everything_twice() {
    let app = TestApp::start_with(AppOptions {
        follow: Follow::Views,
        ..options()
    })
    .await;
    let storage: Arc<dyn Storage> = Arc::new(PostgresStorage::new(app.database.clone()));
    let log: Arc<dyn EventStorage> = Arc::clone(&storage) as _;
    let despachador = Despachador::new(storage, event_codec());
    let reaccion = Arc::new(ReaccionImagenes::new(despachador, event_codec()));
    let rutas = Rutas::default().por_tipo().with_prefix("p.");
    let consumers = entradas_de_imagenes(&rutas, &reaccion, &log).expect("the table is sound");
    let names: Vec<_> = consumers
        .iter()
        .map(|one| (one.topico.as_str(), one.grupo.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("p.evento-ingesta-creada", "sta-sub-p.evento-ingesta-creada"),
            (
                "p.evento-ingesta-revertida",
                "sta-sub-p.evento-ingesta-revertida"
            ),
        ]
    );
    let id = app.ingesta().await;
    revertir(&app, &id).await;
    let created = message(Esquema::EventoIngestaCreada, &id, 1);
    let reverted = message(Esquema::EventoIngestaRevertida, &id, 2);
    let (of_creation, of_end): (&dyn Handler, &dyn Handler) =
        (&*consumers[0].manejador, &*consumers[1].manejador);
    for _ in 0..2 {
        of_end.handle(&reverted).await.expect("done, now or before");
        of_creation.handle(&created).await.expect("done before");
    }
    assert_eq!(of_type(&app, "ImagenVerificada").await, 1);
    assert_eq!(of_type(&app, "ImagenRevertida").await, 1);
    app.app.stop().await;
}
