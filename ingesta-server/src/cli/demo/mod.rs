//! `ingesta demo`: a server, real image references handed in over HTTP, and what became of them.
//!
//! Promises: a second run finds what the first one handed in and adds none of it again; then it
//! serves on, unless told to exit.
//! Does not: touch the database behind the server's back; it only looks how far followers are.

mod read_back;

use std::collections::BTreeSet;
use std::io::Cursor;
use std::time::Duration;

use serde_json::json;

use super::args::DemoArgs;
use super::exit::{CliError, Exit};
use super::import::{self, Door, Ended, Progress, Source, Summary, pump};
use super::out::Out;
use super::running::Running;
use super::serve::{announce, finish};
use super::signals::StopSignals;
use crate::config::Config;
use read_back::{ReadBack, Reader};

/// What real DICOM files say about themselves; their addresses are made up.
const ROWS: &str = include_str!("../../../../examples/data/imagenes.ndjson");

const CONCURRENCY: usize = 8;
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn run(config: &Config, args: &DemoArgs, out: &Out) -> Result<Exit, CliError> {
    let mut signals = StopSignals::new()?;
    let mut running = tokio::select! {
        started = Running::start(config, args.migrate, out) => started?,
        () = signals.next() => return Err(CliError::Interrupted),
    };
    announce(&running, config, out);
    let (url, database) = (running.url(), running.opened.database.clone());
    let toured = tokio::select! {
        // A signal, or a server that ended by itself.
        served = running.serve(&mut signals) => {
            running.stop(&mut signals).await?;
            return served.map(|()| Exit::Done);
        }
        toured = async {
            let reader = Reader::new(&url, config.api_key.as_ref(), database)?;
            let door = Door::new(&url, config.api_key.as_ref(), PATIENCE)?;
            tour((&url, &door), &reader, args, out).await
        } => toured,
    };
    match toured {
        Ok(exit) if args.exit => {
            running.stop(&mut signals).await?;
            Ok(exit)
        }
        Ok(_) => {
            out.text("\nserving on; Ctrl-C stops it and keeps the data");
            finish(running, &mut signals).await
        }
        Err(error) => {
            running.stop(&mut signals).await?;
            Err(error)
        }
    }
}

async fn tour(
    (url, door): (&str, &Door),
    reader: &Reader,
    args: &DemoArgs,
    out: &Out,
) -> Result<Exit, CliError> {
    let before = reader.total().await?;
    let (summary, ids) = hand_in(door, args, out).await?;
    let back = reader.read_back(&ids).await?;
    let new = back.total.saturating_sub(before);
    out.json(&json!({
        "event": "read_back",
        "ids": ids.len(),
        "found": back.found,
        "total": back.total,
        "new": new,
        "ingestas": back.ingestas,
        "imagenes": back.images,
    }));
    show(&summary, &ids, &back, new, out);
    let missing = ids.len() - back.found;
    if missing > 0 {
        return Err(CliError::Failed(format!(
            "{missing} acknowledged rows were not read back"
        )));
    }
    if !args.exit {
        show_next(url, ids.first(), out);
    }
    Ok(if summary.refused > 0 {
        Exit::Partly
    } else {
        Exit::Done
    })
}

async fn hand_in(
    door: &Door,
    args: &DemoArgs,
    out: &Out,
) -> Result<(Summary, BTreeSet<String>), CliError> {
    let source = match &args.file {
        Some(path) => import::open(path)?,
        None => Source {
            reader: Box::new(Cursor::new(ROWS)),
            bytes: Some(ROWS.len() as u64),
            path: "the built-in rows".to_owned(),
        },
    };
    let progress = Progress::new(source.bytes, out);
    let mut ids = BTreeSet::new();
    let pumped = pump(source, door, CONCURRENCY, &progress, |id| {
        ids.insert(id);
    });
    let (summary, ended) = pumped.await?;
    progress.finish();
    match ended {
        Ended::Complete => Ok((summary, ids)),
        Ended::Away { url, reason } => Err(CliError::ServerAway { url, reason }),
        Ended::NotIngesta { url, reason } => Err(CliError::NotIngesta { url, reason }),
    }
}

fn show(summary: &Summary, ids: &BTreeSet<String>, back: &ReadBack, new: u64, out: &Out) {
    let seconds = summary.elapsed.as_secs_f64();
    out.text(format_args!(
        "\n{} image references handed in over HTTP in {seconds:.1} s: {} accepted, {} refused",
        summary.rows, summary.accepted, summary.refused,
    ));
    out.text(format_args!(
        "read back: {} of {} by id, {} in the list, {new} of them new\n",
        back.found,
        ids.len(),
        back.total,
    ));
    let lines = |counts: &read_back::Counts, kind: &str| -> Vec<Vec<String>> {
        let line = |(state, count): (&String, &u64)| {
            vec![kind.to_owned(), state.clone(), count.to_string()]
        };
        counts.iter().map(line).collect()
    };
    let mut rows = lines(&back.ingestas, "ingesta");
    rows.extend(lines(&back.images, "imagen"));
    out.table(&["WHAT", "ESTADO", "COUNT"], &rows);
    if !back.settled {
        out.text("(followers are still behind: `ingesta subscriptions list`)");
    }
}

fn show_next(url: &str, id: Option<&String>, out: &Out) {
    out.text("\nlook at");
    out.text(format_args!("  {url}/ with a browser"));
    if let Some(id) = id {
        out.text(format_args!("  curl -i {url}/ingesta/consulta-por-id/{id}"));
    }
    out.text(format_args!("  curl -i '{url}/ingesta/todas'"));
    out.text(format_args!("  curl {url}/readyz"));
    out.text("and, in another shell of the same folder,");
    out.text("  ingesta events tail");
    if let Some(id) = id {
        out.text(format_args!("  ingesta events show Ingesta/{id}"));
    }
    out.text("  ingesta subscriptions list");
    out.text("(where `ingesta` is not installed: cargo run --release -- events tail)");
}
