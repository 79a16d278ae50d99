//! The labeller in another language passes what the one in Rust passes.

use ingesta_testing::services::{OwnedDatabase, Python};
use saludtech::mensajes::Topico;
use std::collections::BTreeSet;
use std::process::Command;
use uuid::Uuid;

use crate::etiquetado::{self, labels, refusals, undoing};
use crate::oyente::Oyente;
use crate::proceso::{Proceso, Vecino};
use crate::stage::Stage;

/// One list for every program in that language here, so that it is fetched once.
const REQUIREMENTS: &str = include_str!("../../../python/requirements.txt");

/// The program on the stage's topics, with its books in this folder.
fn comando(stage: &Stage, python: &Python, folder: &str) -> Command {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/python/etiquetado.py");
    let mut command = python.command();
    command
        .args([
            program,
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--log",
            "debug",
        ])
        .args(["--kafka-brokers", &stage.kafka.brokers])
        .args(["--kafka-prefix", &stage.prefix])
        .args(["--kafka-partitions", "2", "--data-dir"])
        .arg(stage.folder.path().join(folder));
    command
}

async fn python() -> Option<Python> {
    let python = Python::with_or_skip(REQUIREMENTS).await;
    python.expect("a Python for the test")
}

/// Every event that was told of an ingesta, once there is one at least.
async fn events(oyente: &Oyente, id: Uuid) -> BTreeSet<String> {
    let heard = oyente.de(id, 1).await;
    let ids = heard.iter().map(|oido| oido.header("ce_id").to_owned());
    ids.collect()
}

#[tokio::test]
async fn a_labeller_in_python_passes_the_same_tests() {
    let (Some(stage), Some(python)) = (Stage::new().await, python().await) else {
        return;
    };
    let mut vecino = Proceso::spawn(&stage, &mut comando(&stage, &python, "uno"));
    let oyente = stage.oyente(Topico::EventosEtiquetado);
    labels(&stage, &oyente).await;
    undoing(&stage, &oyente).await;
    refusals(&stage, &oyente).await;
    let (status, health) = vecino.health().await;
    assert_eq!((status, health["status"].as_str()), (200, Some("up")));
    let said = vecino.said();
    assert!(!said.contains("Juan") && !said.contains("neumon"), "{said}");
    vecino.terminate();
    assert!(vecino.ended().await, "{}", vecino.said());
}

#[tokio::test]
async fn a_labeller_in_python_that_is_killed_repeats_no_effect() {
    let (Some(stage), Some(python)) = (Stage::new().await, python().await) else {
        return;
    };
    let oyente = stage.oyente(Topico::EventosEtiquetado);
    let ids: Vec<Uuid> = (0..30).map(|_| Uuid::now_v7()).collect();
    let vecino = Proceso::spawn(&stage, &mut comando(&stage, &python, "uno"));
    for id in &ids {
        let order = etiquetado::iniciar(*id, Some("CT"), "CHEST", "");
        let name = format!("orden-{id}");
        stage
            .escribir(Topico::IniciarEtiquetado, *id, &name, &order)
            .await;
    }
    // Somewhere in the middle.
    oyente.de(ids[0], 1).await;
    vecino.kill();
    let _vecino = Proceso::spawn(&stage, &mut comando(&stage, &python, "uno"));
    for id in &ids {
        let events = events(&oyente, *id).await;
        assert_eq!(events.len(), 1, "{events:?}");
    }
}

#[tokio::test]
async fn a_labeller_in_python_answers_an_order_that_comes_again_alike() {
    let (Some(stage), Some(python)) = (Stage::new().await, python().await) else {
        return;
    };
    let _vecino = Proceso::spawn(&stage, &mut comando(&stage, &python, "uno"));
    let oyente = stage.oyente(Topico::EventosEtiquetado);
    let id = Uuid::now_v7();
    let order = etiquetado::iniciar(id, Some("CT"), "CHEST", "");
    for _ in 0..3 {
        stage
            .escribir(Topico::IniciarEtiquetado, id, "orden-1", &order)
            .await;
    }
    let heard = oyente.cada_vez(id, 3).await;
    assert!(heard.iter().all(|oido| *oido == heard[0]), "{heard:?}");
    assert!(heard[0].header("ce_id").ends_with("/1"), "{heard:?}");
}

#[tokio::test]
async fn the_two_labellers_take_over_from_each_other() {
    let (Some(stage), Some(python)) = (Stage::new().await, python().await) else {
        return;
    };
    let oyente = stage.oyente(Topico::EventosEtiquetado);
    let ask = async |id: Uuid| {
        let order = etiquetado::iniciar(id, Some("MR"), "HEAD", "");
        let name = format!("orden-{id}");
        let topico = Topico::IniciarEtiquetado;
        stage.escribir(topico, id, &name, &order).await;
        let heard = oyente.de(id, 1).await;
        (heard[0].tipo.clone(), heard[0].datos["etiquetas"].clone())
    };
    let database = OwnedDatabase::create("etiquetado").await.expect("one");
    let mut rust = Proceso::start(&stage, Vecino::Etiquetado, database.url(), &[]);
    let first = ask(Uuid::now_v7()).await;
    rust.terminate();
    assert!(rust.ended().await, "{}", rust.said());
    let _python = Proceso::spawn(&stage, &mut comando(&stage, &python, "uno"));
    assert_eq!(ask(Uuid::now_v7()).await, first);
}
