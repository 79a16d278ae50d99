//! What an ingesta causes on its image, and the image on its ingesta.

use serde_json::json;

use crate::test_app::{TestApp, cuerpo_con};

#[tokio::test]
async fn refused_facts_refuse_the_image_and_the_image_its_ingesta() {
    let app = TestApp::start().await;
    let mut body = cuerpo_con("bytes", json!(0));
    body["modalidad"] = json!("XX");
    let id = app.crear(&body).await.ok(202).text_of("id_ingesta");
    app.drain().await;
    let image = app.get(&format!("/ingesta/{id}/imagen")).await;
    assert_eq!(image.ok(200).text_of("estado"), "rechazada");
    let reasons = json!(["bytes_invalidos", "modalidad_desconocida"]);
    assert_eq!(image.json()["motivos"], reasons);
    let read = app.leer(&id).await;
    assert_eq!(read.ok(200).text_of("estado"), "Rechazada");
    assert_eq!(read.json()["motivos"], reasons);
}

#[tokio::test]
async fn an_undone_ingesta_has_its_image_undone() {
    let app = TestApp::start().await;
    let mut body = cuerpo_con("bytes", json!(31_288));
    body["modalidad"] = json!("CT");
    let id = app.crear(&body).await.ok(202).text_of("id_ingesta");
    let image = app.get(&format!("/ingesta/{id}/imagen")).await;
    assert_eq!(image.ok(200).text_of("estado"), "verificada");
    assert_eq!(
        image.json()["hechos"],
        json!({"bytes": 31_288, "modalidad": "CT"})
    );
    revertir(&app, &id).await;
    app.drain().await;
    let image = app.get(&format!("/ingesta/{id}/imagen")).await;
    assert_eq!(image.ok(200).text_of("estado"), "revertida");
    assert_eq!(image.header("etag"), "\"2\"");
    assert_eq!(app.leer(&id).await.text_of("estado"), "Fallida");
}

#[tokio::test]
async fn a_verdict_that_comes_too_late_parks_nothing() {
    let app = TestApp::start().await;
    let mut ends = Vec::new();
    for (way, end) in [
        (&["eliminar"][..], "Eliminada"),
        (&["iniciar", "alertar"][..], "Alertada"),
    ] {
        // A race with the reaction: who is first decides, and both ends are right.
        let id = app
            .crear(&cuerpo_con("bytes", json!(0)))
            .await
            .text_of("id_ingesta");
        for command in way {
            let path = format!("/ingesta/{id}/{command}");
            app.post(&path, &json!({"motivo": "limpieza"})).await;
        }
        ends.push((id, end));
    }
    app.drain().await;
    for (id, end) in ends {
        let state = app.leer(&id).await.text_of("estado");
        assert!(state == end || state == "Rechazada", "{state}");
    }
    assert_eq!(
        app.count("select count(*) from ingesta_parked_streams")
            .await,
        0
    );
}

async fn revertir(app: &TestApp, id: &str) {
    let path = format!("/ingesta/{id}/revertir");
    app.post(&path, &json!({"motivo": "limpieza"}))
        .await
        .ok(202);
}
