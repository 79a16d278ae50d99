//! The command line: what can be asked, as clap reads it.
//!
//! Promises: every subcommand takes the same configuration flags and `--json`; every `--help` has
//! an example.
//! Does not: do anything.

mod kafka;
mod keys;
mod projections;
mod sagas;
mod schemas;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use super::help;
use super::moment::MomentArgs;
pub(crate) use kafka::{DeadLettersCommand, RelayCommand};
pub(crate) use keys::{AddKeyArgs, KeysCommand};
pub(crate) use projections::{
    ProjectionNames, ProjectionsCommand, RebuildArgs, ShowRowArgs, VerifyArgs,
};
pub(crate) use sagas::{ListSagasArgs, Neighbours, SagasCommand};
pub(crate) use schemas::{
    CheckSchemasArgs, Language, PrintSchemasArgs, PushSchemasArgs, SchemasCommand,
};

/// An event-sourced control plane for medical-image ingestion.
///
/// Without a subcommand it serves. With nothing configured it starts a PostgreSQL of its own.
#[derive(Debug, Parser)]
#[command(name = "ingesta", version, after_help = help::MAIN, max_term_width = 100)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Flags that every subcommand takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct Global {
    /// Answer in JSON, one value per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Read this TOML file [env: INGESTA_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where HTTP is served; port 0 takes a free one [env: INGESTA_LISTEN] [default: 127.0.0.1:5000]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    /// Folder of the embedded database [env: INGESTA_DATA_DIR] [default: ./.ingesta]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) data_dir: Option<String>,
    /// A PostgreSQL that somebody else runs; better given as DATABASE_URL, which other users of
    /// the machine cannot see
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// What is logged [env: INGESTA_LOG] [default: info,sqlx=warn]
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// How it is logged: text or json [env: INGESTA_LOG_FORMAT] [default: text]
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve HTTP until told to stop (the default)
    #[command(after_help = help::SERVE)]
    Serve(ServeArgs),
    /// Serve, and ingest real image references to look at
    #[command(after_help = help::DEMO)]
    Demo(DemoArgs),
    /// Bring the database's schema up to date
    #[command(after_help = help::MIGRATE)]
    Migrate,
    /// Hand in the rows of an NDJSON file to a running server
    #[command(after_help = help::IMPORT)]
    Import(ImportArgs),
    /// Look at what follows the log, and mend it
    #[command(subcommand, after_help = help::SUBSCRIPTIONS)]
    Subscriptions(SubscriptionsCommand),
    /// Read the log
    #[command(subcommand, after_help = help::EVENTS)]
    Events(EventsCommand),
    /// Look at aggregates, as they are or were
    #[command(subcommand, after_help = help::AGGREGATES)]
    Aggregates(AggregatesCommand),
    /// Look at the tables that are folded from the log, rebuild and verify them
    #[command(subcommand, after_help = help::PROJECTIONS)]
    Projections(ProjectionsCommand),
    /// Forget what is remembered of old commands
    #[command(subcommand, after_help = help::COMMANDS)]
    Commands(CommandsCommand),
    /// Look at the schemas of the messages, and register them
    #[command(subcommand, after_help = help::SCHEMAS)]
    Schemas(SchemasCommand),
    /// Look at how the log is published to topics
    #[command(subcommand, after_help = help::RELAY)]
    Relay(RelayCommand),
    /// Look at messages that were put aside, and deal with them
    #[command(subcommand, after_help = help::DEAD_LETTERS)]
    DeadLetters(DeadLettersCommand),
    /// Look at sagas, and help those that are stuck
    #[command(subcommand, after_help = help::SAGAS)]
    Sagas(SagasCommand),
    /// Make, list and revoke the keys by which somebody may come in
    #[command(subcommand, after_help = help::KEYS)]
    Keys(KeysCommand),
    /// Look for what is wrong, or will be: unreadable events, parked streams, settings
    #[command(after_help = help::DOCTOR)]
    Doctor(DoctorArgs),
    /// Look at the configuration
    #[command(subcommand, after_help = help::CONFIG)]
    Config(ConfigCommand),
}

