//! What persons do to sagas: the ways out of a refused clean-up, and coming too early.

use ingesta_server::mensajes::Esquema;
use ingesta_server::{AppOptions, Follow};
use serde_json::json;

use super::vecinos::{Dice, PACIENTE, Pedido, Vecinos, app, ingesta, ingesta_en, obedece};
use super::vecinos::{contestar, opciones, saga_en, sobre_que};
use crate::kafka::stage::Stage;
use crate::test_app::TestApp;

/// Refuses every first wish to clean up.
fn no_limpia(_: &str, pedido: &Pedido) -> Vec<Dice> {
    let first = pedido.ce_id.ends_with("/1");
    if first && pedido.esquema == Esquema::ComandoLimpiarIngesta {
        return vec![Dice::Rechazado("retenida")];
    }
    vec![Dice::Hecho]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_clean_up_waits_for_a_person_who_ends_it_well_undoes_or_withdraws_it() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = app(&stage, PACIENTE).await;
    let vecinos = Vecinos::start(&stage, no_limpia);
    let ids = [
        ingesta(&app, "a").await,
        ingesta(&app, "b").await,
        ingesta(&app, "c").await,
    ];
    for id in &ids {
        let saga = saga_en(&app, id, "Alertada").await;
        assert_eq!(saga["espera"]["de"], "una persona");
        assert_eq!(saga["motivo"]["codigo"], "retenida");
        ingesta_en(&app, id, "Alertada").await;
    }
    app.ordenar(&ids[0], "finalizar").await.ok(202);
    app.post(
        &format!("/ingesta/{}/revertir", ids[1]),
        &json!({ "motivo": "no sirve" }),
    )
    .await
    .ok(202);
    app.ordenar(&ids[2], "eliminar").await.ok(202);
    let ends = ["Finalizada", "Fallida", "Eliminada"];
    for (id, end) in ids.iter().zip(ends) {
        let saga = saga_en(&app, id, end).await;
        let revertidos = sobre_que(&saga, "PasoRevertido");
        let expected: &[&str] = if end == "Finalizada" {
            &[]
        } else {
            &["Etiquetado", "Anonimizado"]
        };
        assert_eq!(revertidos, expected, "{end}");
        assert_eq!(app.leer(id).await.text_of("estado"), end);
    }
    vecinos.stop().await;
    app.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingesta_that_is_withdrawn_while_its_saga_starts_troubles_no_neighbour() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    // Nobody reacts yet.
    let before = TestApp::start_with(AppOptions {
        follow: Follow::Views,
        ..opciones(&stage, PACIENTE)
    })
    .await;
    let id = before.ingesta().await;
    before.ordenar(&id, "eliminar").await.ok(202);
    // A person who was quicker than the saga.
    let begun = before.ingesta().await;
    before.ordenar(&begun, "iniciar").await.ok(202);
    let TestApp { app, owned, .. } = before;
    app.stop().await;

    let app = TestApp::over(owned, opciones(&stage, PACIENTE)).await;
    stage.topics_ready(&app).await;
    let vecinos = Vecinos::start(&stage, obedece);
    saga_en(&app, &id, "SinEfecto").await;
    saga_en(&app, &begun, "Finalizada").await;
    assert!(vecinos.pedidos(&id).is_empty());
    assert_eq!(app.leer(&id).await.text_of("estado"), "Eliminada");
    vecinos.stop().await;
    app.app.stop().await;
}

