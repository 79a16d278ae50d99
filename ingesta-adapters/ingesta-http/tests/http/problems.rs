//! Problems: members, statuses, headers, and what goes to the log.
//!
//! Promises: the internal text is looked for in the answer and in the log.
//! The log is read through a subscriber of this thread only.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::ETAG;
use axum::response::IntoResponse;
use axum::routing;
use ingesta_http::{Problem, RetryAfter};
use serde_json::json;

use crate::asking::{Answer, ask, get};

type Make = fn() -> Problem;

async fn answered(make: Make) -> Answer {
    let app = Router::new().route("/", routing::get(move || async move { make() }));
    ask(app, get("/", &[])).await
}

#[tokio::test]
async fn a_problem_has_all_its_members() {
    let answer = answered(|| {
        Problem::conflict("estado_no_permite", "no se elimina mientras está pendiente")
            .with("estado", "Pendiente")
            .with("posicion", 12)
            .with_instance("/things/7")
    })
    .await;
    let expected = json!({
        "type": "/problemas/estado_no_permite", "title": "Conflicto con el estado actual",
        "status": 409, "code": "estado_no_permite", "instance": "/things/7",
        "detail": "no se elimina mientras está pendiente",
        "error": "no se elimina mientras está pendiente",
        "estado": "Pendiente", "posicion": 12,
    });
    assert_eq!(answer.problem(409, "estado_no_permite"), expected);
}

#[tokio::test]
async fn texts_can_be_set_and_standard_members_cannot_be_replaced() {
    let answer = answered(|| {
        Problem::bad_request("valor", "el detalle")
            .with_error("URLValida - texto de antes")
            .with_type("https://example.org/valor")
            .with_title("Valor")
            .with_header(ETAG, HeaderValue::from_static("\"3\""))
            .with("status", 200)
            .with("error", "otro")
            .with("instance", "otra")
    })
    .await;
    let problem = answer.problem(400, "valor");
    assert_eq!(problem["error"], "URLValida - texto de antes");
    assert_eq!(problem["detail"], "el detalle");
    assert_eq!(problem["type"], "https://example.org/valor");
    assert_eq!(problem["title"], "Valor");
    assert_eq!(problem.get("instance"), None);
    assert_eq!(answer.header("etag"), "\"3\"");
}

#[tokio::test]
async fn each_builder_has_its_status() {
    let builders: [(Make, u16); 7] = [
        (|| Problem::bad_request("c", "d"), 400),
        (|| Problem::not_found("c", "d"), 404),
        (|| Problem::precondition_failed("c", "d"), 412),
        (|| Problem::payload_too_large("c", "d"), 413),
        (|| Problem::unsupported_media_type("c", "d"), 415),
        (|| Problem::unprocessable("c", "d"), 422),
        (|| Problem::precondition_required("c", "d"), 428),
    ];
    for (make, status) in builders {
        assert!(answered(make).await.headers.get("retry-after").is_none());
        answered(make).await.problem(status, "c");
    }
}

#[tokio::test]
async fn a_refusal_for_now_says_when_to_come_back() {
    let builders: [(Make, u16); 2] = [
        (
            || Problem::too_many_requests("c", "d", RetryAfter::from_secs(7)),
            429,
        ),
        (
            || Problem::unavailable("c", "d", RetryAfter::from_secs(7)),
            503,
        ),
    ];
    for (make, status) in builders {
        let answer = answered(make).await;
        assert_eq!(answer.problem(status, "c")["retry_after"], 7);
        assert_eq!(answer.header("retry-after"), "7");
    }
}

#[tokio::test]
async fn retry_after_is_a_response_part() {
    let app = Router::new().route(
        "/",
        routing::get(|| async { (RetryAfter::from_secs(3), "") }),
    );
    assert_eq!(ask(app, get("/", &[])).await.header("retry-after"), "3");
}

#[tokio::test]
async fn the_internal_text_is_not_sent() {
    let cause = io::Error::other("secret cause");
    let problem = Problem::internal("secret attempt").caused_by(&cause);
    assert_eq!(
        problem.internal_text(),
        Some("secret attempt: secret cause")
    );
    let answer = answered(|| Problem::internal("secret attempt")).await;
    answer.problem(500, "error_interno");
    assert!(!answer.text.contains("secret"), "{}", answer.text);
    let refused = answered(|| Problem::not_found("c", "d").with_internal("secret")).await;
    assert!(!refused.text.contains("secret"), "{}", refused.text);
}

#[test]
fn a_server_error_is_logged_once_and_a_refusal_not_at_all() {
    let cases: [(Make, usize, &str); 3] = [
        (|| Problem::internal("the cause"), 1, "ERROR"),
        (|| unavailable().with_internal("the cause"), 1, "WARN"),
        (
            || Problem::bad_request("c", "d").with_internal("the cause"),
            0,
            "",
        ),
    ];
    for (make, lines, level) in cases {
        let log = logged(|| drop(make().into_response()));
        assert_eq!(log.lines().count(), lines, "{log}");
        assert_eq!(log.matches("the cause").count(), lines, "{log}");
        assert!(log.contains(level), "{log}");
    }
    assert_eq!(
        logged(|| drop(Problem::internal("made, never answered"))),
        ""
    );
}

fn unavailable() -> Problem {
    Problem::unavailable("c", "d", RetryAfter::from_secs(1))
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(act: impl FnOnce()) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, act);
    let bytes = log.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}
