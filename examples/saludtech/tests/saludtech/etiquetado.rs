//! The labeller: the same test for every program that says it is one.

use ingesta_testing::services::OwnedDatabase;
use saludtech::mensajes::{Topico, id_anonimizado, id_etiquetado};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::oyente::Oyente;
use crate::proceso::{Proceso, Vecino};
use crate::stage::{Stage, TRACE};

const INICIAR: Topico = Topico::IniciarEtiquetado;
const REVERTIR: Topico = Topico::RevertirEtiquetado;

pub(crate) fn iniciar(id: Uuid, modalidad: Option<&str>, region: &str, patologia: &str) -> Value {
    json!({
        "id_anonimizado": id_anonimizado(id).to_string(),
        "modalidad": modalidad,
        "region_anatomica": region,
        "patologia": patologia,
    })
}

fn revertir(id: Uuid) -> Value {
    let id_anonimizado = id_anonimizado(id);
    json!({
        "id_etiquetado": id_etiquetado(id_anonimizado).to_string(),
        "id_anonimizado": id_anonimizado.to_string(),
    })
}

/// Studies, and the labels that the table has for them.
const STUDIES: &[(&str, &str, &str, &[&str])] = &[
    (
        "CT",
        "CHEST",
        "Sospecha de neumonía; derrame",
        &[
            "modalidad:tomografia",
            "region:torax",
            "hallazgo:neumonia",
            "hallazgo:derrame",
        ],
    ),
    (
        "mr",
        "",
        "Brain w/o contrast, STROKE",
        &["modalidad:resonancia", "region:cabeza", "hallazgo:infarto"],
    ),
    ("OT", "Juan Pérez", "", &["modalidad:OT"]),
    (
        "US",
        "",
        "riñón, cálculo y CALCULO",
        &["modalidad:ecografia", "region:abdomen", "hallazgo:calculo"],
    ),
];

/// What every labeller does.
pub(crate) async fn labels(stage: &Stage, oyente: &Oyente) {
    for round in 0..2 {
        for (modalidad, region, patologia, expected) in STUDIES {
            let id = Uuid::now_v7();
            let order = iniciar(id, Some(modalidad), region, patologia);
            let name = format!("orden-{id}");
            for _ in 0..=round {
                stage.escribir(INICIAR, id, &name, &order).await;
            }
            let heard = oyente.de(id, 1).await;
            let oido = &heard[0];
            assert_eq!(oido.tipo, "EtiquetadoCreado");
            assert_eq!(oido.datos["etiquetas"], json!(expected));
            assert_eq!(oido.dato("modalidad"), modalidad.to_uppercase());
            let id_anonimizado = id_anonimizado(id);
            assert_eq!(oido.dato("id_anonimizado"), id_anonimizado.to_string());
            assert_eq!(
                oido.dato("id_etiquetado"),
                id_etiquetado(id_anonimizado).to_string()
            );
            assert_eq!(
                (oido.dato("id_ingesta"), oido.dato("estado")),
                (oido.key.as_str(), "Creado")
            );
            assert_eq!(oido.header("traceparent"), TRACE);
            assert_eq!(oido.header("ce_correlationid"), "conversacion-7");
            assert_eq!(oido.header("ce_causationid"), name);
            assert_eq!(oido.header("ce_source"), "/etiquetado");
            assert!(
                !oido.datos.to_string().contains("Juan"),
                "free words stay inside"
            );
        }
    }
}

