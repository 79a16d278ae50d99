//! `Navegador`: a real browser with one page, steered over its own protocol.
//!
//! Promises: it looks and waits, and never for a time; whatever the page says is wrong, by an exception
//! or by the browser's own refusal, is remembered and can be asked for.

use std::path::PathBuf;

use futures_util::{SinkExt as _, StreamExt as _};
use ingesta_testing::eventually;
use ingesta_testing::services::Chromium;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A browser, and the one page that it shows.
pub(super) struct Navegador {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: String,
    last: u64,
    faltas: Vec<String>,
    // Last, so that it ends after its socket.
    _chromium: Chromium,
}

impl Navegador {
    /// Opens a page; `None` where there is no browser and that may be.
    pub(super) async fn abrir(url: &str) -> Option<Self> {
        let chromium = Chromium::start_or_skip().await.expect("a browser");
        let chromium = chromium?;
        let (socket, _) = connect_async(chromium.url()).await.expect("it listens");
        let mut navegador = Self {
            socket,
            session: String::new(),
            last: 0,
            faltas: Vec::new(),
            _chromium: chromium,
        };
        let made = navegador.pedir("Target.createTarget", json!({ "url": "about:blank" }));
        let target = made.await["targetId"].clone();
        let which = json!({ "targetId": target, "flatten": true });
        let session = navegador.pedir("Target.attachToTarget", which).await["sessionId"].clone();
        navegador.session = session.as_str().expect("a session").to_owned();
        for domain in ["Page", "Runtime", "Log", "Accessibility"] {
            let enable = format!("{domain}.enable");
            navegador.pedir(&enable, json!({})).await;
        }
        navegador.tamano(1200, 900).await;
        navegador.ir(url).await;
        Some(navegador)
    }

    pub(super) async fn ir(&mut self, url: &str) {
        self.pedir("Page.navigate", json!({ "url": url })).await;
        self.hasta(
            "the page to be there",
            "document.readyState === 'complete' && !!document.querySelector('h1')",
        )
        .await;
    }

    /// What an expression of the page is worth.
    pub(super) async fn js(&mut self, expression: &str) -> Value {
        let asked = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
        });
        let answer = self.pedir("Runtime.evaluate", asked).await;
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true, and answers with what it is.
    pub(super) async fn hasta(&mut self, what: &str, expression: &str) -> Value {
        eventually(what, async || {
            // While a page is being left there is nothing to ask.
            let asked = json!({ "expression": expression, "returnByValue": true });
            let value = self.pedir("Runtime.evaluate", asked).await["result"]["value"].clone();
            let so = !matches!(&value, Value::Null | Value::Bool(false))
                && value != json!(0)
                && value != json!("");
            so.then_some(value)
        })
        .await
    }

    /// A key, as from a keyboard.
    pub(super) async fn tecla(&mut self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            "Escape" => (27, ""),
            " " => (32, " "),
            "ArrowLeft" => (37, ""),
            other => panic!("no such key: {other}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event = json!({
                "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text,
            });
            self.pedir("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Text into whatever has the focus.
    pub(super) async fn escribir(&mut self, text: &str) {
        self.pedir("Input.insertText", json!({ "text": text }))
            .await;
    }

    /// Goes from control to control with the keyboard until this one has the focus.
    pub(super) async fn tabular_hasta(&mut self, selector: &str) {
        let there = format!("!!document.activeElement?.matches({})", json!(selector));
        for _ in 0..80 {
            if self.js(&there).await == json!(true) {
                return;
            }
            self.tecla("Tab").await;
        }
        panic!("the keyboard does not come to {selector}");
    }

    pub(super) async fn tamano(&mut self, width: u32, height: u32) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.pedir("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// As somebody sees it who has asked for these colours: `light` or `dark`.
    pub(super) async fn colores(&mut self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.pedir("Emulation.setEmulatedMedia", features).await;
    }

    /// Everything that a screen reader is told, by role and name.
    pub(super) async fn leido(&mut self) -> Vec<(String, String)> {
        let tree = self.pedir("Accessibility.getFullAXTree", json!({})).await;
        let nodes = tree["nodes"].as_array().expect("nodes").iter();
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        nodes
            .filter(|node| node["ignored"] == json!(false))
            .map(|node| (text(&node["role"]), text(&node["name"])))
            .collect()
    }

    /// A picture for the documents, where `INGESTA_SCREENSHOTS=1` asks for new ones.
    pub(super) async fn foto(&mut self, name: &str) {
        if std::env::var_os("INGESTA_SCREENSHOTS").is_none() {
            return;
        }
        let png = self
            .pedir("Page.captureScreenshot", json!({ "format": "png" }))
            .await;
        let text = png["data"].as_str().expect("a picture");
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/pagina"));
        std::fs::create_dir_all(&folder).expect("a folder");
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(text)
            .expect("base64");
        std::fs::write(folder.join(format!("{name}.png")), bytes).expect("written");
    }

    /// What was wrong so far, besides a server that was away.
    pub(super) fn faltas(&self) -> &[String] {
        &self.faltas
    }

    async fn pedir(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let id = self.last;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let sent = self.socket.send(Message::text(message.to_string())).await;
        sent.expect("the browser listens");
        loop {
            let said = self.socket.next().await.expect("the browser answers");
            let Message::Text(text) = said.expect("a message") else {
                continue;
            };
            let said: Value = serde_json::from_str(&text).expect("JSON");
            if said["id"] == json!(id) {
                assert!(said["error"].is_null(), "{method}: {}", said["error"]);
                return said["result"].clone();
            }
            self.anotar(&said);
        }
    }

    fn anotar(&mut self, said: &Value) {
        let entry = &said["params"]["entry"];
        match said["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                self.faltas
                    .push(said["params"]["exceptionDetails"].to_string());
            }
            // `network` is a refusal or a server that is away, which the page shows.
            Some("Log.entryAdded") if entry["level"] == "error" && entry["source"] != "network" => {
                self.faltas.push(entry["text"].to_string());
            }
            _ => {}
        }
    }
}