/// Labels nothing, and does not say whether it reverted.
fn se_calla_al_revertir(_: &str, pedido: &Pedido) -> Vec<Dice> {
    if pedido.esquema == Esquema::ComandoRevertirAnonimizado {
        return Vec::new();
    }
    if pedido.esquema == Esquema::ComandoIniciarEtiquetado {
        return vec![Dice::Rechazado("sin_modalidad")];
    }
    vec![Dice::Hecho]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_reverted_is_not_ended_well_by_a_person() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = app(&stage, PACIENTE).await;
    let vecinos = Vecinos::start(&stage, se_calla_al_revertir);
    let id = ingesta(&app, "a").await;
    saga_en(&app, &id, "Compensando").await;
    // Who fires its timer is shown among what there is to look at.
    let ready = app.get("/readyz").await.json();
    let parts = ready["components"].as_array().expect("components");
    let timers = parts.iter().find(|part| part["name"] == "plazos_saga");
    assert_eq!(timers.expect("it is shown")["status"], "up", "{ready}");
    let refused = app.ordenar(&id, "finalizar").await;
    refused.refused(409, "saga_en_curso");
    assert_eq!(refused.text_of("estado"), "Compensando");
    ingesta_en(&app, &id, "Pendiente").await;
    // To call for a person is no end, and changes nothing of what the saga does.
    let motivo = json!({"motivo": "que alguien mire"});
    app.post(&format!("/ingesta/{id}/alertar"), &motivo)
        .await
        .ok(202);
    app.ordenar(&id, "finalizar")
        .await
        .refused(409, "saga_en_curso");
    let revert = vecinos.pedidos(&id).pop().expect("an order");
    assert_eq!(revert.esquema, Esquema::ComandoRevertirAnonimizado);
    contestar(&stage, &revert, Dice::Hecho, "tarde").await;
    saga_en(&app, &id, "Fallida").await;
    ingesta_en(&app, &id, "Fallida").await;
    vecinos.stop().await;
    app.app.stop().await;
}

/// Refuses the first wish to clean up, and says nothing to the second.
fn tarda_en_limpiar(_: &str, pedido: &Pedido) -> Vec<Dice> {
    match (pedido.esquema, pedido.ce_id.ends_with("/1")) {
        (Esquema::ComandoLimpiarIngesta, true) => vec![Dice::Rechazado("retenida")],
        (Esquema::ComandoLimpiarIngesta, false) => Vec::new(),
        _ => vec![Dice::Hecho],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_32_what_is_undone_while_it_is_cleaned_up_keeps_its_anonymised_copy() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = app(&stage, PACIENTE).await;
    let vecinos = Vecinos::start(&stage, tarda_en_limpiar);
    let id = ingesta(&app, "a").await;
    saga_en(&app, &id, "Alertada").await;
    let again = format!("/operacion/sagas/{id}/reintentar");
    app.post(&again, &json!({})).await.ok(202);
    let undo = format!("/ingesta/{id}/revertir");
    app.post(&undo, &json!({ "motivo": "no sirve" }))
        .await
        .ok(202);
    ingesta_en(&app, &id, "Fallida").await;
    // It knows that the ingesta has ended, and still not whether the raw data has gone.
    let waits = ingesta_testing::eventually("the end to be heard", async || {
        let saga = app.get(&format!("/ingesta/{id}/saga")).await.json();
        (saga["fin"] == "Fallida").then_some(saga)
    })
    .await;
    assert_eq!(waits["estado"], "Limpiando", "{waits}");
    let cleaned = ingesta_testing::eventually("the second wish", async || {
        let orders = vecinos.pedidos(&id).into_iter();
        let mut orders = orders.filter(|pedido| pedido.esquema == Esquema::ComandoLimpiarIngesta);
        orders.find(|pedido| !pedido.ce_id.ends_with("/1"))
    })
    .await;
    contestar(&stage, &cleaned, Dice::Hecho, "tarde").await;
    let saga = saga_en(&app, &id, "Fallida").await;
    assert_eq!(
        saga["pasos_hechos"],
        json!(["Anonimizado", "Etiquetado", "Limpieza"])
    );
    assert_eq!(saga["revertidos"], json!([]));
    let reverted = vecinos.pedidos(&id).into_iter();
    let reverted = reverted.filter(|pedido| pedido.esquema == Esquema::ComandoRevertirAnonimizado);
    assert_eq!(reverted.count(), 0);
    vecinos.stop().await;
    app.app.stop().await;
}