/// What every labeller refuses.
pub(crate) async fn refusals(stage: &Stage, oyente: &Oyente) {
    let id = Uuid::now_v7();
    for (index, modalidad) in [None, Some(" "), Some("C T")].into_iter().enumerate() {
        let name = format!("orden-{id}-{index}");
        let order = iniciar(id, modalidad, "CHEST", "");
        stage.escribir(INICIAR, id, &name, &order).await;
    }
    let heard = oyente.de(id, 3).await;
    let codes: Vec<&str> = heard.iter().map(|oido| oido.dato("codigo")).collect();
    assert_eq!(
        codes,
        [
            "modalidad_requerida",
            "modalidad_requerida",
            "modalidad_invalida"
        ]
    );
    for oido in &heard {
        assert_eq!(
            (oido.tipo.as_str(), oido.dato("estado")),
            ("EtiquetadoRechazado", "Rechazado")
        );
    }
    for (name, missing) in [("sin-id", Value::Null), ("none", json!("None"))] {
        let mut order = iniciar(id, Some("CT"), "", "");
        order["id_anonimizado"] = missing;
        stage
            .escribir(INICIAR, id, &format!("{name}-{id}"), &order)
            .await;
    }
    let bytes = Some(b"\x07garbage".to_vec());
    let key = id.to_string();
    stage
        .escribir_bytes(INICIAR, Some(&key), bytes, Vec::new())
        .await;
    stage
        .escribir_bytes(INICIAR, Some(&key), None, Vec::new())
        .await;
    let codes = stage.codigos(INICIAR, 4).await;
    for code in [
        "id_anonimizado_requerido",
        "id_anonimizado_invalido",
        "no_value",
    ] {
        assert!(codes.contains(&code.to_owned()), "{code}: {codes:?}");
    }
    // They hold nobody up.
    let order = iniciar(id, Some("CT"), "", "");
    stage
        .escribir(INICIAR, id, &format!("bien-{id}"), &order)
        .await;
    assert_eq!(oyente.de(id, 4).await[3].tipo, "EtiquetadoCreado");
}

/// How every labeller undoes.
pub(crate) async fn undoing(stage: &Stage, oyente: &Oyente) {
    let (id, early) = (Uuid::now_v7(), Uuid::now_v7());
    let order = iniciar(id, Some("CT"), "", "");
    stage
        .escribir(INICIAR, id, &format!("u1-{id}"), &order)
        .await;
    oyente.de(id, 1).await;
    for (index, habia) in [(2, true), (3, true)] {
        let name = format!("u{index}-{id}");
        stage.escribir(REVERTIR, id, &name, &revertir(id)).await;
        let heard = oyente.de(id, index).await;
        let oido = &heard[index - 1];
        assert_eq!(
            (oido.tipo.as_str(), &oido.datos["habia"]),
            ("EtiquetadoRevertido", &json!(habia))
        );
    }
    stage
        .escribir(REVERTIR, early, &format!("u1-{early}"), &revertir(early))
        .await;
    assert_eq!(oyente.de(early, 1).await[0].datos["habia"], false);
    for undone in [id, early] {
        let order = iniciar(undone, Some("CT"), "", "");
        stage
            .escribir(INICIAR, undone, &format!("tarde-{undone}"), &order)
            .await;
    }
    assert_eq!(oyente.de(id, 4).await[3].dato("codigo"), "revertido");
    assert_eq!(oyente.de(early, 2).await[1].dato("codigo"), "revertido");
}

#[tokio::test]
async fn b_38_the_same_study_gets_the_same_labels_from_every_labeller() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let oyente = stage.oyente(Topico::EventosEtiquetado);
    let database = OwnedDatabase::create("etiquetado").await.expect("one");
    let vecino = Proceso::start(&stage, Vecino::Etiquetado, database.url(), &[]);
    labels(&stage, &oyente).await;
    vecino.kill();
    // One that remembers nothing of the first.
    let database = OwnedDatabase::create("etiquetado").await.expect("one");
    let _vecino = Proceso::start(&stage, Vecino::Etiquetado, database.url(), &[]);
    labels(&stage, &oyente).await;
}

#[tokio::test]
async fn b_39_a_missing_id_or_modality_is_refused_with_a_code() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let oyente = stage.oyente(Topico::EventosEtiquetado);
    let database = OwnedDatabase::create("etiquetado").await.expect("one");
    let _vecino = Proceso::start(&stage, Vecino::Etiquetado, database.url(), &[]);
    refusals(&stage, &oyente).await;
}

#[tokio::test]
async fn labels_are_undone_once_and_never_made_after_that() {
    let Some(stage) = Stage::new().await else {
        return;
    };
    let oyente = stage.oyente(Topico::EventosEtiquetado);
    let database = OwnedDatabase::create("etiquetado").await.expect("one");
    let mut vecino = Proceso::start(&stage, Vecino::Etiquetado, database.url(), &[]);
    undoing(&stage, &oyente).await;
    vecino.terminate();
    assert!(vecino.ended().await, "{}", vecino.said());
}
