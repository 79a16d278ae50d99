//! `ingesta relay status`: how far the log is published.
//!
//! Promises: where the relays stand in the log is read from the database, whoever runs; what is in
//! flight and what keeps them is the running server's to say, and shown as unknown where none
//! answers. It changes nothing.

mod figures;

use chrono::{DateTime, SecondsFormat, Utc};
use ingesta_event_store::subscription::SubscriptionStatus;
use ingesta_event_store::{EventStorage, Lag, PostgresStorage, SubscriptionStorage};
use serde_json::{Value, json};

use self::figures::Figures;
use super::args::RelayCommand;
use super::database::Opened;
use super::exit::{CliError, Exit};
use super::import::default_url;
use super::out::Out;
use crate::config::Config;
use crate::operacion::standing::follower;
use crate::registry::{INTEGRACION_SAGA, RELAYS};

/// A relay with everything that is shown of it.
struct Line {
    name: &'static str,
    /// Absent before it has run for the first time.
    stored: Option<(SubscriptionStatus, Lag)>,
    /// Absent where no server answers, or one that has no such relay.
    figures: Option<Figures>,
    /// How it stands there, in the server's words.
    standing: Option<String>,
}

pub(super) async fn run(
    config: &Config,
    command: RelayCommand,
    out: &Out,
) -> Result<Exit, CliError> {
    let RelayCommand::Status(args) = command;
    let opened = Opened::existing(config).await?.checked().await?;
    let storage = PostgresStorage::new(opened.database.clone());
    let url = args.url.unwrap_or_else(|| default_url(config));
    let said = figures::ask(&url, config.api_key.as_ref()).await;
    let mut statuses = storage.subscriptions().await?;
    let mut lines = Vec::new();
    // Where no sagas are wanted, their relay is not meant to run.
    let sagas = config.saga.map(|_| INTEGRACION_SAGA);
    for name in RELAYS.iter().copied().chain(sagas) {
        let place = statuses.iter().position(|status| status.name == name);
        let stored = match place.map(|place| statuses.swap_remove(place)) {
            Some(status) => {
                let lag = storage.lag(status.checkpoint).await?;
                Some((status, lag))
            }
            None => None,
        };
        let said = said.as_ref();
        let standing = said.and_then(|said| said.standing(name));
        lines.push(Line {
            name,
            stored,
            figures: said.and_then(|said| said.figures(name)),
            standing: standing.map(str::to_owned),
        });
    }
    opened.close().await?;
    if config.messaging.is_none() {
        out.note("no broker is configured here: a server with these settings publishes nothing");
    }
    if said.is_none() {
        out.note(format_args!(
            "no server answers at {url}: what is in flight is not known"
        ));
    }
    if out.is_json() {
        lines.iter().for_each(|line| out.json(&as_json(line)));
    } else {
        print(&lines, out);
    }
    Ok(Exit::Done)
}

fn print(lines: &[Line], out: &Out) {
    let head = [
        "NAME",
        "STATE",
        "CHECKPOINT",
        "LAG",
        "BEHIND",
        "PARKED",
        "IN FLIGHT",
    ];
    out.table(&head, &lines.iter().map(columns).collect::<Vec<_>>());
    for line in lines {
        if let Some((kind, since)) = trouble(line) {
            let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
            out.text(format_args!(
                "\n{} is kept by: {kind}, since {since}",
                line.name
            ));
        }
        if let Some(standing) = &line.standing {
            out.text(format_args!("{}: {standing}", line.name));
        }
    }
}

fn columns(line: &Line) -> Vec<String> {
    let unknown = || "-".to_owned();
    let mut row = vec![line.name.to_owned()];
    match &line.stored {
        None => row.extend([
            "never-run".to_owned(),
            unknown(),
            unknown(),
            unknown(),
            unknown(),
        ]),
        Some((status, lag)) => {
            let all = lag.events < Lag::COUNTED_MAX;
            let behind = lag.age.map(|age| format!("{:.1} s", age.as_secs_f64()));
            row.extend([
                follower(status.cluster_changed, status.running).to_owned(),
                status.checkpoint.to_string(),
                format!("{}{}", lag.events, if all { "" } else { " or more" }),
                behind.unwrap_or_else(unknown),
                status.parked.to_string(),
            ]);
        }
    }
    let in_flight = line
        .figures
        .as_ref()
        .map(|figures| figures.in_flight.to_string());
    row.push(in_flight.unwrap_or_else(unknown));
    row
}

fn trouble(line: &Line) -> Option<(&str, DateTime<Utc>)> {
    let (kind, since) = line.figures.as_ref()?.trouble.as_ref()?;
    Some((kind, *since))
}

fn as_json(line: &Line) -> Value {
    let stored = line.stored.as_ref();
    let state = stored.map_or("never-run", |(status, _)| {
        follower(status.cluster_changed, status.running)
    });
    let figures = line.figures.as_ref();
    let trouble = trouble(line).map(|(kind, since)| json!({ "kind": kind, "since": since }));
    json!({
        "name": line.name,
        "state": state,
        "checkpoint": stored.map(|(status, _)| status.checkpoint),
        "lag_events": stored.map(|(_, lag)| lag.events),
        "lag_seconds": stored.and_then(|(_, lag)| lag.age).map(|age| age.as_secs_f64()),
        "parked": stored.map(|(status, _)| status.parked),
        "owner": stored.and_then(|(status, _)| status.owner.clone()),
        "in_flight": figures.map(|figures| figures.in_flight),
        "acknowledged": figures.map(|figures| figures.acknowledged),
        "last_error": trouble,
        "standing": line.standing,
    })
}
