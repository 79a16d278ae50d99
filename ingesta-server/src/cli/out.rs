//! The one place that writes answers: stdout for them, stderr for what accompanies them.
//!
//! Promises: a reader that went away (`| head`) ends the output quietly; with `--json` every line
//! of stdout is one JSON value.
//! Does not: log; that is tracing's, on stderr.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

/// The printer. Clones share what they know about the reader.
#[derive(Clone, Debug)]
pub(crate) struct Out {
    json: bool,
    closed: Arc<AtomicBool>,
}

impl Out {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            closed: Arc::default(),
        }
    }

    /// True if answers are to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// True once nobody reads stdout any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// One line for people; nothing with `--json`.
    pub(crate) fn text(&self, line: impl Display) {
        if !self.json {
            self.write(&line);
        }
    }

    /// One JSON value on one line; nothing without `--json`.
    pub(crate) fn json(&self, value: &impl Serialize) {
        if self.json {
            let line = serde_json::to_string(value).expect("answers are plain data");
            self.write(&line);
        }
    }

    /// Something that is no answer: a warning, a broken row, an error.
    pub(crate) fn note(&self, line: impl Display) {
        // A lost stderr is nobody's loss.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    /// Lines in aligned columns.
    pub(crate) fn table(&self, head: &[&str], rows: &[Vec<String>]) {
        let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
        let widths: Vec<usize> = head
            .iter()
            .enumerate()
            .map(|(column, title)| {
                cells(column)
                    .map(|cell| cell.chars().count())
                    .chain([title.len()])
                    .max()
            })
            .map(Option::unwrap_or_default)
            .collect();
        let titles: Vec<String> = head.iter().map(|title| (*title).to_owned()).collect();
        for row in std::iter::once(&titles).chain(rows) {
            let padded = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"));
            let line: Vec<String> = padded.collect();
            self.text(line.join("  ").trim_end());
        }
    }

    fn write(&self, line: &dyn Display) {
        let mut stdout = io::stdout().lock();
        let written = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
        if written.is_err() {
            self.closed.store(true, Ordering::Relaxed);
        }
    }
}
