//! The same feed over web sockets, behind the real edge.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::{State, WebSocketUpgrade};
use axum::response::Response;
use axum::{Router, routing::get};
use futures_util::{SinkExt, StreamExt};
use ingesta_http::edge::{EdgeOptions, serve};
use ingesta_http::live::{FeedOptions, LiveFeed, WatchFrom, socket};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::stage::{PATIENCE, Stage, calm, tell};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn show(State(feed): State<LiveFeed>, upgrade: WebSocketUpgrade) -> Response {
    socket(
        upgrade,
        feed.watch(WatchFrom::Start, |_| true).await.unwrap(),
    )
}

async fn served(stage: &Stage) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/", get(show))
        .with_state(stage.feed.clone());
    let options = EdgeOptions::default();
    tokio::spawn(serve(listener, router, options, stage.stop.clone()));
    addr
}

async fn connect(addr: SocketAddr) -> Socket {
    connect_async(format!("ws://{addr}/")).await.unwrap().0
}

async fn next(socket: &mut Socket) -> Option<Message> {
    let message = tokio::time::timeout(PATIENCE, socket.next()).await;
    message
        .expect("the server says something")
        .map(Result::unwrap)
}

fn text(message: Option<Message>) -> Value {
    let message = message.expect("the socket is open");
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

fn close_code(message: Option<Message>) -> u16 {
    match message {
        Some(Message::Close(Some(frame))) => frame.code.into(),
        other => panic!("no last word: {other:?}"),
    }
}

#[tokio::test]
async fn b_50_many_sockets_see_the_same_and_a_stop_says_good_bye() {
    let stage = Stage::with(calm()).await;
    let addr = served(&stage).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(connect(addr).await);
    }
    let mut expected = Vec::new();
    for n in 0..40 {
        let cursor = tell(&stage.storage, "a", n).await;
        expected.push(json!({ "cursor": cursor, "topico": "dicho", "n": n }));
    }
    for socket in &mut sockets {
        for message in &expected {
            assert_eq!(text(next(socket).await), *message);
        }
    }
    stage.stop.cancel();
    for socket in &mut sockets {
        assert_eq!(close_code(next(socket).await), 1001);
    }
    // Waits for the sockets, too.
    drop(sockets);
    tokio::time::timeout(PATIENCE, stage.feed.ended())
        .await
        .expect("it ends");
    assert_eq!(stage.feed.watchers(), 0);
}

#[tokio::test]
async fn whoever_says_something_or_answers_no_ping_is_let_go() {
    let options = FeedOptions {
        heartbeat: Duration::from_millis(50),
        ..FeedOptions::default()
    };
    let stage = Stage::with(options).await;
    let addr = served(&stage).await;
    let mut talker = connect(addr).await;
    talker.send(Message::text("hola")).await.unwrap();
    let last = loop {
        match next(&mut talker).await {
            Some(Message::Text(_) | Message::Ping(_)) => {}
            other => break other,
        }
    };
    assert_eq!(close_code(last), 1008);
    // A client of this library answers pings only while it is asked for messages.
    let silent = connect(addr).await;
    let gone = async {
        while stage.feed.watchers() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("let go");
    drop(silent);
}
