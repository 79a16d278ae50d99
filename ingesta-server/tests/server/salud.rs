//! How the server says how it stands, and the description of itself.

use ingesta_event_store::SubscriptionStorage;
use ingesta_server::registry;
use ingesta_testing::eventually;
use ingesta_testing::services::OwnedDatabase;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::test_app::{TestApp, connect, options};

fn component(answer: &Value, name: &str) -> Value {
    let components = answer["components"].as_array().expect("components");
    components
        .iter()
        .find(|c| c["name"] == name)
        .cloned()
        .unwrap_or(Value::Null)
}

#[tokio::test]
async fn a_server_that_works_says_so_everywhere() {
    let app = TestApp::start().await;
    app.ready().await;
    for path in ["/ingesta/health", "/health", "/livez"] {
        assert_eq!(
            app.get(path).await.ok(200).json(),
            json!({"status": "up"}),
            "{path}"
        );
    }
    let ready = app.get("/readyz").await.ok(200).json();
    assert_eq!(ready["status"], "ready");
    for name in ["database", "schema"]
        .into_iter()
        .chain(registry::subscriptions())
    {
        assert_eq!(component(&ready, name)["status"], "up", "{name}: {ready}");
    }
}

#[tokio::test]
async fn b_65_health_is_honest_about_a_database_that_is_gone() {
    let app = TestApp::start().await;
    app.ready().await;
    // Nobody may connect any more, and who is connected is thrown out.
    app.database.close().await;
    let health = app.get("/ingesta/health").await;
    assert_eq!(health.ok(503).json()["status"], "down");
    assert_eq!(component(&health.json(), "database")["status"], "down");
    app.get("/readyz").await.ok(503);
    app.get("/livez").await.ok(200);
    assert!(
        app.get("/metrics")
            .await
            .ok(200)
            .text
            .contains("ingesta_database_up 0")
    );
    let refused = app.crear(&crate::test_app::cuerpo()).await;
    refused.refused(503, "base_de_datos_no_disponible");
    assert!(refused.headers.contains_key("retry-after"));
    app.get("/ingesta/todas")
        .await
        .refused(503, "base_de_datos_no_disponible");
}

#[tokio::test]
async fn a_poisoned_projection_parks_its_stream_shows_it_and_hurts_no_neighbour() {
    let app = TestApp::start().await;
    app.ready().await;
    let poison = Uuid::now_v7().to_string();
    app.insert(
        "Ingesta",
        &poison,
        1,
        ("IngestaCreada", json!({"otra": "forma"})),
    )
    .await;
    let neighbour = app.ingesta().await;
    app.drain().await;
    let ready = app.get("/readyz").await;
    let shown = component(&ready.ok(200).json(), registry::VISTA_INGESTAS);
    assert_eq!(shown["status"], "degraded", "{shown}");
    assert!(
        shown["detail"]
            .as_str()
            .is_some_and(|text| text.contains("1 parked")),
        "{shown}"
    );
    let parked = app
        .storage
        .parked(registry::VISTA_INGESTAS)
        .await
        .expect("the store answers");
    assert_eq!(parked[0].reason.code, "undecodable");
    let metrics = app.get("/metrics").await;
    let gauge = "ingesta_subscription_parked_streams{subscription=\"vista_ingestas\"} 1";
    assert!(metrics.ok(200).text.contains(gauge), "{}", metrics.text);
    assert_eq!(
        app.leer(&neighbour).await.ok(200).text_of("estado"),
        "Creada"
    );
    assert_eq!(
        app.get("/ingesta/todas")
            .await
            .ok(200)
            .json()
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    app.leer(&poison).await.refused(500, "error_interno");
}

#[tokio::test]
async fn a_projection_that_is_stuck_on_a_row_says_so_without_a_word_of_it() {
    let app = TestApp::start().await;
    let id = app.ingesta().await;
    app.drain().await;
    let damage = "update vista_ingestas set payload = '{\"id_paciente\":\"paciente-secreto\"}'";
    sqlx::query(damage)
        .execute(app.database.pool())
        .await
        .expect("the row is damaged");
    app.ordenar(&id, "iniciar").await.ok(202);
    let shown = eventually("the projection to be stuck", async || {
        let ready = app.get("/readyz").await;
        assert!(!ready.text.contains("secreto"), "{}", ready.text);
        let shown = component(&ready.json(), registry::VISTA_INGESTAS);
        (shown["detail"].as_str()?.contains("stuck")).then_some(shown)
    })
    .await;
    assert_eq!(shown["status"], "degraded", "{shown}");
    let detail = shown["detail"].as_str().expect("a text");
    assert!(detail.contains("a row of table vista_ingestas"), "{detail}");
    let metrics = app.get("/metrics").await;
    let gauge = "ingesta_subscription_stuck{subscription=\"vista_ingestas\"} 1";
    assert!(metrics.ok(200).text.contains(gauge), "{}", metrics.text);
}

#[tokio::test]
async fn a_stopped_projection_shows_in_health_and_readiness() {
    let owned = OwnedDatabase::create("server").await.expect("a database");
    let database = connect(&owned).await;
    database.migrate().await.expect("the schema");
    // A checkpoint that was kept on another cluster: it must not go on by itself.
    sqlx::query(
        "insert into ingesta_subscriptions (name, system_identifier)
         values ('vista_ingestas', 1)",
    )
    .execute(database.pool())
    .await
    .expect("the checkpoint");
    let app = TestApp::over(owned, options()).await;
    let health = eventually("the projection to stop", async || {
        let health = app.get("/ingesta/health").await;
        (health.status == 503).then_some(health)
    })
    .await;
    let shown = component(&health.json(), registry::VISTA_INGESTAS);
    assert!(
        shown["detail"]
            .as_str()
            .is_some_and(|text| text.contains("rebase")),
        "{shown}"
    );
    let ready = app.get("/readyz").await;
    assert_eq!(
        component(&ready.ok(503).json(), registry::VISTA_INGESTAS)["status"],
        "down"
    );
    // Commands and reads by id go on.
    let id = app.ingesta().await;
    app.leer(&id).await.ok(200);
}

#[tokio::test]
async fn metrics_count_by_name_and_route_and_name_nobody() {
    let app = TestApp::start().await;
    let id = app.ingesta().await;
    app.leer(&id).await.ok(200);
    app.get("/nada").await.ok(404);
    app.ordenar(&id, "finalizar").await.ok(409);
    app.drain().await;
    let metrics = app.get("/metrics").await;
    let text = &metrics.ok(200).text;
    for line in [
        "ingesta_commands_total{command=\"CrearIngesta\",outcome=\"stored\"} 1",
        "ingesta_commands_total{command=\"FinalizarIngesta\",outcome=\"refused\"} 1",
        "ingesta_commands_total{command=\"CrearImagen\",outcome=\"stored\"} 1",
        "route=\"/ingesta/consulta-por-id/{id}\",status=\"200\"",
        "route=\"unmatched\",status=\"404\"",
        "ingesta_subscription_lag_events{subscription=\"vista_ingestas\"} 0",
        "ingesta_oldest_writer_seconds",
        "ingesta_database_up 1",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains(&id));
}
