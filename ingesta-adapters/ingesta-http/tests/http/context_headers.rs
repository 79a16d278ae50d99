//! `traceparent` and `x-request-id`: taken where well formed, otherwise as if they were absent.
//!
//! Promises: the rows follow W3C Trace Context, section 3.2.

use axum::Router;
use axum::routing;
use ingesta_http::{RequestId, TraceParent};

use crate::asking::{ask, get};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

async fn trace(parent: Option<TraceParent>) -> String {
    parent.map_or_else(|| "none".to_owned(), |parent| parent.as_str().to_owned())
}

async fn request_id(id: Option<RequestId>) -> String {
    id.map_or_else(|| "none".to_owned(), |id| id.as_str().to_owned())
}

fn app() -> Router {
    Router::new()
        .route("/trace", routing::get(trace))
        .route("/request-id", routing::get(request_id))
}

#[tokio::test]
async fn a_trace_parent_is_passed_on_or_ignored() {
    let good = format!("00-{TRACE}-{SPAN}-01");
    let unsampled = format!("00-{TRACE}-{SPAN}-00");
    let taken = [
        (good.clone(), &good),
        (unsampled.clone(), &unsampled),
        (format!("cc-{TRACE}-{SPAN}-01"), &good),
        (format!("cc-{TRACE}-{SPAN}-ff-what-comes-later"), &good),
        (format!("01-{TRACE}-{SPAN}-02"), &unsampled),
    ];
    for (header, passed_on) in taken {
        let answer = ask(app(), get("/trace", &[("traceparent", &header)])).await;
        assert_eq!(&answer.text, passed_on, "{header}");
    }
    let ignored = [
        String::new(),
        "00".to_owned(),
        good.to_uppercase(),
        format!("{good}-x"),
        format!("{good}0"),
        format!("cc-{TRACE}-{SPAN}-01x"),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("00-{}-{SPAN}-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{}g-{SPAN}-01", &TRACE[1..]),
        format!("00_{TRACE}_{SPAN}_01"),
        format!("0-{TRACE}0-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}-0"),
        format!("00-{TRACE}-{}-0-1", &SPAN[1..]),
        "ñ".repeat(40),
    ];
    for header in ignored {
        let answer = ask(app(), get("/trace", &[("traceparent", &header)])).await;
        assert_eq!(answer.text, "none", "{header}");
    }
    let twice = [
        ("traceparent", good.as_str()),
        ("traceparent", good.as_str()),
    ];
    assert_eq!(ask(app(), get("/trace", &twice)).await.text, "none");
    assert_eq!(ask(app(), get("/trace", &[])).await.text, "none");
}

#[test]
fn the_ids_of_a_trace_parent_can_be_read() {
    let parent = TraceParent::parse(&format!("00-{TRACE}-{SPAN}-01")).unwrap();
    assert_eq!((parent.trace_id(), parent.span_id()), (TRACE, SPAN));
    // Cutting in the middle of a character must not panic.
    assert_eq!(TraceParent::parse(&format!("{}ñ", "0".repeat(54))), None);
}

#[tokio::test]
async fn a_request_id_is_taken_or_ignored() {
    let longest = "a".repeat(64);
    for id in ["a", "Edge-1_4.2", &longest] {
        let answer = ask(app(), get("/request-id", &[("x-request-id", id)])).await;
        assert_eq!(answer.text, id);
    }
    let too_long = "a".repeat(65);
    for id in ["", "two words", "a/b", "a\tb", "\u{f1}", &too_long] {
        let answer = ask(app(), get("/request-id", &[("x-request-id", id)])).await;
        assert_eq!(answer.text, "none", "{id}");
    }
}
