//! A server that dies while its sagas are under way, and another one that goes on.

use std::collections::BTreeMap;

use ingesta_server::mensajes::Esquema;
use serde_json::{Value, json};

use super::vecinos::{Dice, Pedido, Vecinos, cuerpo_de};
use crate::cli::support::{Ground, Server};
use crate::kafka::stage::Stage;

const CADA_UNA: usize = 4;
const CASOS: [&str; 3] = ["bien", "etiquetado", "limpieza"];

fn conducta(caso: &str, pedido: &Pedido) -> Vec<Dice> {
    match (caso, pedido.esquema) {
        ("etiquetado", Esquema::ComandoIniciarEtiquetado) => vec![Dice::Rechazado("no")],
        ("limpieza", Esquema::ComandoLimpiarIngesta) => vec![Dice::Rechazado("retenida")],
        _ => vec![Dice::Hecho],
    }
}

fn serve(ground: &Ground, stage: &Stage) -> Server {
    let arguments = ["serve", "--migrate", "--json", "--listen", "127.0.0.1:0"];
    let mut command = ground.command(&arguments);
    command
        .env("INGESTA_KAFKA_BROKERS", &stage.kafka.brokers)
        .env("INGESTA_KAFKA_PREFIX", &stage.prefix)
        .env("INGESTA_SAGA", "si")
        .env("INGESTA_SAGA_WAIT_SECONDS", "250");
    Server::spawn(&mut command)
}

async fn listo(ground: &Ground, server: &Server) {
    ground
        .eventually("the topics", async || {
            let (_, ready) = server.get("/readyz").await;
            let there = ready.to_string().contains("its topics are there");
            there.then_some(())
        })
        .await;
}

async fn entregar(server: &Server) {
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    for caso in CASOS.iter().cycle().take(CASOS.len() * CADA_UNA) {
        let url = format!("{}/ingesta/crear-ingesta-comando", server.url);
        let sent = client.post(url).json(&cuerpo_de(caso)).send().await;
        assert_eq!(sent.expect("an answer").status().as_u16(), 202);
    }
}

/// Waits until so many orders of this kind have come, whoever was told.
async fn pedidas(ground: &Ground, vecinos: &Vecinos, esquema: Esquema, count: usize) {
    ground
        .eventually(esquema.topic(), async || {
            let mensajes = vecinos.mensajes();
            let of_it = mensajes.iter().filter(|pedido| pedido.esquema == esquema);
            (of_it.count() >= count).then_some(())
        })
        .await;
}

/// How many events of this kind each saga has, at most.
async fn most(ground: &Ground, event: &str) -> i64 {
    ground
        .ask(&format!(
            "select coalesce(max(n), 0) from (select count(*) as n from events
              where event_type = '{event}' group by aggregate_id) as each"
        ))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn b_35_a_server_that_is_killed_between_the_steps_loses_no_saga_and_does_no_step_twice() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let ground = Ground::new().await;
    let first = serve(&ground, &stage);
    listo(&ground, &first).await;
    let vecinos = Vecinos::start(&stage, conducta);
    entregar(&first).await;
    pedidas(&ground, &vecinos, Esquema::ComandoIniciarEtiquetado, 1).await;
    first.kill();
    let second = serve(&ground, &stage);
    pedidas(&ground, &vecinos, Esquema::ComandoLimpiarIngesta, 1).await;
    second.kill();
    let third = serve(&ground, &stage);
    let expected = json!({
        "Finalizada": CADA_UNA, "Fallida": CADA_UNA, "Alertada": CADA_UNA,
    });
    ground
        .eventually("the end of every saga", async || {
            (finales(&ground).await == expected).then_some(())
        })
        .await;
    // The ingestas ended as their sagas did.
    let ends = "select event_type || ' ' || count(*) from events
                 where event_type in ('IngestaFinalizada', 'IngestaRevertida', 'IngestaAlertada')
                 group by event_type order by event_type";
    let expected = [
        "IngestaAlertada 4",
        "IngestaFinalizada 4",
        "IngestaRevertida 4",
    ];
    assert_eq!(ground.texts(ends).await, expected);
    let starts = most(&ground, "SagaIniciada").await;
    let ends = most(&ground, "SagaTerminada").await;
    assert_eq!((starts, ends), (1, 1));
    assert!(most(&ground, "PasoHecho").await <= 3);
    assert!(most(&ground, "PasoRevertido").await <= 1);
    vecinos.stop().await;
    assert_eq!(third.terminate(), Some(0));
}

/// The states of all sagas, counted, as their view has them.
async fn finales(ground: &Ground) -> Value {
    let listed = ground.run(&["sagas", "list", "--all", "--json"]).expect(0);
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for line in listed.json() {
        let estado = line["estado"].as_str().expect("a state").to_owned();
        *counted.entry(estado).or_default() += 1;
    }
    json!(counted)
}
