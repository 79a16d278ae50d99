//! Subscriptions over `graphql-transport-ws`: who asks is known first, and nothing is missed.

use futures_util::{SinkExt as _, StreamExt as _};
use ingesta_server::acceso::Rol;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::acceso::{AJENO, Casa, PROPIO};
use crate::test_app::TestApp;

struct Canal(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Canal {
    async fn abrir(app: &TestApp, init: Value) -> Self {
        let mut request = format!("ws://{}/bff/v1", app.app.addr())
            .into_client_request()
            .expect("an address");
        let protocol = "graphql-transport-ws".parse().expect("a header");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let (socket, answer) = connect_async(request).await.expect("it opens");
        assert_eq!(
            answer.headers()["sec-websocket-protocol"],
            "graphql-transport-ws"
        );
        let mut canal = Self(socket);
        canal
            .decir(json!({"type": "connection_init", "payload": init}))
            .await;
        canal
    }

    async fn decir(&mut self, said: Value) {
        self.0
            .send(Message::text(said.to_string()))
            .await
            .expect("it is sent");
    }

    /// The next message; a close is its code.
    async fn oir(&mut self) -> Value {
        loop {
            let message = self
                .0
                .next()
                .await
                .expect("it goes on")
                .expect("it is whole");
            match message {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Close(frame) => {
                    return json!({"close": frame.map(|frame| u16::from(frame.code))});
                }
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    async fn suscribir(&mut self, query: &str) {
        let payload = json!({"query": query});
        self.decir(json!({"id": "1", "type": "subscribe", "payload": payload}))
            .await;
    }
}

#[tokio::test]
async fn a_subscription_tells_ones_own_from_a_cursor_on() {
    let casa = Casa::new().await;
    let own = casa.clave(Rol::Proveedor, Some(PROPIO)).await;
    let other = casa.clave(Rol::Proveedor, Some(AJENO)).await;
    let mut mine = Vec::new();
    for _ in 0..3 {
        casa.ingesta(AJENO, &other).await;
        mine.push(casa.ingesta(PROPIO, &own).await);
    }
    let shown = json!({"authorization": format!("Bearer {own}")});
    let (mut heard, mut desde) = (Vec::new(), "inicio".to_owned());
    // Each time a part, and then on from its cursor.
    while heard.len() < 3 {
        let mut canal = Canal::abrir(&casa.app, shown.clone()).await;
        assert_eq!(canal.oir().await["type"], "connection_ack");
        canal
            .suscribir(&format!(
                "subscription {{ sucesos(desde: \"{desde}\") {{ topico cursor mensaje }} }}"
            ))
            .await;
        loop {
            let next = canal.oir().await;
            let told = &next["payload"]["data"]["sucesos"];
            assert_eq!(next["type"], "next", "{next}");
            let message: Value =
                serde_json::from_str(told["mensaje"].as_str().expect("a message")).expect("JSON");
            if let Some(cursor) = told["cursor"].as_str() {
                desde = cursor.to_owned();
            }
            if told["topico"] == "eventos-ingesta" {
                heard.push(
                    message["data"]["id_ingesta"]
                        .as_str()
                        .expect("an id")
                        .to_owned(),
                );
                if told["cursor"].is_string() {
                    break;
                }
            }
        }
    }
    assert_eq!(heard, mine);
    casa.app.app.stop().await;
}

#[tokio::test]
async fn nobody_is_told_anything_and_a_stop_ends_the_socket() {
    let casa = Casa::new().await;
    let own = casa.clave(Rol::Proveedor, Some(PROPIO)).await;
    for init in [
        json!({}),
        json!({"authorization": "Bearer ing_x"}),
        json!(null),
    ] {
        let mut canal = Canal::abrir(&casa.app, init).await;
        assert!(canal.oir().await["close"].is_number());
    }
    let mut canal =
        Canal::abrir(&casa.app, json!({"authorization": format!("Bearer {own}")})).await;
    assert_eq!(canal.oir().await["type"], "connection_ack");
    canal
        .suscribir("subscription { sucesos(canal: ALERTAS) { topico } }")
        .await;
    let refused = canal.oir().await.to_string();
    assert!(refused.contains("papel_insuficiente"), "{refused}");
    let stopped = tokio::spawn(casa.app.app.stop());
    loop {
        let told = canal.oir().await;
        if told["close"].is_number() {
            assert_eq!(told["close"], 1001);
            break;
        }
    }
    stopped.await.expect("it stops");
}
