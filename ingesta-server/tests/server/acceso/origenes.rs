//! Pages of other sites: those that are named may ask and watch, and no other.

use ingesta_server::AppOptions;
use ingesta_server::acceso::{Acceso, Rol};
use ingesta_server::app::HttpLimits;
use reqwest::Method;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::Casa;
use crate::test_app::{TestApp, options};

const NAMED: &str = "https://bff.example.org";

#[tokio::test]
async fn b_47_pages_of_named_sites_may_ask_and_no_other() {
    let app = TestApp::start_with(AppOptions {
        acceso: Some(Acceso::default()),
        http: HttpLimits {
            origins: vec![NAMED.to_owned()],
            ..HttpLimits::default()
        },
        ..options()
    })
    .await;
    let casa = Casa::over(app);
    let clave = casa.clave(Rol::Operador, None).await;
    for (origin, allowed) in [
        (NAMED, true),
        ("https://otra.example.org", false),
        ("null", false),
    ] {
        // What a browser asks first: without a key, and answered without one.
        let ask = casa
            .app
            .request(Method::OPTIONS, "/ingesta/crear-ingesta-comando")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,idempotency-key",
            );
        let asked = casa.app.send(ask).await;
        assert_eq!(
            asked.headers.contains_key("access-control-allow-origin"),
            allowed
        );
        let request = casa.request(Method::GET, "/ingesta/todas", &clave);
        let answer = casa.app.send(request.header("origin", origin)).await;
        let readable = answer.headers.get("access-control-allow-origin");
        assert_eq!(readable.is_some_and(|readable| readable == origin), allowed);
        assert!(
            !answer
                .headers
                .contains_key("access-control-allow-credentials")
        );
        let mut socket = format!("ws://{}/bff/stream", casa.app.app.addr())
            .into_client_request()
            .expect("an address");
        let headers = socket.headers_mut();
        headers.insert("origin", origin.parse().expect("a header"));
        let shown = format!("Bearer {clave}");
        headers.insert("authorization", shown.parse().expect("a header"));
        assert_eq!(connect_async(socket).await.is_ok(), allowed, "{origin}");
    }
    casa.app.app.stop().await;
}
