//! A watch as a web socket.
//!
//! Promises: each frame is one message: its JSON object, with `topico` and `cursor` before its own
//! members; a heartbeat is `{"cursor":...}` and a ping, and a client that answers no ping is let
//! go. What a client says is not listened to; the place is named in the request.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};

use super::{Batch, Watch};

/// Nobody has anything long to say.
const MESSAGE_MAX: usize = 4 * 1024;

/// What waits to be written is bounded by the watch, which is asked again when all of it is gone.
const WRITE_BUFFER: usize = 16 * 1024;

/// Answers the request with a socket that shows the watch.
pub fn socket(upgrade: WebSocketUpgrade, watch: Watch) -> Response {
    let task = watch.feed.task();
    upgrade
        .max_message_size(MESSAGE_MAX)
        .max_frame_size(MESSAGE_MAX)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(64 * WRITE_BUFFER)
        .on_upgrade(async move |socket| {
            show(socket, watch).await;
            drop(task);
        })
}

async fn show(socket: WebSocket, watch: Watch) {
    let silence = watch.feed.shared.options.heartbeat.saturating_mul(3);
    let (mut out, back) = socket.split();
    let last_word = tokio::select! {
        word = write(&mut out, watch) => word,
        word = listen(back, silence) => word,
    };
    if let Some((code, reason)) = last_word {
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        };
        // Whoever does not take it is gone.
        drop(out.send(Message::Close(Some(frame))).await);
    }
}

type LastWord = Option<(u16, &'static str)>;

async fn write(out: &mut SplitSink<WebSocket, Message>, mut watch: Watch) -> LastWord {
    while let Some(batch) = watch.next().await {
        let written = match send(out, &batch).await {
            // Asked for so that a client that is gone is noticed.
            Ok(()) if batch.frames.is_empty() => out.send(Message::Ping(Bytes::new())).await,
            sent => sent,
        };
        if written.is_err() {
            return None;
        }
    }
    Some((close_code::AWAY, "el servicio se detiene"))
}

async fn send(out: &mut SplitSink<WebSocket, Message>, batch: &Batch) -> Result<(), axum::Error> {
    for shown in &batch.frames {
        // It was text when it was written.
        if let Ok(text) = Utf8Bytes::try_from(shown.message()) {
            out.feed(Message::Text(text)).await?;
        }
    }
    if batch.frames.is_empty() {
        let alive = format!("{{\"cursor\":\"{}\"}}", batch.reached);
        out.feed(Message::Text(alive.into())).await?;
    }
    out.flush().await
}

/// Ends when the client does, says something, or says nothing where it should have.
async fn listen(mut back: SplitStream<WebSocket>, silence: Duration) -> LastWord {
    loop {
        match tokio::time::timeout(silence, back.next()).await {
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
            Ok(Some(Ok(Message::Text(_) | Message::Binary(_)))) => {
                return Some((close_code::POLICY, "por aquí no se envía nada"));
            }
            Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return None,
            Err(_silent) => return Some((close_code::POLICY, "no responde")),
        }
    }
}
