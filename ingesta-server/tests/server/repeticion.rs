//! What comes beside a command: its key, its conversation, its patience.

use reqwest::Method;
use serde_json::{Value, json};

use crate::test_app::{TestApp, cuerpo};

const PATH: &str = "/ingesta/crear-ingesta-comando";

#[tokio::test]
async fn b_07_the_same_key_twice_is_one_ingesta_and_the_same_answer() {
    let app = TestApp::start().await;
    let body = cuerpo();
    let send = |key: &'static str, body: &Value| {
        app.send(
            app.request(Method::POST, PATH)
                .header("idempotency-key", key)
                .json(body),
        )
    };
    let first = send("pedido-1", &body).await;
    let second = send("\"pedido-1\"", &body).await;
    assert_eq!(first.ok(202).text, second.ok(202).text);
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(first.header("etag"), second.header("etag"));
    send("pedido-1", &cuerpo())
        .await
        .refused(422, "idempotency_key_reutilizada");
    send("", &body)
        .await
        .refused(400, "idempotency_key_malformado");
    let other = send("pedido-2", &body).await;
    assert_ne!(first.text_of("id_ingesta"), other.text_of("id_ingesta"));
    let created = "select count(*) from events where event_type = 'IngestaCreada'";
    assert_eq!(app.count(created).await, 2);
}

#[tokio::test]
async fn b_07_twenty_at_once_with_one_key_are_one_ingesta_and_one_image() {
    let app = TestApp::start().await;
    let body = cuerpo();
    let sends = (0..20).map(|_| {
        let request = app
            .request(Method::POST, PATH)
            .header("idempotency-key", "a la vez");
        app.send(request.json(&body))
    });
    // A key with blanks must be quoted: the draft's syntax. Bare, it is malformed for all twenty.
    for answer in futures_util::future::join_all(sends).await {
        answer.refused(400, "idempotency_key_malformado");
    }
    let sends = (0..20).map(|_| {
        let request = app
            .request(Method::POST, PATH)
            .header("idempotency-key", "\"a la vez\"");
        app.send(request.json(&body))
    });
    let answers = futures_util::future::join_all(sends).await;
    let first = &answers[0].ok(202).text;
    for answer in &answers {
        assert_eq!(&answer.ok(202).text, first);
    }
    app.drain().await;
    assert_eq!(
        app.count("select count(*) from events where sequence = 1")
            .await,
        2
    );
    assert_eq!(app.count("select count(*) from vista_ingestas").await, 1);
    assert_eq!(app.count("select count(*) from vista_imagenes").await, 1);
}

#[tokio::test]
async fn what_comes_with_the_request_is_stored_beside_the_event() {
    let app = TestApp::start().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = app
        .request(Method::POST, PATH)
        .header("x-request-id", "pedido-7")
        .header("traceparent", trace)
        .header("idempotency-key", "k-7")
        .json(&cuerpo());
    app.send(request).await.ok(202);
    app.drain().await;
    let stored: Vec<String> =
        sqlx::query_scalar("select metadata::text from events order by xact, position")
            .fetch_all(app.database.pool())
            .await
            .expect("the log answers");
    let read = |text: &String| serde_json::from_str::<Value>(text).expect("JSON");
    let (first, image) = (read(&stored[0]), read(&stored[1]));
    assert_eq!(first["correlation_id"], "pedido-7");
    assert_eq!(first["traceparent"], trace);
    assert_eq!(first["command_id"], "http/k-7");
    assert_eq!(first.get("actor"), None);
    // The reaction goes on with the conversation and names its cause.
    assert_eq!(image["correlation_id"], "pedido-7");
    assert_eq!(image["traceparent"], trace);
    assert_eq!(image["actor"], "imagenes");
    assert!(
        image["causation_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("Ingesta/"))
    );
}

#[tokio::test]
async fn prefer_wait_answers_when_the_views_hold_it() {
    let app = TestApp::start().await;
    let wait = 30;
    let request = app
        .request(Method::POST, PATH)
        .header("prefer", format!("wait={wait}"));
    let created = app.send(request.json(&cuerpo())).await;
    assert_eq!(
        created.ok(202).header("preference-applied"),
        format!("wait={wait}")
    );
    assert_eq!(app.count("select count(*) from vista_ingestas").await, 1);
    let far = app
        .request(Method::POST, PATH)
        .header("prefer", "wait=99999")
        .json(&cuerpo());
    assert_eq!(app.send(far).await.header("preference-applied"), "wait=30");
}
#[tokio::test]
async fn b_07_a_command_is_repeated_by_its_key_even_when_its_time_is_over() {
    let app = TestApp::start().await;
    let id = en_proceso(&app).await;
    let flag = |key: &'static str, motivo: &'static str| {
        let request = app.request(Method::POST, &format!("/ingesta/{id}/alertar"));
        app.send(
            request
                .header("idempotency-key", key)
                .json(&json!({"motivo": motivo})),
        )
    };
    let first = flag("k", "mirar").await;
    app.ordenar(&id, "finalizar").await.ok(202);
    // Finalizada forbids it by now; this one was done before.
    let repeat = flag("k", "mirar").await;
    for same in ["id_ingesta", "posicion", "estado"] {
        assert_eq!(
            first.ok(202).text_of(same),
            repeat.ok(202).text_of(same),
            "{same}"
        );
    }
    flag("otra", "mirar")
        .await
        .refused(409, "transicion_invalida");
    flag("k", "otra cosa")
        .await
        .refused(422, "idempotency_key_reutilizada");
    // The same words about another ingesta are another wish.
    let other = en_proceso(&app).await;
    let request = app.request(Method::POST, &format!("/ingesta/{other}/alertar"));
    let request = request
        .header("idempotency-key", "k")
        .json(&json!({"motivo": "mirar"}));
    app.send(request)
        .await
        .refused(422, "idempotency_key_reutilizada");
}

async fn en_proceso(app: &TestApp) -> String {
    let id = app.ingesta().await;
    app.ordenar(&id, "iniciar").await.ok(202);
    id
}
