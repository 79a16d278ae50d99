//! Feeds that are opened before there is anything to tell, and sockets that end too soon.

use futures_util::{SinkExt as _, Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::lector::Lector;
use crate::test_app::TestApp;

#[tokio::test]
async fn b_45_a_feed_that_was_open_before_the_first_failure_tells_it() {
    let app = TestApp::start().await;
    // An empty log, no broker, no schema of any topic.
    let mut fails = Lector::open(&app, "/bff/stream/fails").await;
    let id = app.ingesta().await;
    app.ordenar(&id, "iniciar").await.ok(202);
    let path = format!("/ingesta/{id}/revertir");
    app.post(&path, &json!({ "motivo": "etiquetado" }))
        .await
        .ok(202);
    let told = fails.take(1).await;
    assert_eq!(
        (told[0].tipo(), told[0].ingesta()),
        ("IngestaRevertida", &*id)
    );
}

/// Messages of a socket up to the first that is an event, or its end.
async fn suceso(socket: &mut (impl Stream<Item = Said> + Unpin)) -> Option<Value> {
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Text(text) = message {
            let said: Value = serde_json::from_str(&text).expect("JSON");
            if said["topico"].is_string() {
                return Some(said);
            }
        }
    }
    None
}

type Said = Result<Message, tokio_tungstenite::tungstenite::Error>;

#[tokio::test]
async fn b_49_a_socket_that_ended_after_its_first_frame_is_taken_up_behind_it() {
    let app = TestApp::start().await;
    let url = format!("ws://{}/bff/stream?topico=eventos-ingesta", app.app.addr());
    let (mut socket, _) = connect_async(&url).await.expect("it opens");
    let first = app.ingesta().await;
    let told = suceso(&mut socket).await.expect("an event");
    assert_eq!(told["data"]["id_ingesta"], *first);
    // What the first systems' page did by accident: it says something, and is let go.
    socket.send(Message::text("ack")).await.expect("it is said");
    let second = app.ingesta().await;
    let mut last = told;
    while let Some(more) = suceso(&mut socket).await {
        last = more;
    }
    let third = app.ingesta().await;
    let cursor = last["cursor"].as_str().expect("a cursor");
    let again = format!("{url}&desde={cursor}");
    let (mut socket, _) = connect_async(&again).await.expect("it opens");
    let mut seen = vec![last["data"]["id_ingesta"].clone()];
    while seen.last() != Some(&json!(third)) {
        let next = suceso(&mut socket).await.expect("an event");
        seen.push(next["data"]["id_ingesta"].clone());
    }
    // The second was told before the end or after it, and not twice.
    let expected = if seen[0] == json!(first) {
        vec![first, second, third]
    } else {
        vec![second, third]
    };
    assert_eq!(json!(seen), json!(expected));
}
