//! `ingesta serve`: the server, until it is told to stop.
//!
//! Promises: says on stdout where it listens once it does; a signal during the start ends it too,
//! and nothing is left running.
//! Does not: detach; a service manager does that.

use serde_json::json;

use super::args::ServeArgs;
use super::exit::{CliError, Exit};
use super::format_name;
use super::out::Out;
use super::running::Running;
use super::signals::StopSignals;
use crate::config::Config;

pub(super) async fn run(config: &Config, args: &ServeArgs, out: &Out) -> Result<Exit, CliError> {
    let mut signals = StopSignals::new()?;
    let started = tokio::select! {
        started = Running::start(config, args.migrate, out) => started?,
        () = signals.next() => return Err(CliError::Interrupted),
    };
    announce(&started, config, out);
    finish(started, &mut signals).await
}

/// Serves on, and stops in order, whatever ended it.
pub(super) async fn finish(
    mut running: Running,
    signals: &mut StopSignals,
) -> Result<Exit, CliError> {
    let served = running.serve(signals).await;
    tracing::info!("stopping");
    running.stop(signals).await?;
    tracing::info!("stopped");
    served.map(|()| Exit::Done)
}

/// Where it listens, and on which database.
pub(super) fn announce(running: &Running, config: &Config, out: &Out) {
    let (url, database) = (running.url(), &running.opened.shown);
    let data = running
        .opened
        .own
        .as_ref()
        .map(|own| own.data_dir().display().to_string());
    let brokers = config
        .messaging
        .as_ref()
        .map(|messaging| &messaging.kafka.brokers);
    out.json(&json!({
        "event": "ready",
        "url": url,
        "pid": std::process::id(),
        "database": database,
        "data_dir": data,
        "kafka_brokers": brokers,
        "access": if config.acceso.is_some() { "required" } else { "open" },
    }));
    out.text(format_args!(
        "ingesta {} is ready",
        env!("CARGO_PKG_VERSION")
    ));
    out.text(format_args!("  listening  {url}"));
    out.text(format_args!("  database   {database}"));
    if let Some(data) = data {
        out.text(format_args!("  data       {data}"));
    }
    match brokers {
        Some(brokers) => out.text(format_args!("  messages   Kafka at {brokers}")),
        None => out.text("  messages   no broker: the log waits (KAFKA_BROKERS)"),
    }
    match config.acceso {
        Some(_) => out.text("  access     by key or token (ingesta keys)"),
        None => out.text("  access     OPEN: everybody on this machine may do everything"),
    }
    let format = format_name(config.log_format);
    out.text(format_args!(
        "  log        standard error, {format}, {}",
        config.log
    ));
    out.text("  stop       Ctrl-C or SIGTERM");
}
