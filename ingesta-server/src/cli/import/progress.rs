//! How an import is seen while it runs: a bar on a terminal, and a line per broken row.
//!
//! Promises: the bar is on stderr and only on a terminal; rate and time left are on it.
//! Does not: count; it shows what it is told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::cli::out::Out;

const KNOWN: &str = "{bar:30} {percent:>3} %  {msg}  {eta} left";
const UNKNOWN: &str = "{spinner}  {msg}";

/// What is seen of an import.
pub(in crate::cli) struct Progress {
    bar: ProgressBar,
    out: Out,
    began: Instant,
    told_away: AtomicBool,
}

impl Progress {
    /// For a source of this many bytes, where that is known.
    pub(in crate::cli) fn new(bytes: Option<u64>, out: &Out) -> Self {
        let target = if out.is_json() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(bytes, target);
        let template = if bytes.is_some() { KNOWN } else { UNKNOWN };
        bar.set_style(ProgressStyle::with_template(template).expect("a constant template"));
        let told_away = AtomicBool::new(false);
        Self {
            bar,
            out: out.clone(),
            began: Instant::now(),
            told_away,
        }
    }

    /// Rows up to this byte are under way or done.
    pub(super) fn reached(&self, offset: u64, accepted: u64, refused: u64) {
        self.told_away.store(false, Ordering::Relaxed);
        // Rows end out of order; a bar that jumps back would look broken.
        self.bar.set_position(self.bar.position().max(offset));
        let seconds = self.began.elapsed().as_secs().max(1);
        let rows = accepted + refused;
        self.bar.set_message(format!(
            "{rows} rows, {refused} refused, {} rows/s",
            rows / seconds
        ));
    }

    /// A broken row: its line and a code, never what it holds.
    pub(super) fn refused(&self, line: u64, code: &str) {
        if self.out.is_json() {
            self.out
                .json(&json!({ "event": "row_refused", "line": line, "code": code }));
        } else {
            self.bar
                .suspend(|| self.out.note(format_args!("line {line}: {code}")));
        }
    }

    /// The server is away and is waited for; said once each time.
    pub(super) fn waiting(&self, url: &str, reason: &str) {
        if !self.told_away.swap(true, Ordering::Relaxed) {
            let line = format!("{url} is away ({reason}): trying again for a while");
            self.bar.suspend(|| self.out.note(line));
        }
    }

    /// Leaves the screen as it was.
    pub(in crate::cli) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
