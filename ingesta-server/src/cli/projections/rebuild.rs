//! `ingesta projections rebuild`: folds views anew from the log, beside the ones that are read.
//!
//! Promises: the old views answer until the new ones take their place; interrupted, the same
//! command goes on where it stopped.
//! Does not: need the servers to stop, or to run.

use std::time::Instant;

use ingesta_projections::{Mended, Rebuild, Rebuilt};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{begins_anew, chosen, peak_rss_bytes, prepared, progress, stoppable};
use crate::cli::args::RebuildArgs;
use crate::cli::database::Opened;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Out;
use crate::cli::signals::StopSignals;
use crate::config::Config;

pub(super) async fn run(config: &Config, args: RebuildArgs, out: &Out) -> Result<Exit, CliError> {
    let names = chosen(&args.names)?;
    let mut signals = StopSignals::new()?;
    let opened = Opened::existing_or_own(config, out)
        .await?
        .checked()
        .await?;
    let stop = CancellationToken::new();
    let rebuild = prepared(&opened.database, &names, args.memory, !args.no_compare);
    let rebuild = rebuild.stopped_by(stop.clone());
    let done = match &args.key {
        Some(key) => stoppable(&mut signals, &stop, rebuild.one(key))
            .await
            .map_err(begins_anew)
            .and_then(|done| mended_rows(&done, out)),
        None => all(rebuild, &mut signals, &stop, out).await,
    };
    opened.close().await?;
    done
}

async fn all(
    rebuild: Rebuild,
    signals: &mut StopSignals,
    stop: &CancellationToken,
    out: &Out,
) -> Result<Exit, CliError> {
    let began = Instant::now();
    let shown = tokio::spawn(progress::show(rebuild.progress(), out.clone()));
    let done = stoppable(signals, stop, rebuild.run()).await;
    let seconds = began.elapsed().as_secs_f64();
    // It ends with the rebuild, whose last word it shows.
    let _ = shown.await;
    let done = done?;
    out.json(&json!({
        "event": "rebuilt",
        "projections": done.iter().map(rebuilt).collect::<Vec<_>>(),
        "seconds": seconds,
        "peak_rss_bytes": peak_rss_bytes(),
    }));
    for done in &done {
        out.text(described(done));
    }
    out.text(format_args!("{seconds:.1} s"));
    Ok(Exit::Done)
}

/// A key that no projection has anything for, neither a row nor an event, is a mistake.
fn mended_rows(done: &[Mended], out: &Out) -> Result<Exit, CliError> {
    let projections: Vec<Value> = done.iter().map(mended).collect();
    out.json(&json!({ "event": "mended", "projections": projections }));
    for done in done {
        let what = match (done.changed, done.after) {
            (false, _) if done.unknown => "the log has no such aggregate, and there is no row",
            (false, None) => "there is no row, and that is right",
            (false, Some(_)) => "the row was right",
            (true, Some(_)) => "the row was written anew",
            (true, None) if done.unknown => {
                "the row was deleted, for the log has no such aggregate"
            }
            (true, None) => "the row was deleted, for the log leaves none",
        };
        let parked = if done.parked {
            "; its stream is parked"
        } else {
            ""
        };
        out.text(format_args!("{}: {what}{parked}", done.projection));
    }
    if done.iter().all(|done| done.unknown && !done.changed) {
        let nothing = "the log has no aggregate with this key";
        return Err(CliError::Failed(nothing.to_owned()));
    }
    Ok(Exit::Done)
}

fn described(done: &Rebuilt) -> String {
    let resumed = if done.resumed { ", gone on with" } else { "" };
    let mut line = format!(
        "{}: {} rows, {} parked streams{resumed}; {} events were read, over all passes",
        done.projection, done.rows, done.parked, done.events
    );
    if let Some(compared) = done.compared {
        let found = if compared.is_equal() {
            "; as the old view".to_owned()
        } else {
            format!(
                "; {} rows differ from the old view, {} are new, {} are gone, {} were moving",
                compared.changed, compared.only_fresh, compared.only_old, compared.moving
            )
        };
        line.push_str(&found);
    }
    line
}

fn rebuilt(done: &Rebuilt) -> Value {
    let compared = done.compared.map(|compared| {
        json!({
            "changed": compared.changed,
            "only_fresh": compared.only_fresh,
            "only_old": compared.only_old,
            "moving": compared.moving,
        })
    });
    json!({
        "projection": done.projection,
        "rows": done.rows,
        "events": done.events,
        "parked": done.parked,
        "compared": compared,
        "position": done.position,
        "resumed": done.resumed,
    })
}

fn mended(done: &Mended) -> Value {
    json!({
        "projection": done.projection,
        "changed": done.changed,
        "version_before": done.before,
        "version": done.after,
        "parked": done.parked,
        "unknown": done.unknown,
        "position": done.position,
    })
}

#[cfg(test)]
mod tests {
    use ingesta_event_store::Position;

    use super::*;

    #[test]
    fn what_was_read_over_several_passes_is_not_told_as_the_length_of_the_log() {
        let done = Rebuilt {
            projection: "vista_ingestas".to_owned(),
            rows: 10,
            events: 90,
            parked: 2,
            compared: None,
            position: Position::START,
            resumed: true,
        };
        assert_eq!(
            described(&done),
            "vista_ingestas: 10 rows, 2 parked streams, gone on with; 90 events were read, over all \
             passes"
        );
    }
}
