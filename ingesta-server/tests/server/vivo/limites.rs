//! What clients may cost: one too many is told so, and the others go on.

use ingesta_server::AppOptions;

use super::lector::Lector;
use crate::test_app::{TestApp, options};

fn limited(change: impl FnOnce(&mut AppOptions)) -> AppOptions {
    let mut options = options();
    change(&mut options);
    options
}

#[tokio::test]
async fn one_watcher_too_many_is_told_to_come_back_and_counted() {
    let app = TestApp::start_with(limited(|options| options.http.live.watchers = 2)).await;
    let _watching = [
        Lector::open(&app, "/bff/stream").await,
        Lector::open(&app, "/bff/stream/fails").await,
    ];
    let refused = app.get("/bff/stream").await;
    refused.refused(503, "demasiados_observadores");
    assert_eq!(refused.header("retry-after"), "5");
    let metrics = app.get("/metrics").await.text;
    assert!(metrics.contains("\ningesta_live_watchers 2\n"), "{metrics}");
    // Commands do not wait for room among watchers.
    app.ingesta().await;
}

#[tokio::test]
async fn a_page_of_another_site_opens_no_socket() {
    let app = TestApp::start().await;
    let ask = |origin: String| {
        app.request(reqwest::Method::GET, "/bff/stream")
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("origin", origin)
    };
    let foreign = app.send(ask("https://elsewhere.example".to_owned())).await;
    foreign.refused(403, "origen_ajeno");
    let own = ask(format!("http://{}", app.app.addr())).send().await;
    assert_eq!(own.expect("it answers").status(), 101);
}

#[tokio::test]
async fn every_answer_tells_a_browser_to_guess_and_frame_nothing() {
    let app = TestApp::start().await;
    for path in ["/ingesta/todas", "/nowhere", "/livez", "/ingesta/spec"] {
        let answer = app.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
    }
}
