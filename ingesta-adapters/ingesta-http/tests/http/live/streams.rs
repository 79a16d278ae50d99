//! Server-sent events as they go over the wire, and what a request may ask for.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use futures_util::StreamExt;
use ingesta_event_store::Position;
use ingesta_http::live::{FeedOptions, WatchFrom, sse};

use super::stage::{PATIENCE, Stage, calm, tell};

/// The events of an answer, one block each, until `count` are there.
async fn blocks(response: Response, count: usize) -> Vec<String> {
    let mut body = Body::into_data_stream(response.into_body());
    let mut text = String::new();
    while text.matches("\n\n").count() < count {
        let piece = tokio::time::timeout(PATIENCE, body.next()).await;
        let piece = piece.expect("it is told").expect("it goes on").unwrap();
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    text.split_terminator("\n\n").map(str::to_owned).collect()
}

#[tokio::test]
async fn b_44_each_frame_is_an_event_of_json_with_its_cursor() {
    let stage = Stage::with(calm()).await;
    let watch = stage.watch(WatchFrom::Now).await;
    let begin = watch.at();
    let (first, second) = (
        tell(&stage.storage, "a", 1).await,
        tell(&stage.storage, "a", 2).await,
    );
    let response = sse(watch);
    let headers = response.headers();
    assert_eq!(headers["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(
        blocks(response, 3).await,
        [
            format!("retry: 1000\nid: {begin}"),
            format!("event: dicho\nid: {first}\ndata: {{\"n\":1}}"),
            format!("event: dicho\nid: {second}\ndata: {{\"n\":2}}"),
        ]
    );
}

#[tokio::test]
async fn a_heartbeat_is_shown_to_nobody_and_carries_the_cursor() {
    let options = FeedOptions {
        heartbeat: Duration::from_millis(1),
        ..FeedOptions::default()
    };
    let stage = Stage::with(options).await;
    let watch = stage.watch(WatchFrom::Now).await;
    let at = watch.at();
    let heard = blocks(sse(watch), 2).await;
    assert_eq!(heard[1], format!(": latido\nid: {at}"));
}

#[tokio::test]
async fn an_answer_ends_with_the_feed() {
    let stage = Stage::with(calm()).await;
    let response = sse(stage.watch(WatchFrom::Now).await);
    stage.stop.cancel();
    let whole = axum::body::to_bytes(response.into_body(), usize::MAX);
    let whole = tokio::time::timeout(PATIENCE, whole).await;
    assert!(
        whole
            .expect("it ends")
            .unwrap()
            .starts_with(b"retry: 1000\n")
    );
}

#[test]
fn what_a_browser_has_had_counts_more_than_where_its_address_says_to_begin() {
    let last =
        |id: &str| HeaderMap::from_iter([("last-event-id".parse().unwrap(), id.parse().unwrap())]);
    let none = HeaderMap::new();
    let of = |headers: &HeaderMap, desde| WatchFrom::of(headers, desde).map_err(|p| p.code());
    let after = WatchFrom::After(Position::new(8, 5));
    assert_eq!(of(&none, None), Ok(WatchFrom::Now));
    assert_eq!(of(&none, Some("inicio")), Ok(WatchFrom::Start));
    assert_eq!(of(&none, Some("8-5")), Ok(after));
    assert_eq!(of(&last("8-5"), Some("inicio")), Ok(after));
    for (headers, desde) in [
        (&none, Some("ayer")),
        (&none, Some("")),
        (&last("8"), Some("inicio")),
        (&last(""), None),
    ] {
        assert_eq!(of(headers, desde), Err("posicion_invalida"), "{desde:?}");
    }
}
