//! The log on topics: every event once it is stored, by one producer, and whatever the broker does.

use ingesta_event_store::EventStorage;
use ingesta_event_store::subscription::{Waited, wait_for};
use ingesta_server::app::{Messaging, RelayMode};
use ingesta_server::mensajes::{Esquema, Rutas};
use ingesta_server::{AppOptions, registry};
use ingesta_testing::PATIENCE;

use super::stage::Stage;
use crate::test_app::{TestApp, options};

/// Waits until the relays have published everything.
async fn published(app: &TestApp) {
    app.drain().await;
    let head = app.storage.head().await.expect("the log answers");
    for name in registry::RELAYS {
        let waited = wait_for(&app.storage, name, head, PATIENCE, None).await;
        assert_eq!(
            waited.expect("the store answers"),
            Waited::Reached,
            "{name}"
        );
    }
}

#[tokio::test]
async fn b_01_what_was_stored_without_a_broker_is_published_when_there_is_one() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let before = TestApp::start().await;
    let id = before.ingesta().await;
    before.drain().await;
    let TestApp { app, owned, .. } = before;
    app.stop().await;
    // The log has waited.
    let app = TestApp::over(owned, stage.options()).await;
    published(&app).await;
    let told = stage.leer(Esquema::EventosIngesta, 1).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].key.as_str(), told[0].message_type.as_str()),
        (id.as_str(), "IngestaCreada")
    );
    assert_eq!(told[0].data["estado"], "Creada");
    assert_eq!(told[0].ce_id, format!("Ingesta/{id}/1"));
    let image = stage.leer(Esquema::EventosImagen, 1).await;
    assert_eq!(image[0].key, id);
    app.app.stop().await;
}

#[tokio::test]
async fn b_12_a_hundred_events_are_published_by_one_producer() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = stage.app().await;
    for _ in 0..50 {
        app.ingesta().await;
    }
    published(&app).await;
    let told = stage.leer(Esquema::EventosIngesta, 50).await;
    assert_eq!(told.len(), 50);
    let metrics = app.get("/metrics").await.text;
    for name in registry::RELAYS {
        let clients = format!("ingesta_relay_clients{{subscription=\"{name}\"}} 1\n");
        assert!(metrics.contains(&clients), "{metrics}");
        let flight = format!("ingesta_relay_in_flight_messages{{subscription=\"{name}\"}} 0\n");
        assert!(metrics.contains(&flight), "{metrics}");
    }
    app.app.stop().await;
}

#[tokio::test]
async fn in_transactional_mode_and_by_type_each_event_is_told_once_on_each_topic() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let messaging = Messaging {
        rutas: Rutas::default().por_tipo().with_prefix(&stage.prefix),
        relay: RelayMode::Transactional,
        ..stage.messaging()
    };
    let app = TestApp::start_with(AppOptions {
        messaging: Some(messaging),
        ..options()
    })
    .await;
    let id = app.ingesta().await;
    app.ordenar(&id, "eliminar").await.ok(202);
    published(&app).await;
    assert_eq!(stage.leer(Esquema::EventosIngesta, 2).await.len(), 2);
    let gone = stage.leer(Esquema::EventoIngestaEliminada, 1).await;
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].data["estado"], "Eliminada");
    app.app.stop().await;
}
