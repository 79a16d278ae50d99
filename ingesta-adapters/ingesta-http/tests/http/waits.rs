//! `Prefer: wait=N`: which one counts, the cap, and the answer's header.
//!
//! Promises: nothing waits here.

use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing;
use ingesta_http::{DEFAULT_WAIT_CAP, PreferWait};

use crate::asking::{ask, get};

async fn wait(prefer: PreferWait) -> Response {
    match prefer.capped(DEFAULT_WAIT_CAP) {
        Some(applied) => (applied, applied.duration().as_secs().to_string()).into_response(),
        None => "none".into_response(),
    }
}

#[tokio::test]
async fn the_first_well_formed_wait_is_granted_up_to_the_cap() {
    let table: [(&[&str], &str); 20] = [
        (&[], "none"),
        (&["wait=5"], "5"),
        (&["wait=0"], "0"),
        (&["wait=30"], "30"),
        (&["wait=31"], "30"),
        (&["wait=99999999999999999999999"], "30"),
        (&["WAIT = 5"], "5"),
        (&["wait=\"5\""], "5"),
        (&["respond-async, wait=5; x=y"], "5"),
        (&["note=\"a, wait=9\", wait=5"], "5"),
        (&["respond-async", "wait=5"], "5"),
        (&["wait=5, wait=9"], "5"),
        (&["wait=5", "wait=9"], "5"),
        (&["wait=soon, wait=9"], "none"),
        (&["wait"], "none"),
        (&["wait="], "none"),
        (&["wait=-1"], "none"),
        (&["wait=+1"], "none"),
        (&["wait=1.5"], "none"),
        (&["waiting=5"], "none"),
    ];
    for (lines, expected) in table {
        let headers: Vec<_> = lines.iter().map(|line| ("prefer", *line)).collect();
        let app = Router::new().route("/", routing::get(wait));
        let answer = ask(app, get("/", &headers)).await;
        assert_eq!(answer.text, expected, "{lines:?}");
        if expected == "none" {
            assert!(
                answer.headers.get("preference-applied").is_none(),
                "{lines:?}"
            );
        } else {
            assert_eq!(
                answer.header("preference-applied"),
                format!("wait={expected}")
            );
        }
    }
}

#[test]
fn the_application_sets_the_cap() {
    let granted = |cap| {
        PreferWait::parse("wait=5")
            .capped(cap)
            .map(|wait| wait.duration())
    };
    assert_eq!(
        granted(Duration::from_secs(2)),
        Some(Duration::from_secs(2))
    );
    assert_eq!(
        granted(Duration::from_millis(2_900)),
        Some(Duration::from_secs(2))
    );
    assert_eq!(granted(Duration::ZERO), Some(Duration::ZERO));
}
