//! What each feed tells, in which order, to whom.

use ingesta_event_store::EventStorage;
use serde_json::json;
use uuid::Uuid;

use super::lector::Lector;
use crate::test_app::{TestApp, cuerpo_con};

#[tokio::test]
async fn b_41_b_42_every_browser_sees_everything_in_order_as_it_happens() {
    let app = TestApp::start().await;
    let mut browsers = [
        Lector::open(&app, "/bff/stream").await,
        Lector::open(&app, "/bff/stream").await,
    ];
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(app.ingesta().await);
    }
    for browser in &mut browsers {
        let mut created = Vec::new();
        let mut images = Vec::new();
        while images.len() < ids.len() {
            let suceso = browser.next().await.expect("the feed goes on");
            match suceso.tipo() {
                "IngestaCreada" => created.push(suceso.ingesta().to_owned()),
                "ImagenVerificada" => {
                    // Never before what it answers to.
                    assert!(created.contains(&suceso.ingesta().to_owned()));
                    assert_eq!(suceso.topico, "eventos-imagen");
                    images.push(suceso.ingesta().to_owned());
                }
                other => panic!("nobody did that: {other}"),
            }
        }
        assert_eq!(created, ids);
    }
}

#[tokio::test]
async fn b_44_a_frame_is_the_topics_message_as_json() {
    let app = TestApp::start().await;
    let mut browser = Lector::open(&app, "/bff/stream?topico=evento-ingesta-creada").await;
    let id = app.ingesta().await;
    let seen = browser.take(1).await.remove(0);
    assert_eq!(seen.topico, "evento-ingesta-creada");
    let datos = &seen.datos;
    assert_eq!(datos["id"], format!("Ingesta/{id}/1"), "{datos}");
    for (member, value) in [
        ("specversion", "v1"),
        ("type", "IngestaCreada"),
        ("service_name", "sta"),
        ("datacontenttype", "JSON"),
    ] {
        assert_eq!(datos[member], value, "{member}: {datos}");
    }
    assert_eq!(datos["data"]["id_ingesta"], json!(id));
    // B-40: where the image is is nobody's business here.
    assert!(
        !datos.to_string().contains("imagenes.example.org"),
        "{datos}"
    );
}

#[tokio::test]
async fn failures_and_alerts_have_feeds_of_their_own() {
    let app = TestApp::start().await;
    let mut fails = Lector::open(&app, "/bff/stream/fails").await;
    let mut admin = Lector::open(&app, "/bff/stream/admin").await;
    let (fallida, alertada) = (app.ingesta().await, app.ingesta().await);
    let motivo = json!({ "motivo": "prueba" });
    app.post(&format!("/ingesta/{fallida}/revertir"), &motivo)
        .await
        .ok(202);
    app.ordenar(&alertada, "iniciar").await.ok(202);
    app.post(&format!("/ingesta/{alertada}/alertar"), &motivo)
        .await
        .ok(202);
    let (fail, alert) = (fails.take(1).await.remove(0), admin.take(1).await.remove(0));
    assert_eq!(
        (fail.topico.as_str(), fail.ingesta()),
        ("evento-fallo-ingesta", fallida.as_str())
    );
    assert_eq!(
        (alert.topico.as_str(), alert.ingesta()),
        ("evento-alerta-ingesta", alertada.as_str())
    );
}

#[tokio::test]
async fn the_whole_history_is_there_for_whoever_asks_from_the_beginning() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for _ in 0..50 {
        ids.push(app.ingesta().await);
    }
    app.drain().await;
    let mut browser = Lector::open(&app, "/bff/stream?desde=inicio&topico=eventos-ingesta").await;
    let seen = browser.take(ids.len()).await;
    let seen: Vec<_> = seen.iter().map(|suceso| suceso.ingesta()).collect();
    assert_eq!(seen, ids);
    // From the position of a command's answer on: what happened behind it.
    let created = app
        .crear(&cuerpo_con("id_proveedor", json!(Uuid::new_v4())))
        .await;
    let (id, posicion) = (
        created.ok(202).text_of("id_ingesta"),
        created.text_of("posicion"),
    );
    let path = format!("/bff/stream?desde={posicion}");
    let image = Lector::open(&app, &path).await.take(1).await.remove(0);
    assert_eq!(
        (image.tipo(), image.ingesta()),
        ("ImagenVerificada", id.as_str())
    );
}

#[tokio::test]
async fn what_is_no_position_or_topic_is_refused() {
    let app = TestApp::start().await;
    for (path, code) in [
        ("/bff/stream?desde=ayer", "posicion_invalida"),
        ("/bff/stream/fails?desde=", "posicion_invalida"),
        (
            "/bff/stream/admin?desde=99999999999-1",
            "posicion_desconocida",
        ),
        ("/bff/stream?topico=eventos-reserva", "topico_desconocido"),
        ("/bff/stream?Desde=inicio", "parametro_desconocido"),
        (
            "/bff/stream/fails?topico=eventos-ingesta",
            "parametro_desconocido",
        ),
    ] {
        app.get(path).await.refused(400, code);
    }
    let version = app.get("/bff/version").await;
    assert_eq!(version.ok(200).json(), json!({ "version": "2" }));
}

#[tokio::test]
async fn an_event_that_cannot_be_told_is_a_frame_that_says_so() {
    let app = TestApp::start().await;
    let mut browser = Lector::open(&app, "/bff/stream").await;
    let id = Uuid::new_v4().to_string();
    app.insert("Ingesta", &id, 1, ("AlgoNuevo", json!({})))
        .await;
    let seen = browser.take(1).await.remove(0);
    assert_eq!(seen.topico, "eventos-ingesta");
    let said = json!({
        "id": format!("Ingesta/{id}/1"),
        "type": "EventoIlegible",
        "codigo": "undecodable",
        "data": null,
    });
    assert_eq!(seen.datos, said);
    assert!(app.storage.head().await.is_ok());
}
