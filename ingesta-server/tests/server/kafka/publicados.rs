//! The log on topics: every event once it is stored, by one producer, and whatever the broker does.

use std::collections::{BTreeMap, BTreeSet};

use ingesta_event_store::EventStorage;
use ingesta_event_store::subscription::{Waited, wait_for};
use ingesta_server::app::{Messaging, RelayMode};
use ingesta_server::mensajes::{Esquema, Rutas};
use ingesta_server::{AppOptions, registry};
use ingesta_testing::PATIENCE;
use serde_json::json;

use super::stage::Stage;
use crate::test_app::{TestApp, cuerpo_con, options};

/// Waits until the relays have published everything.
pub(super) async fn published(app: &TestApp) {
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
    let told = stage.leer_todo(Esquema::EventosIngesta, 2).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].key.as_str(), told[0].message_type.as_str()),
        (id.as_str(), "IngestaCreada")
    );
    assert_eq!(told[0].data["estado"], "Creada");
    assert_eq!(told[0].ce_id, format!("Ingesta/{id}/1"));
    let image = stage.leer_todo(Esquema::EventosImagen, 2).await;
    assert_eq!((image.len(), &image[0].key), (1, &id));
    app.app.stop().await;
}

#[tokio::test]
async fn b_08_what_is_not_committed_is_heard_of_by_nobody() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = TestApp::start_with(AppOptions {
        messaging: Some(Messaging {
            partitions: 1,
            ..stage.messaging()
        }),
        ..options()
    })
    .await;
    // The row is written, and the commit refuses it: what the first systems had acted on by then.
    let refusing = "create function refuse() returns trigger language plpgsql as
          $$ begin raise exception using errcode = '23514'; end $$;
        create constraint trigger refuse after insert on events deferrable initially deferred
          for each row when (new.payload::text like '%no-se-guarda%') execute function refuse()";
    let made = sqlx::raw_sql(refusing).execute(app.database.pool()).await;
    made.expect("the trigger is made");
    let lost = cuerpo_con(
        "url_path",
        json!("https://imagenes.example.org/no-se-guarda"),
    );
    let refused = app.crear(&lost).await;
    refused.refused(400, "datos_no_admitidos");
    let kept = app.ingesta().await;
    published(&app).await;

    assert_eq!(app.count("select count(*) from events").await, 2);
    let views = "select count(*) from (select view_id from vista_ingestas
                 union all select view_id from vista_imagenes) rows";
    assert_eq!(app.count(views).await, 2);
    for topic in [Esquema::EventosIngesta, Esquema::EventosImagen] {
        let told = stage.leer_todo(topic, 1).await;
        let keys: Vec<_> = told.iter().map(|one| &one.key).collect();
        assert_eq!(keys, [&kept], "{topic:?}");
    }
    app.app.stop().await;
}

#[tokio::test]
async fn b_11_an_alert_is_stored_and_told() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = TestApp::start_with(AppOptions {
        messaging: Some(Messaging {
            rutas: Rutas::default().por_tipo().with_prefix(&stage.prefix),
            ..stage.messaging()
        }),
        ..options()
    })
    .await;
    let id = app.ingesta().await;
    app.ordenar(&id, "iniciar").await.ok(202);
    let motivo = json!({ "motivo": "la limpieza de los datos crudos fue rechazada" });
    let alerted = app.post(&format!("/ingesta/{id}/alertar"), &motivo).await;
    alerted.ok(202);
    published(&app).await;
    let stored = "select count(*) from events where event_type = 'IngestaAlertada'";
    assert_eq!(app.count(stored).await, 1);
    assert_eq!(app.leer(&id).await.text_of("estado"), "Alertada");
    let told = stage.leer_todo(Esquema::EventoAlertaIngesta, 2).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].message_type, "IngestaAlertada");
    assert_eq!(
        told[0].data,
        json!({"id_ingesta": id, "estado": "Alertada"})
    );
    app.app.stop().await;
}

#[tokio::test]
async fn b_69_all_of_an_ingesta_is_in_one_partition_in_its_order() {
    const INGESTAS: usize = 12;
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = stage.app().await;
    let life = async || {
        let id = app.ingesta().await;
        app.ordenar(&id, "iniciar").await.ok(202);
        let path = format!("/ingesta/{id}/alertar");
        app.post(&path, &json!({"motivo": "limpieza"}))
            .await
            .ok(202);
        app.ordenar(&id, "eliminar").await.ok(202);
    };
    futures_util::future::join_all((0..INGESTAS).map(|_| life())).await;
    published(&app).await;
    let told = stage.leer_todo(Esquema::EventosIngesta, 2).await;
    let mut lives: BTreeMap<&str, Vec<(i32, &str)>> = BTreeMap::new();
    for one in &told {
        let life = lives.entry(&one.key).or_default();
        life.push((one.partition, &one.message_type));
    }
    assert_eq!(lives.len(), INGESTAS);
    let mut used = BTreeSet::new();
    for life in lives.values() {
        let (partition, _) = life[0];
        used.insert(partition);
        let types = [
            "IngestaCreada",
            "ProcesoIniciado",
            "IngestaAlertada",
            "IngestaEliminada",
        ];
        assert_eq!(*life, types.map(|name| (partition, name)));
    }
    assert_eq!(used.len(), 2, "the ingestas share the partitions");
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
    let told = stage.leer_todo(Esquema::EventosIngesta, 2).await;
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
