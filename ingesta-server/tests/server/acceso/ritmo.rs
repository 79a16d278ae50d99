//! Requests a second: each principal has its own, whatever the others do.

use std::num::NonZeroU32;

use ingesta_server::AppOptions;
use ingesta_server::acceso::{Acceso, Rol};
use ingesta_server::app::HttpLimits;

use super::{AJENO, Casa, PROPIO};
use crate::test_app::{TestApp, options};

#[tokio::test]
async fn whoever_asks_too_often_is_told_when_to_come_back_and_holds_nobody_else_up() {
    let app = TestApp::start_with(AppOptions {
        acceso: Some(Acceso::default()),
        http: HttpLimits {
            rate: NonZeroU32::new(2),
            ..HttpLimits::default()
        },
        ..options()
    })
    .await;
    let casa = Casa::over(app);
    let greedy = casa.clave(Rol::Proveedor, Some(PROPIO)).await;
    let second = casa.clave(Rol::Proveedor, Some(PROPIO)).await;
    let other = casa.clave(Rol::Proveedor, Some(AJENO)).await;
    // As many as it takes: the clock gives some back meanwhile.
    let refused = loop {
        let answer = casa.get("/ingesta/todas", &greedy).await;
        if answer.status != 200 {
            break answer;
        }
    };
    refused.refused(429, "demasiadas_peticiones");
    assert_eq!(refused.header("retry-after"), "1");
    casa.get("/ingesta/todas", &other).await.ok(200);
    for path in ["/livez", "/ingesta/health"] {
        casa.app.get(path).await.ok(200);
    }
    // Another key of the same provider is the same provider; nobody's keys are an address's.
    let mut both = Vec::new();
    for _ in 0..8 {
        both.push(casa.get("/ingesta/todas", &second).await.status);
        both.push(casa.get("/ingesta/todas", "ing_x").await.status);
    }
    assert!(both.contains(&429) && both.contains(&401), "{both:?}");
    casa.app.app.stop().await;
}
