//! What is written down of each ingesta: in the server's log, and in the neighbours' own.
//!
//! Promises: everything is read from the logs themselves, from their beginning, and nothing of it
//! is believed to be so because somebody answered so.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use ingesta_event_store::{
    Database, DatabaseOptions, EventStorage as _, Position, PostgresStorage, RecordedEvent,
    TypeFilter,
};
use serde_json::Value;

use super::ground::{Quien, Terreno};

const PAGE: usize = 2_000;

/// A neighbour's step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hecho {
    Anonimizado,
    Etiquetado,
}

/// One ingesta, as the logs have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Libro {
    /// The state that its last event leads to; empty where it has none.
    pub(super) estado: &'static str,
    /// How often an end is written down.
    pub(super) finales: u32,
    /// Whether its image is undone.
    pub(super) imagen_revertida: bool,
    /// How its saga stands; `None`: it has none.
    pub(super) saga: Option<Saga>,
    /// What the neighbours have done, by their own books.
    pub(super) hechos: Vec<Hecho>,
    /// What they have undone of it.
    pub(super) deshechos: Vec<Hecho>,
    /// Whether the raw data is gone.
    pub(super) limpio: bool,
}

/// What a saga has written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Saga {
    pub(super) terminada: bool,
    /// What there was to revert, in the order in which it was reverted.
    pub(super) revertidos: Vec<Hecho>,
}

impl Libro {
    /// What the neighbours have done and not undone.
    pub(super) fn en_pie(&self) -> Vec<Hecho> {
        let stands = |hecho: &&Hecho| !self.deshechos.contains(hecho);
        self.hechos.iter().filter(stands).copied().collect()
    }
}

/// By the id of the ingesta.
pub(super) type Libros = BTreeMap<String, Libro>;

/// Reads all of them.
pub(super) async fn leer(terreno: &Terreno) -> anyhow::Result<Libros> {
    let mut libros = Libros::new();
    for quien in [Quien::Servidor, Quien::Anonimizador, Quien::Etiquetado] {
        let url = terreno.database(quien);
        let database = Database::connect(url, DatabaseOptions::default()).await?;
        let storage = PostgresStorage::new(database.clone());
        let mut at = Position::START;
        loop {
            let page = storage.read_after(at, &TypeFilter::All, PAGE).await?;
            for event in &page.events {
                anotar(&mut libros, event)?;
            }
            at = page.reached;
            if !page.more {
                break;
            }
        }
        database.close().await;
    }
    Ok(libros)
}

fn anotar(libros: &mut Libros, event: &RecordedEvent) -> anyhow::Result<()> {
    let stream = &event.stream;
    match &*stream.aggregate_type {
        "Ingesta" => {
            let libro = libros.entry(stream.aggregate_id.clone()).or_default();
            de_la_ingesta(libro, &event.event_type);
        }
        "Imagen" if event.event_type == "ImagenRevertida" => {
            let id = de_quien(&datos(event)?)?;
            libros.entry(id).or_default().imagen_revertida = true;
        }
        "SagaIngesta" => {
            let libro = libros.entry(stream.aggregate_id.clone()).or_default();
            de_la_saga(libro, event)?;
        }
        "Anonimizado" | "Etiquetado" => del_vecino(libros, event)?,
        _ => {}
    }
    Ok(())
}

fn de_la_ingesta(libro: &mut Libro, event_type: &str) {
    let (estado, final_) = match event_type {
        "IngestaFinalizada" => ("Finalizada", true),
        "IngestaRevertida" => ("Fallida", true),
        "IngestaEliminada" => ("Eliminada", true),
        "IngestaRechazada" => ("Rechazada", true),
        "IngestaAlertada" => ("Alertada", false),
        _ => ("en camino", false),
    };
    libro.estado = estado;
    libro.finales += u32::from(final_);
}

fn de_la_saga(libro: &mut Libro, event: &RecordedEvent) -> anyhow::Result<()> {
    let saga = libro.saga.get_or_insert_default();
    match event.event_type.as_str() {
        "SagaTerminada" | "SagaAbandonada" => saga.terminada = true,
        "PasoRevertido" => {
            let datos = datos(event)?;
            let hecho = match datos["envio"]["orden"].as_str() {
                Some("RevertirAnonimizado") => Hecho::Anonimizado,
                Some("RevertirEtiquetado") => Hecho::Etiquetado,
                other => bail!("a saga reverted {other:?}"),
            };
            if datos["habia"] == true {
                saga.revertidos.push(hecho);
            }
        }
        _ => {}
    }
    Ok(())
}

fn del_vecino(libros: &mut Libros, event: &RecordedEvent) -> anyhow::Result<()> {
    let (hecho, hace) = match event.event_type.as_str() {
        "AnonimizadoCreado" => (Hecho::Anonimizado, true),
        "EtiquetadoCreado" => (Hecho::Etiquetado, true),
        "AnonimizadoRevertido" => (Hecho::Anonimizado, false),
        "EtiquetadoRevertido" => (Hecho::Etiquetado, false),
        "LimpiezaHecha" => {
            let id = de_quien(&datos(event)?)?;
            libros.entry(id).or_default().limpio = true;
            return Ok(());
        }
        _ => return Ok(()),
    };
    let id = de_quien(&datos(event)?)?;
    let libro = libros.entry(id).or_default();
    let list = if hace {
        &mut libro.hechos
    } else {
        &mut libro.deshechos
    };
    // An answer that was told again under another name is no second effect.
    if !list.contains(&hecho) {
        list.push(hecho);
    }
    Ok(())
}

/// What is inside the event's name.
fn datos(event: &RecordedEvent) -> anyhow::Result<Value> {
    let mut payload: Value = serde_json::from_str(&event.payload).context("read an event")?;
    Ok(payload[&event.event_type].take())
}

fn de_quien(datos: &Value) -> anyhow::Result<String> {
    let id = datos["id_ingesta"].as_str();
    Ok(id.context("an event names no ingesta")?.to_owned())
}
