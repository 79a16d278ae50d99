//! What can be asked of the schemas of the messages.
//!
//! Promises: a registry is named only where one is asked.
//! Does not: know which schemas there are.

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::help;

#[derive(Debug, Subcommand)]
pub(crate) enum SchemasCommand {
    /// Look for changes that would break somebody who reads or writes messages
    #[command(after_help = help::SCHEMAS_CHECK)]
    Check(CheckSchemasArgs),
    /// Print schemas, as messages are written with them
    #[command(after_help = help::SCHEMAS_PRINT)]
    Print(PrintSchemasArgs),
    /// Register every schema, so that messages can begin with their numbers
    #[command(after_help = help::SCHEMAS_PUSH)]
    Push(PushSchemasArgs),
}

#[derive(Args, Debug)]
pub(crate) struct CheckSchemasArgs {
    /// Ask this registry too whether each schema may follow those that it has; without a URL the
    /// configured one
    #[arg(long, value_name = "URL", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "a flag, and a flag with a value")]
    pub(crate) registry: Option<Option<String>>,
    /// What the names of topics begin with [default: kafka_prefix]
    #[arg(long, value_name = "PREFIX")]
    pub(crate) prefix: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct PrintSchemasArgs {
    /// The topic, without a prefix [default: every topic]
    #[arg(value_name = "TOPIC")]
    pub(crate) name: Option<String>,
    /// In which language
    #[arg(long, value_enum, default_value = "avro")]
    pub(crate) format: Language,
}

#[derive(Args, Debug)]
pub(crate) struct PushSchemasArgs {
    /// The registry [default: kafka_schema_registry, where there is a login too]
    #[arg(long, value_name = "URL")]
    pub(crate) registry: Option<String>,
    /// What the names of topics begin with [default: kafka_prefix]
    #[arg(long, value_name = "PREFIX")]
    pub(crate) prefix: Option<String>,
}

/// A language of schemas.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Language {
    /// Avro
    Avro,
    /// JSON Schema
    Json,
}
