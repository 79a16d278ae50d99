//! An operator's desk over HTTP, beside a real broker: relays, and messages that were put aside.

use ingesta_server::mensajes::Esquema;
use ingesta_testing::eventually;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::test_app::TestApp;

const ELIMINAR: Esquema = Esquema::ComandoEliminarIngesta;

async fn letters(app: &TestApp) -> Vec<Value> {
    let topics = app.get("/operacion/apartados").await.ok(200).json();
    let topics = topics.as_array().expect("an array").iter();
    topics
        .flat_map(|topic| topic["letters"].as_array().expect("letters").clone())
        .collect()
}

#[tokio::test]
async fn a_message_that_was_put_aside_is_seen_sent_again_and_deleted() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = stage.app().await;
    stage.topics_ready(&app).await;
    let id = app.ingesta().await;
    app.ordenar(&id, "iniciar").await.ok(202);
    stage
        .ordenar(ELIMINAR, "una", &json!({ "id_ingesta": id }))
        .await;
    assert_eq!(stage.codigos(ELIMINAR, 1).await, ["transicion_invalida"]);
    let seen = letters(&app).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(
        (&seen[0]["code"], &seen[0]["replays"]),
        (&json!("transicion_invalida"), &json!(0))
    );
    assert!(
        !seen[0].to_string().contains(&id),
        "nothing of the message: {}",
        seen[0]
    );

    // It is sent again and refused again: the same letter, which has come once more.
    let which = json!({ "name": seen[0]["name"] });
    app.post("/operacion/apartados/repetir", &which)
        .await
        .ok(204);
    let again = eventually("it again", async || {
        let seen = letters(&app).await;
        seen.into_iter().find(|letter| letter["replays"] == 1)
    })
    .await;
    app.post("/operacion/apartados/repetir", &which)
        .await
        .refused(404, "mensaje_no_apartado");
    let which = json!({ "name": again["name"] });
    app.post("/operacion/apartados/descartar", &which)
        .await
        .ok(204);
    assert!(letters(&app).await.is_empty());
    app.post("/operacion/apartados/descartar", &which)
        .await
        .refused(404, "mensaje_no_apartado");
    for (name, status, code) in [
        ("de-otro-programa/0/1", 404, "mensaje_no_apartado"),
        ("sin-barras", 400, "mensaje_malformado"),
    ] {
        let other = app
            .post("/operacion/apartados/descartar", &json!({ "name": name }))
            .await;
        other.refused(status, code);
    }

    let relays = eventually("the relays at the end", async || {
        let rows = app.get("/operacion/relevos").await.ok(200).json();
        let rows = rows.as_array().expect("an array").clone();
        let done = |row: &Value| row["lag_events"] == 0 && row["acknowledged"].as_u64() > Some(0);
        (rows.len() == 2 && rows.iter().all(done)).then_some(rows)
    })
    .await;
    assert_eq!(relays[0]["name"], "integracion_ingesta");
    assert!(
        relays
            .iter()
            .all(|row| row["last_error"].is_null() && row["state"] == "running")
    );
    app.app.stop().await;
}
