//! `ingesta import`: rows of an NDJSON file, each handed in to a running server over HTTP.
//!
//! Promises: a row is acknowledged, reported as broken by line number and code, or left for the
//! next run; the next run adds nothing twice; memory does not grow with the file.
//! Does not: show what a row holds, or judge it; the server does that.

mod lines;
mod progress;
mod pump;
mod row;
mod send;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::args::ImportArgs;
use super::exit::{CliError, Exit};
use super::out::Out;
use crate::config::Config;
pub(super) use lines::Source;
pub(super) use progress::Progress;
pub(super) use pump::{Ended, Summary, pump};
pub(super) use send::{Door, client, shown};

pub(super) async fn run(config: &Config, args: &ImportArgs, out: &Out) -> Result<Exit, CliError> {
    let url = args.url.clone().unwrap_or_else(|| default_url(config));
    let door = Door::new(
        &url,
        config.api_key.as_ref(),
        Duration::from_secs(args.patience.into()),
    )?;
    let source = open(&args.file)?;
    let progress = Progress::new(source.bytes, out);
    let (summary, ended) = pump(
        source,
        &door,
        usize::from(args.concurrency),
        &progress,
        |_| {},
    )
    .await?;
    progress.finish();
    finish(&summary, ended, out)
}

/// Where a server of the same configuration is reached.
pub(super) fn default_url(config: &Config) -> String {
    let mut address = config.listen;
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}")
}

fn finish(summary: &Summary, ended: Ended, out: &Out) -> Result<Exit, CliError> {
    let away = matches!(ended, Ended::Away { .. });
    let complete = matches!(ended, Ended::Complete);
    out.json(&json!({
        "event": "imported",
        "rows": summary.rows,
        "accepted": summary.accepted,
        "refused": summary.refused,
        "complete": complete,
        "next_line": summary.first_open_line,
        "seconds": summary.elapsed.as_secs_f64(),
    }));
    let (rows, accepted, refused) = (summary.rows, summary.accepted, summary.refused);
    let seconds = summary.elapsed.as_secs_f64();
    out.text(format_args!(
        "{rows} rows: {accepted} accepted, {refused} refused, {seconds:.1} s"
    ));
    match ended {
        Ended::Complete if refused == 0 => Ok(Exit::Done),
        Ended::Complete => {
            out.text(
                "mend the refused rows and run the same command again: nothing is added twice",
            );
            Ok(Exit::Partly)
        }
        Ended::Away { url, reason } | Ended::NotIngesta { url, reason } => {
            if let Some(line) = summary.first_open_line {
                out.text(format_args!(
                    "from line {line} on it is not known which rows are in: run the same command \
                     again, nothing is added twice"
                ));
            }
            Err(if away {
                CliError::ServerAway { url, reason }
            } else {
                CliError::NotIngesta { url, reason }
            })
        }
    }
}

/// The file of this name; `-` is standard input.
pub(super) fn open(path: &Path) -> Result<Source, CliError> {
    if path == Path::new("-") {
        let reader: Box<dyn Read + Send> = Box::new(std::io::stdin());
        return Ok(Source {
            reader: Box::new(BufReader::new(reader)),
            bytes: None,
            path: "-".into(),
        });
    }
    let shown = path.display().to_string();
    let failed = |source| CliError::Read {
        path: shown.clone(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    let bytes = about.is_file().then_some(about.len());
    Ok(Source {
        reader: Box::new(BufReader::new(file)),
        bytes,
        path: shown,
    })
}
