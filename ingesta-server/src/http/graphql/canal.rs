//! The web socket of subscriptions: `graphql-transport-ws`.
//!
//! Promises: nothing is answered before it is known who asks; a client that takes nothing, or says
//! nothing, is let go; a stop ends it.

use std::time::Duration;

use async_graphql::Data;
use async_graphql::http::{WebSocket as Protocol, WebSocketProtocols, WsMessage};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;

use super::{Esquema, error};
use crate::app::AppState;
use crate::http::acceso::nadie;
use crate::http::circunstancias::Circunstancias;

/// A query is a few hundred bytes.
const MESSAGE_MAX: usize = 64 * 1024;
/// Until the first word, and between two.
const SILENCE: Duration = Duration::from_secs(60);
/// How long a client may leave a message untaken.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

pub(super) fn abrir(
    upgrade: WebSocketUpgrade,
    esquema: Esquema,
    app: AppState,
    headers: HeaderMap,
    circunstancias: Circunstancias,
) -> Response {
    upgrade
        .protocols([WebSocketProtocols::GraphQLWS.sec_websocket_protocol()])
        .max_message_size(MESSAGE_MAX)
        .max_frame_size(MESSAGE_MAX)
        .on_upgrade(async move |socket| hablar(socket, esquema, app, headers, circunstancias).await)
}

async fn hablar(
    socket: WebSocket,
    esquema: Esquema,
    app: AppState,
    headers: HeaderMap,
    circunstancias: Circunstancias,
) {
    let (mut out, back) = socket.split();
    let said = back.take_while(|message| std::future::ready(message.is_ok()));
    let texts = said.filter_map(async |message| match message {
        Ok(Message::Text(text)) => Some(text.as_bytes().to_vec()),
        Ok(Message::Binary(bytes)) => Some(bytes.to_vec()),
        Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_)) | Err(_) => None,
    });
    let stop = app.stop.clone();
    let answers = Protocol::new(esquema, texts, WebSocketProtocols::GraphQLWS)
        .on_connection_init(async move |payload| {
            presentarse(app, headers, circunstancias, payload).await
        })
        .keepalive_timeout(SILENCE);
    let mut answers = std::pin::pin!(answers);
    loop {
        let answer = tokio::select! {
            answer = answers.next() => answer,
            () = stop.cancelled() => Some(WsMessage::Close(
                close_code::AWAY,
                "el servicio se detiene".to_owned(),
            )),
        };
        let Some(answer) = answer else { return };
        let last = matches!(answer, WsMessage::Close(..));
        let message = match answer {
            WsMessage::Text(text) => Message::Text(text.into()),
            WsMessage::Close(code, reason) => Message::Close(Some(CloseFrame {
                code,
                reason: reason.into(),
            })),
        };
        let sent = tokio::time::timeout(TAKEN_WITHIN, out.send(message)).await;
        if last || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

/// Who asks: by the headers of the upgrade, or by the first word, where browsers can say it.
async fn presentarse(
    app: AppState,
    mut headers: HeaderMap,
    circunstancias: Circunstancias,
    payload: Value,
) -> async_graphql::Result<Data> {
    if let Some(shown) = payload["authorization"].as_str()
        && let Ok(shown) = HeaderValue::from_str(shown)
    {
        headers.insert(header::AUTHORIZATION, shown);
    }
    let known = app.puerta.guardia.quien(&headers).await;
    let principal = known.map_err(|cause| error(&nadie(cause)))?;
    let mut data = Data::default();
    data.insert(match app.puerta.guardia.esta_abierto() {
        true => circunstancias,
        false => circunstancias.de(&principal),
    });
    data.insert(principal);
    Ok(data)
}
