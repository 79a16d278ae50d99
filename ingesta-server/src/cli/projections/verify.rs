//! `ingesta projections verify`: is each view a fold of the log? A fresh fold beside it answers.
//!
//! Promises: changes nothing of the views; exit code 6 where one differs; keys are printed only if
//! they are asked for, for they may be personal data.
//! Does not: mend anything; `projections rebuild` does, all of it or one `--key`.

use ingesta_projections::{Differing, Verified};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{begins_anew, chosen, peak_rss_bytes, prepared, progress, stoppable};
use crate::cli::args::VerifyArgs;
use crate::cli::database::Opened;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Out;
use crate::cli::signals::StopSignals;
use crate::config::Config;

pub(super) async fn run(config: &Config, args: VerifyArgs, out: &Out) -> Result<Exit, CliError> {
    let names = chosen(&args.names)?;
    let mut signals = StopSignals::new()?;
    let opened = Opened::existing_or_own(config, out)
        .await?
        .checked()
        .await?;
    let stop = CancellationToken::new();
    let verify = prepared(&opened.database, &names, args.memory, false);
    let verify = verify.stopped_by(stop.clone());
    let shown = tokio::spawn(progress::show(verify.progress(), out.clone()));
    let found = stoppable(&mut signals, &stop, verify.verify()).await;
    let _ = shown.await;
    opened.close().await?;
    let found = found.map_err(begins_anew)?;
    out.json(&json!({
        "event": "verified",
        "projections": found.iter().map(|one| as_json(one, args.keys)).collect::<Vec<_>>(),
        "peak_rss_bytes": peak_rss_bytes(),
    }));
    for one in &found {
        print(one, args.keys, out);
    }
    if found.iter().all(Verified::is_equal) {
        Ok(Exit::Done)
    } else {
        Ok(Exit::Differs)
    }
}

fn kinds(found: &Verified) -> [(&'static str, &Differing); 3] {
    [
        ("missing", &found.missing),
        ("extra", &found.extra),
        ("changed", &found.changed),
    ]
}

fn print(found: &Verified, keys: bool, out: &Out) {
    let (name, at, rows) = (&found.projection, found.position, found.live.rows);
    if found.is_equal() {
        let hash = &found.live.hash;
        out.text(format_args!(
            "{name}: {rows} rows at {at} are a fold of the log (hash {hash})"
        ));
    } else {
        let fresh = found.fresh.rows;
        out.text(format_args!(
            "{name}: DIFFERS at {at}: {rows} rows where a fresh fold has {fresh}"
        ));
    }
    for (kind, differing) in kinds(found) {
        if differing.count > 0 {
            out.text(format_args!("  {kind}: {}", differing.count));
        }
        for key in differing.keys.iter().filter(|_| keys) {
            out.text(format_args!("    {key}"));
        }
    }
    if found.parked + found.parked_fresh > 0 {
        out.text(format_args!(
            "  parked streams: {}; this program would park {}",
            found.parked, found.parked_fresh
        ));
    }
}

fn as_json(found: &Verified, keys: bool) -> Value {
    let mut json = json!({
        "projection": found.projection,
        "equal": found.is_equal(),
        "position": found.position,
        "rows": found.live.rows,
        "hash": found.live.hash,
        "fresh_rows": found.fresh.rows,
        "fresh_hash": found.fresh.hash,
        "parked": found.parked,
        "fresh_parked": found.parked_fresh,
    });
    for (kind, differing) in kinds(found) {
        json[kind] = differing.count.into();
        if keys {
            json[format!("{kind}_keys")] = json!(differing.keys);
        }
    }
    json
}
