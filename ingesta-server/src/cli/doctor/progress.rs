//! How the reading of a whole log is seen: a bar on a terminal.
//!
//! Promises: on stderr and only on a terminal, with rate and time left.
//! Does not: count; it shows what it is told.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::out::Out;

const TEMPLATE: &str = "{bar:30} {percent:>3} %  {pos} of {len} events  {per_sec}  {eta} left";

/// A bar for this many events.
pub(super) fn bar(events: u64, out: &Out) -> ProgressBar {
    let target = if out.is_json() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let bar = ProgressBar::with_draw_target(Some(events), target);
    bar.set_style(ProgressStyle::with_template(TEMPLATE).expect("a constant template"));
    bar
}
