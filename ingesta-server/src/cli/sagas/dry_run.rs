//! `ingesta sagas dry-run`: what sagas would do over the history of the log.
//!
//! Promises: nothing is stored, nothing is sent; the routes and the decisions are those of a server.
//! Does not: know what neighbours would answer; that is assumed, and said.

use std::collections::BTreeMap;
use std::time::Duration;

use ingesta_domain::saga::{Accion, ComandoSaga, Entrada, FinIngesta, Respuesta};
use ingesta_event_store::PostgresStorage;
use ingesta_sagas::{DryRun, DryRunReport, Heard, HeardBy};
use serde_json::json;

use crate::app::event_codec;
use crate::cli::args::Neighbours;
use crate::cli::database::Opened;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Out;
use crate::config::Config;
use crate::saga::{Proceso, oidos};

/// As soon as a willing neighbour answers.
const SOON: Duration = Duration::from_secs(1);

/// How long the time goes on after the last event: every wait of a step is over by then.
const BEYOND: Duration = Duration::from_secs(24 * 3_600);

pub(super) async fn run(
    config: &Config,
    neighbours: Neighbours,
    out: &Out,
) -> Result<Exit, CliError> {
    let opened = Opened::existing(config).await?.checked().await?;
    let storage = PostgresStorage::new(opened.database.clone());
    let routes = oidos(&event_codec(), config.saga.unwrap_or_default());
    let dry = DryRun::<Proceso>::new(&routes).beyond(BEYOND);
    let report = dry
        .answering(move |_, accion| respuesta(accion, neighbours))
        .run(&storage)
        .await;
    opened.close().await?;
    print(&report?, out);
    Ok(Exit::Done)
}

/// The ingesta does what it is told; a neighbour does if it is willing.
fn respuesta(accion: &Accion, neighbours: Neighbours) -> Vec<(Duration, HeardBy<Proceso>)> {
    let entrada = match accion {
        Accion::Comando { comando, .. } => match comando {
            ComandoSaga::IniciarProceso => Entrada::ProcesoIniciado,
            ComandoSaga::FinalizarIngesta => Entrada::IngestaTerminada(FinIngesta::Finalizada),
            ComandoSaga::RevertirIngesta => Entrada::IngestaTerminada(FinIngesta::Fallida),
            ComandoSaga::AlertarIngesta => return Vec::new(),
        },
        Accion::Orden { envio, .. } => match neighbours {
            Neighbours::Silent => return Vec::new(),
            Neighbours::Willing => {
                let respuesta = if envio.orden.hace() {
                    Respuesta::Hecho
                } else {
                    Respuesta::Revertido { habia: true }
                };
                Entrada::respuesta(envio.orden.paso(), respuesta)
            }
        },
    };
    vec![(SOON, Heard::Told(entrada))]
}

fn print(report: &DryRunReport<Proceso>, out: &Out) {
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for (id, saga) in &report.sagas {
        let estado = saga.state.saga().estado();
        let estado = estado.map_or_else(|| "-".to_owned(), |estado| estado.to_string());
        let acts = saga.acts.iter().map(|act| act.action.nombre());
        out.json(&json!({
            "id_ingesta": id,
            "estado": estado,
            "events": saga.events,
            "acts": acts.collect::<Vec<_>>(),
        }));
        *ends.entry(estado).or_default() += 1;
    }
    for held in &report.held_back {
        let stream = held.stream.to_string();
        out.note(format_args!(
            "{stream} would be parked at {}: {}",
            held.sequence, held.why
        ));
    }
    out.json(&json!({
        "event": "dry_run",
        "events": report.events,
        "sagas": report.sagas.len(),
        "ends": ends,
        "held_back": report.held_back.len(),
        "complete": report.complete,
    }));
    out.text(format_args!(
        "{} sagas over {} events of the log; nothing was stored or sent",
        report.sagas.len(),
        report.events
    ));
    let rows = ends.iter();
    let rows = rows.map(|(estado, count)| vec![estado.clone(), count.to_string()]);
    out.table(&["END", "SAGAS"], &rows.collect::<Vec<_>>());
}
