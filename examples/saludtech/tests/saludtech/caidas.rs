//! Deaths, several instances, and failures on purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ingesta_testing::services::OwnedDatabase;
use saludtech::fallos::{Fallos, Modo, Paso};
use saludtech::mensajes::Topico;
use uuid::Uuid;

use crate::proceso::{Proceso, Vecino};
use crate::stage::Stage;
use crate::{anonimizador, etiquetado};

const URL: &str = "https://imagenes.example.org/a.dcm";

/// Asks each neighbour for one thing.
async fn ask(stage: &Stage, vecino: Vecino, id: Uuid) {
    let name = format!("orden-{id}");
    if vecino == Vecino::Anonimizador {
        let datos = anonimizador::iniciar(id, URL);
        let topico = Topico::IniciarAnonimizado;
        stage.escribir(topico, id, &name, &datos).await;
    } else {
        let datos = etiquetado::iniciar(id, Some("CT"), "CHEST", "neumonia");
        let topico = Topico::IniciarEtiquetado;
        stage.escribir(topico, id, &name, &datos).await;
    }
}

fn answers(vecino: Vecino) -> Topico {
    if vecino == Vecino::Anonimizador {
        Topico::EventosAnonimizado
    } else {
        Topico::EventosEtiquetado
    }
}

#[tokio::test]
async fn a_death_between_effect_and_offset_makes_no_second_effect() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let cases = [
        (Vecino::Anonimizador, "anonimizar.caer=1"),
        (Vecino::Etiquetado, "etiquetar.caer=1"),
    ];
    for (vecino, fallos) in cases {
        let database = OwnedDatabase::create("vecino").await.expect("one");
        let oyente = stage.oyente(answers(vecino));
        let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
        ask(&stage, vecino, first).await;
        let mut dying = Proceso::start(&stage, vecino, database.url(), &["--fallos", fallos]);
        assert!(!dying.ended().await, "it died: {}", dying.said());
        assert!(dying.said().contains("dying on purpose"));
        let _vecino = Proceso::start(&stage, vecino, database.url(), &[]);
        ask(&stage, vecino, second).await;
        oyente.de(second, 1).await;
        // A relay may tell the same twice; what is told is one event, its first.
        let told: BTreeSet<String> = oyente
            .de(first, 1)
            .await
            .iter()
            .map(|oido| oido.header("ce_id").to_owned())
            .collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told.iter().all(|id| id.ends_with("/1")), "{told:?}");
    }
}

#[tokio::test]
async fn two_instances_share_the_work_and_one_that_dies_is_replaced() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    for vecino in [Vecino::Anonimizador, Vecino::Etiquetado] {
        let database = OwnedDatabase::create("vecino").await.expect("one");
        let oyente = stage.oyente(answers(vecino));
        let one = Proceso::start(&stage, vecino, database.url(), &[]);
        let other = Proceso::start(&stage, vecino, database.url(), &[]);
        one.follows().await;
        other.follows().await;
        let mut ids: Vec<Uuid> = (0..40).map(|_| Uuid::now_v7()).collect();
        for id in &ids {
            ask(&stage, vecino, *id).await;
        }
        oyente.de(ids[0], 1).await;
        one.kill();
        let later: Vec<Uuid> = (0..10).map(|_| Uuid::now_v7()).collect();
        for id in &later {
            ask(&stage, vecino, *id).await;
        }
        ids.extend(later);
        for id in &ids {
            oyente.de(*id, 1).await;
        }
        let mut events: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for oido in oyente.todo() {
            let id = oido.header("ce_id").to_owned();
            events.entry(oido.key).or_default().insert(id);
        }
        let once = |id: &Uuid| events[&id.to_string()].len() == 1;
        assert!(ids.iter().all(once), "each is answered by one event");
    }
}

#[tokio::test]
async fn failures_on_purpose_are_those_that_were_asked_for_and_repeat() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let fallos = "etiquetar.rechazar=0.5,etiquetar.repetir=1,etiquetar.fallar=0.5";
    let more = ["--fallos", fallos, "--semilla", "7"];
    let ids: Vec<Uuid> = (0..16).map(Uuid::from_u128).collect();
    let mut runs = Vec::new();
    let oyente = stage.oyente(Topico::EventosEtiquetado);
    for round in 1..=2 {
        let database = OwnedDatabase::create("etiquetado").await.expect("one");
        let _vecino = Proceso::start(&stage, Vecino::Etiquetado, database.url(), &more);
        let mut run = Vec::new();
        for id in &ids {
            ask(&stage, Vecino::Etiquetado, *id).await;
        }
        for id in &ids {
            // Each answer is told twice, under one id.
            let heard = oyente.cada_vez(*id, 2 * round).await;
            let last = &heard[2 * round - 2..];
            assert_eq!(last[0].header("ce_id"), last[1].header("ce_id"));
            assert_eq!(last[0].datos, last[1].datos);
            run.push((last[0].tipo.clone(), last[0].dato("codigo").to_owned()));
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1], "the same seed, the same failures");
    let refused = runs[0].iter().filter(|(_, code)| code == "fallo_inyectado");
    assert!((1..16).contains(&refused.count()), "{:?}", runs[0]);
}

#[tokio::test]
async fn an_answer_whose_message_is_lost_is_told_when_its_order_comes_again() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let cases = [
        (Vecino::Anonimizador, "anonimizar.perder=1"),
        (Vecino::Etiquetado, "etiquetar.perder=1"),
    ];
    for (vecino, fallos) in cases {
        let database = OwnedDatabase::create("vecino").await.expect("one");
        let oyente = stage.oyente(answers(vecino));
        let _vecino = Proceso::start(&stage, vecino, database.url(), &["--fallos", fallos]);
        let id = Uuid::now_v7();
        ask(&stage, vecino, id).await;
        ask(&stage, vecino, id).await;
        ask(&stage, vecino, id).await;
        // The first was lost for good; the order takes no effect again, and is answered twice.
        let heard = oyente.cada_vez(id, 2).await;
        assert_eq!(heard.len(), 2);
        assert_eq!(heard[0], heard[1]);
        assert!(heard[0].header("ce_id").ends_with("/1"), "{heard:?}");
    }
}

#[tokio::test]
async fn a_delivery_that_is_left_without_an_answer_is_answered_when_it_is_sent_again() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let database = OwnedDatabase::create("anonimizador").await.expect("one");
    let fallos: Fallos = "anonimizar.callar=0.5".parse().expect("it is sound");
    let fallos = fallos.with(3, Duration::ZERO);
    let more = ["--fallos", "anonimizar.callar=0.5", "--semilla", "3"];
    // Whose first two deliveries are lost, and not the third.
    let lost = |id: &Uuid, times| {
        let name = format!("orden-{id}");
        fallos.toca(Paso::Anonimizar, Modo::Callar, &name, times)
    };
    let mut ids = std::iter::repeat_with(Uuid::now_v7);
    let id = ids.find(|id| lost(id, 0) && lost(id, 1) && !lost(id, 2));
    let id = id.expect("there is no end of ids");
    let _vecino = Proceso::start(&stage, Vecino::Anonimizador, database.url(), &more);
    let oyente = stage.oyente(Topico::EventosAnonimizado);
    for _ in 0..5 {
        ask(&stage, Vecino::Anonimizador, id).await;
    }
    let heard = oyente.de(id, 1).await;
    let id = heard[0].header("ce_id");
    assert!(id.ends_with("/3"), "two deliveries were lost before: {id}");
}
