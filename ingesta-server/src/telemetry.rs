//! Where log lines go and what they look like.
//!
//! Promises: stderr only, so that stdout stays for answers; colours only on a terminal and never
//! with `NO_COLOR`; one JSON object per line where asked.
//! Does not: hold metrics or traces, or decide what is logged (the filter does).

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("log: expected a filter such as info,sqlx=warn")]
    BadFilter(#[source] tracing_subscriber::filter::ParseError),
    /// Logging was set up before, by somebody else in this process.
    #[error("logging is already set up in this process")]
    AlreadySet,
}

/// Sends the log of this process to stderr.
///
/// # Errors
/// When `filter` cannot be read, or logging is set up already.
pub fn init(filter: &str, format: LogFormat) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(filter).map_err(TelemetryError::BadFilter)?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let set = match format {
        LogFormat::Text => builder.with_ansi(colours()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    set.map_err(|_| TelemetryError::AlreadySet)
}

fn colours() -> bool {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    wanted && std::io::stderr().is_terminal()
}