#[derive(Args, Debug, Default)]
pub(crate) struct ServeArgs {
    /// Bring the schema of a given database up to date first (the embedded one always is)
    #[arg(long)]
    pub(crate) migrate: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Rows to ingest instead of the built-in ones (NDJSON)
    pub(crate) file: Option<PathBuf>,
    /// Stop after reading the rows back
    #[arg(long)]
    pub(crate) exit: bool,
    /// Bring the schema of a given database up to date first (the embedded one always is)
    #[arg(long)]
    pub(crate) migrate: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// The file, one JSON object per line; `-` reads standard input
    pub(crate) file: PathBuf,
    /// The server [default: the configured listen address]
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Rows under way at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: u16,
    /// How long to go on trying while the server is away
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    pub(crate) patience: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionsCommand {
    /// Every subscription: state, checkpoint, lag, parked streams
    #[command(after_help = help::SUBSCRIPTIONS)]
    List,
    /// Try a parked stream again now
    #[command(after_help = help::RESUME)]
    Resume(ParkedArgs),
    /// Pass over the event that a parked stream failed on, for ever
    #[command(after_help = help::SKIP)]
    Skip {
        #[command(flatten)]
        parked: ParkedArgs,
        /// Yes, this subscription shall never process that event
        #[arg(long)]
        yes: bool,
    },
    /// Carry log and checkpoints over into this database cluster, after a restore
    #[command(after_help = help::REBASE)]
    Rebase {
        /// Yes, the data is known to be right and every server is stopped
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct ParkedArgs {
    /// The subscription
    pub(crate) name: String,
    /// The parked stream, as `subscriptions list` shows it
    #[arg(value_name = "TYPE/ID")]
    pub(crate) stream: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// The log in its order; without `--from`, its last events
    #[command(after_help = help::TAIL)]
    Tail(TailArgs),
    /// The events of one stream
    #[command(after_help = help::SHOW)]
    Show {
        /// The stream
        #[arg(value_name = "TYPE/ID")]
        stream: String,
        #[command(flatten)]
        payload: PayloadArg,
    },
}

#[derive(Args, Debug)]
pub(crate) struct TailArgs {
    /// Where to begin: `start`, or the position of an event (that event is not shown again)
    #[arg(long, value_name = "start|POSITION")]
    pub(crate) from: Option<String>,
    /// Only events of this aggregate type or event type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) wanted: Vec<String>,
    /// Go on as events come
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Events at most [default: 20 without `--from`, else all]
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) limit: Option<usize>,
    #[command(flatten)]
    pub(crate) payload: PayloadArg,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct PayloadArg {
    /// Print payloads too: they hold patients' references and image addresses
    #[arg(long)]
    pub(crate) payload: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AggregatesCommand {
    /// The state of one aggregate
    #[command(after_help = help::SHOW_STATE)]
    Show {
        /// The aggregate
        #[arg(value_name = "TYPE/ID")]
        stream: String,
        #[command(flatten)]
        at: MomentArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CommandsCommand {
    /// Forget the ids of old commands, from HTTP and from topics, so that they are free again
    #[command(after_help = help::COMMANDS)]
    Purge(PurgeArgs),
}

#[derive(Args, Debug)]
pub(crate) struct PurgeArgs {
    /// Forget what was recorded longer ago than this, 1d to 36500d: 90d, 36h
    #[arg(long, value_name = "AGE", value_parser = super::commands::age)]
    pub(crate) older_than: Duration,
    /// Only count
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Yes, commands that are sent again with these ids may take effect again
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct DoctorArgs {
    /// Try to read every event, instead of two of each type and version
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Every key, its value and where the value came from; passwords are masked
    #[command(after_help = help::CONFIG)]
    Print,
}
