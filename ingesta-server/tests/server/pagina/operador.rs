//! What an operator does on the page: a rebuild with its bar, a parked stream, what there is to see.

use serde_json::json;
use sqlx::Connection as _;
use uuid::Uuid;

use super::{Navegador, pagina};
use crate::test_app::TestApp;

#[tokio::test]
async fn a_rebuild_shows_its_bar_while_it_runs_and_then_how_it_ended() {
    let app = TestApp::start().await;
    for _ in 0..20 {
        app.ingesta().await;
    }
    app.drain().await;
    // A reader keeps the old table: the rebuild comes as far as the swap and waits there.
    let mut reader = sqlx::PgConnection::connect(app.owned.url())
        .await
        .expect("it connects");
    let mut reading = reader.begin().await.expect("it begins");
    sqlx::query("lock table vista_ingestas in access share mode")
        .execute(&mut *reading)
        .await
        .expect("locked");

    let Some(mut navegador) = Navegador::abrir(&pagina(&app, "#/operacion")).await else {
        return;
    };
    let row = "document.querySelector('tr[data-nombre=vista_ingestas]')";
    navegador.hasta("the projection", &format!("!!{row}")).await;
    navegador
        .tabular_hasta("[data-reconstruir=vista_ingestas]")
        .await;
    navegador.tecla("Enter").await;
    navegador
        .hasta("the bar", &format!("!!{row}?.querySelector('progress')"))
        .await;
    let written = format!("{row}?.textContent.includes('20 filas')");
    navegador.hasta("what it has done", &written).await;
    navegador.foto("reconstruccion").await;
    let other = "document.querySelector('[data-reconstruir=vista_imagenes]').disabled";
    assert_eq!(navegador.js(other).await, json!(true), "one at a time");
    let again = app
        .post(
            "/operacion/proyecciones/vista_imagenes/reconstruir",
            &json!({}),
        )
        .await;
    again.refused(409, "reconstruccion_en_curso");

    reading.commit().await.expect("it ends");
    navegador
        .hasta(
            "the end",
            &format!("!!{row}?.querySelector('[data-estado=done]')"),
        )
        .await;
    let text = navegador.js(&format!("{row}.textContent")).await;
    assert!(
        text.as_str()
            .is_some_and(|text| text.contains("hecha: 20 filas, 0 distintas")),
        "{text}"
    );
    assert_eq!(navegador.faltas(), [] as [String; 0]);
    app.app.stop().await;
}

#[tokio::test]
async fn a_rebuild_can_be_stopped_and_ends_with_the_server() {
    let app = TestApp::start().await;
    app.ingesta().await;
    app.drain().await;
    let mut reader = sqlx::PgConnection::connect(app.owned.url())
        .await
        .expect("it connects");
    let mut reading = reader.begin().await.expect("it begins");
    sqlx::query("lock table vista_ingestas in access share mode")
        .execute(&mut *reading)
        .await
        .expect("locked");
    let path = "/operacion/proyecciones/vista_ingestas";
    app.post(&format!("{path}/detener"), &json!({}))
        .await
        .refused(409, "sin_reconstruccion");
    let state = async || {
        let rows = app.get("/operacion/proyecciones").await.ok(200).json();
        rows[0]["rebuild"].clone()
    };
    for stop_by_order in [true, false] {
        app.post(&format!("{path}/reconstruir"), &json!({}))
            .await
            .ok(202);
        ingesta_testing::eventually("the swap", async || {
            let now = state().await;
            (now["state"] == "running" && now["phase"] == "swapping").then_some(())
        })
        .await;
        if stop_by_order {
            app.post(&format!("{path}/detener"), &json!({}))
                .await
                .ok(202);
            ingesta_testing::eventually("the stop", async || {
                (state().await["state"] == "stopped").then_some(())
            })
            .await;
        }
    }
    app.post("/operacion/proyecciones/otra/reconstruir", &json!({}))
        .await
        .refused(404, "proyeccion_no_existe");
    // With the server ends the rebuild, and its lease with it: somebody else may go on at once.
    app.app.stop().await;
    let held = sqlx::query_scalar::<_, i64>(
        "select count(*) from ingesta_subscriptions where name like '%vista_ingestas%' and name <> 'vista_ingestas'
          and owner is not null",
    );
    let held = held
        .fetch_one(app.database.pool())
        .await
        .expect("it answers");
    assert_eq!(held, 0, "the lease is given back");
    reading.rollback().await.expect("it ends");
}

#[tokio::test]
async fn a_parked_stream_is_tried_again_and_passed_over_from_the_page() {
    let app = TestApp::start().await;
    let id = Uuid::new_v4().to_string();
    app.insert("Ingesta", &id, 1, ("NadieLoConoce", json!({})))
        .await;
    let Some(mut navegador) = Navegador::abrir(&pagina(&app, "#/operacion")).await else {
        return;
    };
    let skip = format!("document.querySelector('[data-saltar=\"Ingesta/{id}\"]')");
    navegador
        .hasta("the parked stream", &format!("!!{skip}"))
        .await;
    navegador.foto("apartados").await;
    let resume = format!("document.querySelector('[data-reanudar=\"Ingesta/{id}\"]').click()");
    navegador.js(&resume).await;
    // Somebody who says no has changed nothing.
    navegador
        .hasta("it there still", &format!("!!{skip}"))
        .await;
    navegador.js(&format!("{skip}.click()")).await;
    navegador
        .hasta("the question", "document.getElementById('pregunta').open")
        .await;
    navegador.tecla("Escape").await;
    navegador
        .hasta("the answer", "!document.getElementById('pregunta').open")
        .await;
    let parked = "select count(*) from ingesta_parked_streams";
    assert!(app.count(parked).await > 0);
    // Each subscription that reads such events has parked it for itself.
    app.drain().await;
    for left in (0..app.count(parked).await).rev() {
        navegador.hasta("one more", &format!("!!{skip}")).await;
        navegador.js(&format!("{skip}.click()")).await;
        navegador
            .hasta("the question", "document.getElementById('pregunta').open")
            .await;
        navegador.tecla("Enter").await;
        ingesta_testing::eventually("one less", async || {
            (app.count(parked).await == left).then_some(())
        })
        .await;
        let shown = format!("document.querySelectorAll('[data-saltar]').length === {left}");
        navegador.hasta("one less on the page", &shown).await;
    }
    navegador
        .hasta("no parked stream", &format!("!{skip}"))
        .await;
    assert_eq!(app.count(parked).await, 0);
    // An event that it was not asked about is not passed over.
    let path = "/operacion/suscripciones/vista_ingestas/saltar";
    let body = json!({ "stream": format!("Ingesta/{id}"), "sequence": 7 });
    app.post(path, &body)
        .await
        .refused(404, "flujo_no_apartado");
    app.post(path, &json!({ "stream": "Ingesta", "sequence": 1 }))
        .await
        .refused(400, "stream_malformado");
    assert_eq!(navegador.faltas(), [] as [String; 0]);
    app.app.stop().await;
}
