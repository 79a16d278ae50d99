//! The glossary: every word of the domain that travels has a row in `docs/glosario.md`.
//!
//! It promises that no command, event, state, reason, query or JSON field is missing there, and that no
//! word has two rows.
//! Words of the server (routes, columns, views) are checked where they are made.

use std::collections::BTreeSet;

use ingesta_domain::consulta::{
    Consulta, ObtenerImagen, ObtenerImagenPasada, ObtenerIngesta, ObtenerIngestaPasada,
    ObtenerSaga, ObtenerTodasIngestas,
};
use ingesta_domain::imagen::{ImagenCommand, ImagenEvent};
use ingesta_domain::ingesta::{IngestaCommand, IngestaEvent};
use ingesta_domain::saga::{Causa, ComandoSaga, EstadoSaga, Orden, Paso, SagaEvent};
use ingesta_domain::valor::{EstadoImagen, EstadoIngesta, MotivoRechazo};
use serde_json::Value;

use crate::muestra;
use crate::saga::eventos_saga;

const GLOSARIO: &str = include_str!("../../../docs/glosario.md");

/// The first column of every row: the word between backticks.
fn palabras() -> Vec<&'static str> {
    GLOSARIO
        .lines()
        .filter_map(|linea| linea.strip_prefix("| `")?.split_once("` |"))
        .map(|(palabra, _)| palabra)
        .collect()
}

fn campos(valor: &Value, en: &mut BTreeSet<String>) {
    if let Value::Object(objeto) = valor {
        for (campo, valor) in objeto {
            en.insert(campo.clone());
            campos(valor, en);
        }
    }
}

#[test]
fn every_word_that_travels_is_in_the_glossary() {
    let mut palabras_del_dominio: BTreeSet<String> = BTreeSet::new();
    let nombres = [
        ObtenerIngesta::NOMBRE,
        ObtenerTodasIngestas::NOMBRE,
        ObtenerImagen::NOMBRE,
        ObtenerIngestaPasada::NOMBRE,
        ObtenerImagenPasada::NOMBRE,
        ObtenerSaga::NOMBRE,
    ];
    palabras_del_dominio.extend(nombres.map(String::from));
    for tipos in [
        IngestaCommand::TIPOS,
        IngestaEvent::TIPOS,
        ImagenCommand::TIPOS,
        ImagenEvent::TIPOS,
        SagaEvent::TIPOS,
    ] {
        palabras_del_dominio.extend(tipos.iter().copied().map(String::from));
    }
    palabras_del_dominio.extend(EstadoIngesta::TODOS.map(|e| e.to_string()));
    palabras_del_dominio.extend(EstadoImagen::TODOS.map(|e| e.to_string()));
    palabras_del_dominio.extend(MotivoRechazo::TODOS.map(|m| m.to_string()));
    palabras_del_dominio.extend(EstadoSaga::TODOS.map(|e| e.to_string()));
    palabras_del_dominio.extend(Paso::TODOS.map(|p| p.to_string()));
    palabras_del_dominio.extend(Orden::TODAS.map(|o| o.to_string()));
    palabras_del_dominio.extend(ComandoSaga::TODOS.map(|c| c.to_string()));
    for causa in Causa::TODAS {
        let palabra = serde_json::to_value(causa).unwrap();
        assert_eq!(palabra, causa.as_str());
        palabras_del_dominio.extend(palabra.as_str().map(String::from));
    }
    for evento in eventos_saga() {
        campos(
            &serde_json::to_value(evento).unwrap(),
            &mut palabras_del_dominio,
        );
    }
    for evento in muestra::eventos() {
        campos(
            &serde_json::to_value(evento).unwrap(),
            &mut palabras_del_dominio,
        );
    }
    for evento in muestra::eventos_imagen() {
        campos(
            &serde_json::to_value(evento).unwrap(),
            &mut palabras_del_dominio,
        );
    }
    for comando in muestra::comandos() {
        campos(
            &serde_json::to_value(comando).unwrap(),
            &mut palabras_del_dominio,
        );
    }
    for estado in EstadoIngesta::TODOS {
        let ingesta = muestra::en_estado(Some(estado));
        campos(
            &serde_json::to_value(ingesta).unwrap(),
            &mut palabras_del_dominio,
        );
    }
    let explicadas: BTreeSet<String> = palabras().into_iter().map(String::from).collect();
    let faltan: Vec<_> = palabras_del_dominio.difference(&explicadas).collect();
    assert!(
        faltan.is_empty(),
        "without a row in docs/glosario.md: {faltan:?}"
    );
}

#[test]
fn no_word_is_explained_twice_and_every_row_is_whole() {
    let palabras = palabras();
    let unicas: BTreeSet<_> = palabras.iter().collect();
    assert_eq!(unicas.len(), palabras.len());
    for linea in GLOSARIO.lines().filter(|linea| linea.starts_with("| `")) {
        assert_eq!(linea.matches(" | ").count(), 3, "four columns: {linea}");
        assert!(linea.ends_with(" |"), "a closed row: {linea}");
    }
}
