//! How a rebuild is seen while it runs: a bar on a terminal, JSON lines about once a second.
//!
//! Promises: the bar is on stderr and only on a terminal; what is out of the ordinary is said once.
//! Does not: count; it shows what it is told.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ingesta_projections::{RebuildPhase, RebuildProgress};
use serde_json::json;
use tokio::sync::watch;

use crate::cli::out::Out;

const COUNTED: &str = "{bar:30} {percent:>3} %  {msg}  {eta} left";
const UNCOUNTED: &str = "{spinner}  {msg}";
const EVERY: Duration = Duration::from_secs(1);

/// Shows it until the future that holds the other end is gone; run beside that.
pub(super) async fn show(mut seen: watch::Receiver<RebuildProgress>, out: Out) {
    let target = if out.is_json() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let bar = ProgressBar::with_draw_target(None, target);
    let (mut phase, mut note, mut began) = (None, None, Instant::now());
    loop {
        let now = seen.borrow_and_update().clone();
        if phase != Some((now.phase, now.pass)) {
            phase = Some((now.phase, now.pass));
            began = Instant::now();
            style(&bar, &now);
        }
        if note != now.note {
            note.clone_from(&now.note);
            if let Some(note) = note.as_ref().filter(|_| !out.is_json()) {
                bar.suspend(|| out.note(note));
            }
        }
        if counts(&now) {
            bar.set_position(now.events_read);
        } else {
            bar.tick();
        }
        bar.set_message(message(&now, began.elapsed()));
        out.json(&as_json(&now));
        let wait = if out.is_json() { EVERY } else { EVERY / 5 };
        let news = async {
            tokio::time::sleep(wait).await;
            seen.changed().await
        };
        if news.await.is_err() {
            break;
        }
    }
    bar.finish_and_clear();
}

/// True where it is known how much there is to do.
fn counts(now: &RebuildProgress) -> bool {
    now.phase == RebuildPhase::Folding && now.events_expected.is_some()
}

fn style(bar: &ProgressBar, now: &RebuildProgress) {
    let template = if counts(now) { COUNTED } else { UNCOUNTED };
    bar.set_style(ProgressStyle::with_template(template).expect("a constant template"));
    if let Some(expected) = now.events_expected {
        bar.set_length(expected);
    }
    bar.reset();
}

fn message(now: &RebuildProgress, elapsed: Duration) -> String {
    let phase = now.phase.as_str();
    let name = now.projection.as_deref().unwrap_or_default();
    if now.phase == RebuildPhase::Folding {
        let seconds = elapsed.as_secs().max(1);
        let (events, rate) = (now.events_read, now.events_read / seconds);
        return format!(
            "{phase}, pass {}: {events} events, {rate} events/s",
            now.pass
        );
    }
    format!("{phase} {name}: {} rows", now.rows_written)
}

fn as_json(now: &RebuildProgress) -> serde_json::Value {
    json!({
        "event": "progress",
        "phase": now.phase.as_str(),
        "projection": now.projection,
        "note": now.note,
        "pass": now.pass,
        "events_read": now.events_read,
        "events_expected": now.events_expected,
        "rows_written": now.rows_written,
        "parked": now.parked,
    })
}
