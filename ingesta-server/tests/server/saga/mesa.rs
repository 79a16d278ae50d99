//! An operator's desk over HTTP: sagas looked at, tried again and given up.

use ingesta_server::mensajes::Esquema;
use serde_json::json;
use uuid::Uuid;

use super::vecinos::{Dice, PACIENTE, Pedido, Vecinos, app, ingesta, saga_en};
use crate::kafka::stage::Stage;

/// Refuses every first wish to clean up, and labels nothing in the case `mudo`.
fn dificil(caso: &str, pedido: &Pedido) -> Vec<Dice> {
    let first = pedido.ce_id.ends_with("/1");
    match (caso, pedido.esquema, first) {
        ("mudo", Esquema::ComandoIniciarEtiquetado, _) => Vec::new(),
        (_, Esquema::ComandoLimpiarIngesta, true) => vec![Dice::Rechazado("retenida")],
        _ => vec![Dice::Hecho],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_a_saga_tried_again_or_gives_it_up_over_http() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = app(&stage, PACIENTE).await;
    let vecinos = Vecinos::start(&stage, dificil);
    let (mudo, alertada) = (ingesta(&app, "mudo").await, ingesta(&app, "b").await);
    saga_en(&app, &mudo, "Etiquetando").await;
    saga_en(&app, &alertada, "Alertada").await;
    app.drain().await;
    let open = app.get("/operacion/sagas").await.ok(200).json();
    assert_eq!(open.as_array().map(Vec::len), Some(2), "{open}");
    let only = app
        .get("/operacion/sagas?estado=Alertada")
        .await
        .ok(200)
        .json();
    assert_eq!(
        (&only[0]["id_ingesta"], &only[1]),
        (&json!(alertada), &json!(null))
    );
    app.get("/operacion/sagas?estado=Perdida")
        .await
        .refused(400, "estado_desconocido");

    let path = format!("/operacion/sagas/{alertada}/reintentar");
    let said = app.post(&path, &json!({})).await;
    assert_eq!(said.ok(202).text_of("estado"), "Limpiando");
    saga_en(&app, &alertada, "Finalizada").await;
    app.post(&path, &json!({}))
        .await
        .refused(409, "saga_ya_terminada");

    let path = format!("/operacion/sagas/{mudo}/abandonar");
    app.post(&path, &json!({ "motivo": "" }))
        .await
        .refused(400, "motivo_invalido");
    app.post(&path, &json!({ "motivo": "no contesta" }))
        .await
        .ok(202);
    app.drain().await;
    let open = app.get("/operacion/sagas").await.ok(200).json();
    let open = open.as_array().expect("an array");
    assert!(
        !open
            .iter()
            .any(|saga| saga["id_ingesta"] == json!(alertada)),
        "{open:?}"
    );
    let none = format!("/operacion/sagas/{}/reintentar", Uuid::now_v7());
    app.post(&none, &json!({}))
        .await
        .refused(404, "saga_no_existe");
    drop(vecinos);
    app.app.stop().await;
}
