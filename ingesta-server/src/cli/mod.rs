//! The `ingesta` command line.
//!
//! Promises: answers on stdout, everything else on stderr; the exit codes of `--help`; with
//! `--json` each line of stdout is one JSON value.
//! Does not: decide anything about ingestas; it starts the server, talks to it, or reads the log.

mod aggregates;
mod args;
mod commands;
mod config;
mod database;
mod dead_letters;
mod demo;
mod doctor;
mod events;
mod exit;
mod help;
mod import;
mod keys;
mod migrate;
mod moment;
mod open_files;
mod out;
mod projections;
mod relay;
mod running;
mod sagas;
mod schemas;
mod serve;
mod signals;
mod subscriptions;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;

use crate::config::{Config, Layers, LogFormat};
use crate::telemetry;
use args::{Command, CommandLine, Global, ServeArgs};
use exit::{CliError, Exit};
use out::Out;

/// Reads the command line, does what it says, answers with its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let line = CommandLine::parse();
    let out = Out::new(line.global.json);
    run(line, &out)
        .unwrap_or_else(|error| report(&error, &out))
        .into()
}

fn run(line: CommandLine, out: &Out) -> Result<Exit, CliError> {
    let mut config = configuration(&line.global)?;
    let command = line.command.unwrap_or(Command::Serve(ServeArgs::default()));
    // A server logs what it does; other commands only what is wrong, unless somebody wants more.
    if !matches!(command, Command::Serve(_)) && !config.is_chosen("log") {
        "warn".clone_into(&mut config.log);
    }
    telemetry::init(&config.log, config.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| CliError::System {
            attempted: "start the runtime",
            source,
        })?;
    let ended = runtime.block_on(dispatch(command, &config, out));
    // A thread that waits for a line of standard input must not hold the end up.
    runtime.shutdown_background();
    ended
}

async fn dispatch(command: Command, config: &Config, out: &Out) -> Result<Exit, CliError> {
    match command {
        Command::Serve(args) => serve::run(config, &args, out).await,
        Command::Demo(args) => demo::run(config, &args, out).await,
        Command::Migrate => migrate::run(config, out).await,
        Command::Import(args) => import::run(config, &args, out).await,
        Command::Subscriptions(command) => subscriptions::run(config, command, out).await,
        Command::Events(command) => events::run(config, command, out).await,
        Command::Aggregates(command) => aggregates::run(config, &command, out).await,
        Command::Projections(command) => projections::run(config, command, out).await,
        Command::Commands(command) => commands::run(config, &command, out).await,
        Command::Schemas(command) => schemas::run(config, &command, out).await,
        Command::Relay(command) => relay::run(config, command, out).await,
        Command::DeadLetters(command) => dead_letters::run(config, command, out).await,
        Command::Sagas(command) => sagas::run(config, command, out).await,
        Command::Keys(command) => keys::run(config, command, out).await,
        Command::Doctor(args) => doctor::run(config, args, out).await,
        Command::Config(command) => Ok(config::run(config, &command, out)),
    }
}

fn configuration(global: &Global) -> Result<Config, CliError> {
    let mut layers = Layers::defaults();
    let named = std::env::var_os("INGESTA_CONFIG").filter(|name| !name.is_empty());
    if let Some(path) = global.config.clone().or_else(|| named.map(PathBuf::from)) {
        layers.file(&path)?;
    }
    layers.environment(std::env::vars_os())?;
    layers.flags([
        ("listen", global.listen.clone()),
        ("data_dir", global.data_dir.clone()),
        ("database_url", global.database_url.clone()),
        ("log", global.log.clone()),
        ("log_format", global.log_format.clone()),
    ]);
    Ok(Config::from_layers(&layers)?)
}

fn report(error: &CliError, out: &Out) -> Exit {
    let exit = error.exit();
    if out.is_json() {
        let causes = error.causes();
        out.note(json!({ "error": error.to_string(), "causes": causes, "exit_code": exit as u8 }));
        return exit;
    }
    out.note(format_args!("error: {error}"));
    for cause in error.causes() {
        out.note(format_args!("  because: {cause}"));
    }
    exit
}

/// The word for a log format, as it is configured.
fn format_name(format: LogFormat) -> &'static str {
    match format {
        LogFormat::Text => "text",
        LogFormat::Json => "json",
    }
}
