//! The ways of a saga: to its good end, and back from each failure.

use ingesta_server::mensajes::Esquema;
use serde_json::{Value, json};

use super::vecinos::{Dice, PACIENTE, Pedido, Vecinos, app, cuerpo_de, ingesta, obedece};
use super::vecinos::{ingesta_en, saga_en, sobre_que};
use crate::kafka::stage::Stage;

const TRAZA: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn topicos(pedidos: &[Pedido]) -> Vec<&'static str> {
    let of = |pedido: &Pedido| pedido.esquema.topic();
    pedidos.iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn b_34_what_is_labelled_and_cleaned_up_ends_well_and_one_trace_leads_through_all_of_it() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = app(&stage, PACIENTE).await;
    let vecinos = Vecinos::start(&stage, obedece);
    let request = app
        .request(reqwest::Method::POST, "/ingesta/crear-ingesta-comando")
        .header("traceparent", format!("00-{TRAZA}-00f067aa0ba902b7-01"))
        .json(&cuerpo_de("bien"));
    let created = app.send(request).await;
    let id = created.ok(202).text_of("id_ingesta");
    let saga = saga_en(&app, &id, "Finalizada").await;
    ingesta_en(&app, &id, "Finalizada").await;
    assert_eq!(
        sobre_que(&saga, "PasoHecho"),
        ["Anonimizado", "Etiquetado", "Limpieza"]
    );
    assert_eq!(saga["espera"], Value::Null);
    assert_eq!(saga["fin"], "Finalizada");

    let pedidos = vecinos.pedidos(&id);
    let expected = [
        "comando-iniciar-anonimizado",
        "comando-iniciar-etiquetado",
        "comando-limpiar-ingesta",
    ];
    assert_eq!(topicos(&pedidos), expected);
    // B-38: what the labeller is told is what the image declares, and nobody's dice.
    assert_eq!(pedidos[1].data["modalidad"], "US");
    let conversaciones: Vec<_> = pedidos.iter().map(|pedido| &pedido.conversacion).collect();
    assert!(!conversaciones[0].is_empty());
    assert!(conversaciones.iter().all(|one| *one == conversaciones[0]));
    for pedido in &pedidos {
        assert!(pedido.traza.contains(TRAZA), "{pedido:?}");
    }
    let strangers = "select count(*) from events
                      where metadata ->> 'traceparent' not like '%4bf92f3577b34da6a3ce929d0e0e4736%'
                         or metadata ->> 'traceparent' is null";
    assert_eq!(app.count(strangers).await, 0, "every event is of the trace");

    let tag = app.get(&format!("/ingesta/{id}/saga")).await;
    assert_eq!(tag.header("etag"), format!("\"{}\"", saga["version"]));
    vecinos.stop().await;
    app.app.stop().await;
}

fn rechaza(caso: &str, pedido: &Pedido) -> Vec<Dice> {
    match (caso, pedido.esquema) {
        ("anonimizado", Esquema::ComandoIniciarAnonimizado) => vec![Dice::Rechazado("sin_imagen")],
        ("etiquetado", Esquema::ComandoIniciarEtiquetado) => {
            vec![Dice::Rechazado("sin_modalidad")]
        }
        // Twice each, under names of their own: a neighbour that says everything again.
        _ => vec![Dice::Hecho, Dice::Hecho],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_32_a_step_that_fails_has_exactly_the_finished_ones_reverted_and_nothing_cleaned_up() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = app(&stage, PACIENTE).await;
    let vecinos = Vecinos::start(&stage, rechaza);
    let primero = ingesta(&app, "anonimizado").await;
    let segundo = ingesta(&app, "etiquetado").await;
    let bien = ingesta(&app, "bien").await;

    let saga = saga_en(&app, &primero, "Fallida").await;
    assert_eq!(sobre_que(&saga, "PasoRevertido"), Vec::<String>::new());
    assert_eq!(saga["motivo"]["codigo"], "sin_imagen");
    let pedidos = vecinos.pedidos(&primero);
    assert_eq!(topicos(&pedidos), ["comando-iniciar-anonimizado"]);

    let saga = saga_en(&app, &segundo, "Fallida").await;
    assert_eq!(sobre_que(&saga, "PasoHecho"), ["Anonimizado"]);
    assert_eq!(sobre_que(&saga, "PasoRevertido"), ["Anonimizado"]);
    let pedidos = vecinos.pedidos(&segundo);
    let expected = [
        "comando-iniciar-anonimizado",
        "comando-iniciar-etiquetado",
        "comando-revertir-anonimizado",
    ];
    assert_eq!(topicos(&pedidos), expected);

    // Answers that come twice count once.
    let saga = saga_en(&app, &bien, "Finalizada").await;
    assert_eq!(sobre_que(&saga, "PasoHecho").len(), 3);
    assert_eq!(vecinos.pedidos(&bien).len(), 3);
    for id in [&primero, &segundo] {
        ingesta_en(&app, id, "Fallida").await;
    }
    let both = "select count(*) from (
                  select aggregate_id from events
                   where event_type in ('IngestaEliminada', 'IngestaRevertida', 'IngestaFinalizada')
                   group by aggregate_id having count(*) > 1) as twice";
    assert_eq!(app.count(both).await, 0);
    vecinos.stop().await;
    app.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b_33_the_image_of_a_failed_ingesta_is_reverted() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = app(&stage, PACIENTE).await;
    let vecinos = Vecinos::start(&stage, rechaza);
    let id = ingesta(&app, "etiquetado").await;
    saga_en(&app, &id, "Fallida").await;
    app.drain().await;
    let imagen = app.get(&format!("/ingesta/{id}/imagen")).await;
    assert_eq!(imagen.ok(200).text_of("estado"), "revertida");
    let told = stage.leer(Esquema::EventosImagen, 2).await;
    assert_eq!(told[1].data["estado"], "revertida");
    vecinos.stop().await;
    app.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b_36_what_is_reverted_is_written_down_and_nothing_is_destroyed() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let app = app(&stage, PACIENTE).await;
    let vecinos = Vecinos::start(&stage, rechaza);
    let id = ingesta(&app, "etiquetado").await;
    let saga = saga_en(&app, &id, "Fallida").await;
    reverted_and_told(&saga);
    app.drain().await;
    let url = "https://imagenes.example.org/etiquetado.dcm";
    let imagen = app.get(&format!("/ingesta/{id}/imagen")).await;
    assert_eq!(imagen.ok(200).text_of("url_path"), url);
    let read = app.leer(&id).await;
    assert_eq!(read.text_of("url_path"), url);
    assert_eq!(
        read.text_of("motivo"),
        "el paso Etiquetado fue rechazado: sin_modalidad"
    );
    vecinos.stop().await;
    app.app.stop().await;
}

/// The whole story, with what was undone in it.
fn reverted_and_told(saga: &Value) {
    assert_eq!(saga["revertidos"], json!(["Anonimizado"]));
    assert_eq!(saga["pasos_hechos"], json!([]));
    let eventos: Vec<_> = saga["historia"]
        .as_array()
        .expect("a log")
        .iter()
        .map(|line| line["evento"].as_str().expect("a name"))
        .collect();
    let expected = [
        "SagaIniciada",
        "ComandoPedido",
        "OrdenEnviada",
        "PasoHecho",
        "OrdenEnviada",
        "PasoFallido",
        "CompensacionIniciada",
        "OrdenEnviada",
        "PasoRevertido",
        "ComandoPedido",
        "IngestaTerminada",
        "SagaTerminada",
    ];
    assert_eq!(eventos, expected);
}
