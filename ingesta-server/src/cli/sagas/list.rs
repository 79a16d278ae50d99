//! `ingesta sagas list`: the sagas, from their view.
//!
//! Promises: asks, changes nothing; bounded, and says so where it left some out.

use ingesta_domain::saga::EstadoSaga;
use ingesta_projections::ReadError;
use serde_json::json;

use crate::app::{event_codec, vista_de_sagas};
use crate::cli::args::ListSagasArgs;
use crate::cli::database::Opened;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Out;
use crate::config::Config;
use crate::vistas::{FilaSaga, SagaVista};

/// Rows that are read at once.
const PAGE: u32 = 500;

pub(super) async fn run(
    config: &Config,
    args: &ListSagasArgs,
    out: &Out,
) -> Result<Exit, CliError> {
    let state = args.state.as_deref().map(state).transpose()?;
    let wanted = |fila: &FilaSaga| match state {
        Some(state) => fila.estado == state,
        None => args.all || !fila.estado.es_final(),
    };
    let opened = Opened::existing(config).await?.checked().await?;
    let view = vista_de_sagas(&opened.database, &event_codec()).view();
    let (mut found, mut after, mut more) = (Vec::new(), None::<String>, false);
    loop {
        let page = view.page(after.as_deref(), PAGE).await;
        let page = page.map_err(unreadable)?;
        after = page.last().map(|row| row.id.clone());
        let ended = page.len() < PAGE as usize;
        let rows = page.into_iter().map(|row| row.state);
        let rows = rows.filter_map(SagaVista::fila);
        found.extend(rows.filter(|fila| wanted(fila) && (!args.stuck || fila.atascada)));
        if found.len() > args.limit {
            found.truncate(args.limit);
            more = true;
        }
        if ended || more {
            break;
        }
    }
    opened.close().await?;
    found.iter().for_each(|fila| out.json(fila));
    let head = ["INGESTA", "STATE", "SINCE", "WAITS FOR", "TRY", "STUCK"];
    out.table(&head, &found.iter().map(columns).collect::<Vec<_>>());
    if more {
        out.note(format_args!(
            "there are more than {}: see --limit, --state",
            args.limit
        ));
    }
    Ok(Exit::Done)
}

fn state(text: &str) -> Result<EstadoSaga, CliError> {
    let mut all = EstadoSaga::TODOS.into_iter();
    all.find(|state| state.as_str() == text).ok_or_else(|| {
        let all = EstadoSaga::TODOS.map(EstadoSaga::as_str).join(", ");
        CliError::Usage(format!("there is no state {text}; there are: {all}"))
    })
}

pub(super) fn unreadable(error: ReadError) -> CliError {
    match error {
        ReadError::Store(error) => error.into(),
        other @ (ReadError::NoTable { .. } | ReadError::Row(_)) => {
            CliError::Failed(other.to_string())
        }
    }
}

fn columns(fila: &FilaSaga) -> Vec<String> {
    let absent = || "-".to_owned();
    let espera = fila.espera.as_ref();
    let intento = espera.and_then(|espera| espera.intento);
    vec![
        fila.id_ingesta.to_string(),
        fila.estado.to_string(),
        fila.desde.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        espera.map_or_else(absent, |espera| espera.de.clone()),
        intento.map_or_else(absent, |intento| intento.to_string()),
        if fila.atascada { "yes" } else { "no" }.to_owned(),
    ]
}

/// For `show`, which prints the same and more.
pub(super) fn print(fila: &FilaSaga, out: &Out) {
    out.json(fila);
    let head = ["INGESTA", "STATE", "SINCE", "WAITS FOR", "TRY", "STUCK"];
    out.table(&head, &[columns(fila)]);
    out.text("");
    let absent = || "-".to_owned();
    let rows = fila.historia.iter().map(|suceso| {
        let intento = suceso.intento.map(|intento| intento.to_string());
        vec![
            suceso.fecha.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            suceso.evento.clone(),
            suceso.sobre.clone().unwrap_or_else(absent),
            intento.unwrap_or_else(absent),
            suceso.codigo.clone().unwrap_or_else(absent),
        ]
    });
    let head = ["TIME", "EVENT", "ABOUT", "TRY", "CODE"];
    out.table(&head, &rows.collect::<Vec<_>>());
    if let Some(motivo) = &fila.motivo {
        out.text(format_args!("\nwhy: {}", json!(motivo)));
    }
}
