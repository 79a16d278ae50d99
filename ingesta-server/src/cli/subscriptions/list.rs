//! `ingesta subscriptions list`: state, checkpoint, lag, parked streams, and who holds readers up.
//!
//! Promises: one line (or JSON value) per subscription, by name; changes nothing.
//! Does not: show what an event holds; a parked stream is named with a code and a count.

use ingesta_event_store::subscription::{ParkedStream, SubscriptionStatus};
use ingesta_event_store::{Blocker, EventStorage, Lag, PostgresStorage, SubscriptionStorage};
use serde_json::{Value, json};

use crate::cli::database::Opened;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Out;
use crate::config::Config;
use crate::operacion::standing;

/// A subscription with everything that is shown of it.
struct Line {
    status: SubscriptionStatus,
    lag: Lag,
    parked: Vec<ParkedStream>,
}

pub(super) async fn run(config: &Config, out: &Out) -> Result<Exit, CliError> {
    let opened = Opened::existing(config).await?.checked().await?;
    let storage = PostgresStorage::new(opened.database.clone());
    let mut lines = Vec::new();
    for status in storage.subscriptions().await? {
        let lag = storage.lag(status.checkpoint).await?;
        let parked = storage.parked(&status.name).await?;
        lines.push(Line {
            status,
            lag,
            parked,
        });
    }
    opened.close().await?;
    if out.is_json() {
        lines.iter().for_each(|line| out.json(&as_json(line)));
    } else {
        print(&lines, out);
    }
    Ok(Exit::Done)
}

fn print(lines: &[Line], out: &Out) {
    let head = ["NAME", "STATE", "CHECKPOINT", "LAG", "BEHIND", "PARKED"];
    out.table(&head, &lines.iter().map(columns).collect::<Vec<_>>());
    for line in lines {
        for parked in &line.parked {
            out.text(format_args!(
                "\n{} is parked in {}",
                parked.stream, line.status.name
            ));
            out.text(format_args!(
                "  event {}: {} ({}), {} attempts, {}",
                parked.sequence,
                parked.reason.message,
                parked.reason.code,
                parked.attempts,
                next_try(parked),
            ));
        }
    }
    // All subscriptions read the same log: one blocker holds all of them up.
    if let Some(blocker) = lines.iter().find_map(|line| line.lag.blocker.as_ref()) {
        out.text(format_args!(
            "\nreaders are held up by {}",
            described(blocker)
        ));
    }
    if lines.iter().any(|line| line.status.cluster_changed) {
        out.text(
            "\nThe database cluster is another one than before. Once the data is known to be \
             right: stop the servers, `ingesta subscriptions rebase --yes`, start them again.",
        );
    }
}

fn columns(line: &Line) -> Vec<String> {
    let status = &line.status;
    let behind = line
        .lag
        .age
        .map_or("-".to_owned(), |age| format!("{:.1} s", age.as_secs_f64()));
    let counted_all = line.lag.events < Lag::COUNTED_MAX;
    let lag = format!(
        "{}{}",
        line.lag.events,
        if counted_all { "" } else { " or more" }
    );
    vec![
        status.name.clone(),
        standing::subscription(status).to_owned(),
        status.checkpoint.to_string(),
        lag,
        behind,
        status.parked.to_string(),
    ]
}

fn next_try(parked: &ParkedStream) -> String {
    match parked.retry_at {
        None => "waits for `subscriptions resume` or `skip`".to_owned(),
        Some(_) if parked.due => "will be tried now".to_owned(),
        Some(at) => format!("will be tried at {}", at.format("%Y-%m-%dT%H:%M:%SZ")),
    }
}

fn described(blocker: &Blocker) -> String {
    let who = blocker
        .pid
        .map_or("a prepared transaction".to_owned(), |pid| {
            format!("pid {pid}")
        });
    let age = blocker.age.as_secs_f64();
    format!(
        "{who} ({}) in database {}, open for {age:.1} s",
        blocker.state, blocker.database
    )
}

fn as_json(line: &Line) -> Value {
    let status = &line.status;
    let parked: Vec<Value> = line
        .parked
        .iter()
        .map(|parked| {
            json!({
                "stream": parked.stream.to_string(),
                "sequence": parked.sequence,
                "code": parked.reason.code,
                "message": parked.reason.message,
                "attempts": parked.attempts,
                "parked_at": parked.parked_at,
                "retry_at": parked.retry_at,
            })
        })
        .collect();
    let blocker = line.lag.blocker.as_ref().map(|blocker| {
        json!({
            "pid": blocker.pid,
            "database": blocker.database,
            "state": blocker.state,
            "age_seconds": blocker.age.as_secs_f64(),
        })
    });
    json!({
        "name": status.name,
        "state": standing::subscription(status),
        "checkpoint": status.checkpoint,
        "lag_events": line.lag.events,
        "lag_seconds": line.lag.age.map(|age| age.as_secs_f64()),
        "held_back": line.lag.held_back,
        "owner": status.owner,
        "epoch": status.epoch,
        "moved_at": status.moved_at,
        "parked": parked,
        "blocker": blocker,
    })
}
