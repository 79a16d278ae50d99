//! A broker that is away: at the start, or in the middle of everything.

use ingesta_kafka::connect::KafkaOptions;
use ingesta_server::app::Messaging;
use ingesta_server::mensajes::Esquema;
use ingesta_server::{AppOptions, registry};
use ingesta_testing::eventually;
use ingesta_testing::services::OwnedBroker;
use reqwest::Method;
use serde_json::Value;

use super::contado::contar;
use super::publicados::published;
use super::stage::{Stage, within};
use crate::test_app::{TestApp, cuerpo, options};

fn component(ready: &Value, name: &str) -> Value {
    let components = ready["components"].as_array().expect("components");
    let found = components
        .iter()
        .find(|component| component["name"] == name);
    found.cloned().unwrap_or(Value::Null)
}

/// Waits until readiness says that this component is degraded for want of a broker; it stays ready.
async fn degraded(app: &TestApp, name: &str) -> String {
    eventually("the broker's absence to show", async || {
        let ready = app.get("/readyz").await;
        let shown = component(&ready.json(), name);
        let detail = shown["detail"].as_str()?.to_owned();
        let away = detail.contains("unreachable since");
        (ready.status == 200 && shown["status"] == "degraded" && away).then_some(detail)
    })
    .await
}

#[tokio::test]
async fn b_02_without_a_broker_commands_are_answered_and_it_is_said() {
    // Nobody listens on the discard port.
    let app = TestApp::start_with(AppOptions {
        messaging: Some(Messaging::new(KafkaOptions::new("127.0.0.1:9"))),
        ..options()
    })
    .await;
    for _ in 0..20 {
        let body = cuerpo();
        app.crear(&body).await.ok(202);
    }
    app.drain().await;
    degraded(&app, registry::INTEGRACION_INGESTA).await;
    degraded(&app, "kafka").await;
    app.get("/ingesta/health").await.ok(200);
    let metrics = app.get("/metrics").await.text;
    let trouble = "ingesta_relay_trouble_since_seconds{subscription=\"integracion_ingesta\",\
                   kind=\"unreachable\"} ";
    assert!(metrics.contains(trouble), "{metrics}");
    within("the stop", app.app.stop()).await;
}

/// Whoever is told that a command failed does it again; so nobody is told so who need not, and whoever
/// repeats it does it once.
#[tokio::test]
async fn b_03_what_cannot_be_published_is_no_error_and_done_again_it_is_done_once() {
    let Some(broker) = OwnedBroker::start_or_skip().await.expect("a broker") else {
        return;
    };
    let stage = Stage::on(broker.address());
    let app = stage.app().await;
    stage.topics_ready(&app).await;
    // Between the stored row and its message, as the first systems could not bear.
    broker.kill().await.expect("it runs");
    let body = cuerpo();
    let mut answers = Vec::new();
    for _ in 0..3 {
        let request = app.request(Method::POST, "/ingesta/crear-ingesta-comando");
        let request = request.header("idempotency-key", "una-vez").json(&body);
        let answer = app.send(request).await;
        answers.push(answer.ok(202).text_of("id_ingesta"));
    }
    answers.dedup();
    let [id] = &answers[..] else {
        panic!("three answers about more than one ingesta: {answers:?}");
    };
    let created = "select count(*) from events where event_type = 'IngestaCreada'";
    assert_eq!(app.count(created).await, 1);
    app.leer(id).await.ok(200);
    broker.start_again().await.expect("it comes back");
    published(&app).await;
    let told = stage.leer_todo(Esquema::EventosIngesta, 2).await;
    let told = contar(&told).firsts;
    assert_eq!((told.len(), &told[0].key), (1, id));
    app.app.stop().await;
}

#[tokio::test]
async fn b_06_a_broker_that_comes_after_the_server_gets_everything() {
    let Some(broker) = OwnedBroker::start_or_skip().await.expect("a broker") else {
        return;
    };
    broker.kill().await.expect("it runs");
    let stage = Stage::on(broker.address());
    let app = stage.app().await;
    let id = app.ingesta().await;
    degraded(&app, "kafka").await;
    broker.start_again().await.expect("it comes back");
    stage.topics_ready(&app).await;
    let told = stage.leer(Esquema::EventosIngesta, 1).await;
    assert_eq!(told[0].key, id);
    // Commands from topics too, without a restart.
    stage
        .ordenar(Esquema::ComandoCrearIngesta, "tarde", &cuerpo())
        .await;
    eventually("the command", async || {
        let sql = "select count(*) from events where event_type = 'IngestaCreada'";
        (app.count(sql).await == 2).then_some(())
    })
    .await;
    eventually("all to be well", async || {
        let ready = app.get("/readyz").await.json();
        let names = registry::RELAYS.iter().copied().chain(["kafka"]);
        let well = |name| component(&ready, name)["status"] == "up";
        names.into_iter().all(well).then_some(())
    })
    .await;
    app.app.stop().await;
}

#[tokio::test]
async fn b_13_a_broker_that_dies_or_freezes_holds_no_request_up_and_takes_no_event() {
    let Some(broker) = OwnedBroker::start_or_skip().await.expect("a broker") else {
        return;
    };
    let stage = Stage::on(broker.address());
    let app = stage.app().await;
    stage.topics_ready(&app).await;
    let mut ids = vec![app.ingesta().await];
    broker.pause().expect("it runs");
    for _ in 0..10 {
        ids.push(app.ingesta().await);
    }
    broker.kill().await.expect("it is there");
    for _ in 0..10 {
        ids.push(app.ingesta().await);
    }
    app.drain().await;
    broker.start_again().await.expect("it comes back");
    published(&app).await;
    let told = stage.leer_todo(Esquema::EventosIngesta, 2).await;
    let mut told: Vec<_> = contar(&told).firsts.iter().map(|one| &one.key).collect();
    told.sort();
    ids.sort();
    assert_eq!(
        told,
        ids.iter().collect::<Vec<_>>(),
        "lost, or told of nobody"
    );
    within("the stop", app.app.stop()).await;
}
