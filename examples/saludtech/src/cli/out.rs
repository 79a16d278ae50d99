//! The one place that writes answers: stdout for them, stderr for what accompanies them.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;

/// The printer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    json: bool,
}

impl Out {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// One line for people; nothing with `--json`.
    pub(crate) fn text(self, line: impl Display) {
        if !self.json {
            write(&line);
        }
    }

    /// One JSON value on one line; nothing without `--json`.
    pub(crate) fn json(self, value: &impl Serialize) {
        if self.json {
            let line = serde_json::to_string(value).expect("answers are plain data");
            write(&line);
        }
    }

    /// Something that is no answer: a warning, an error.
    pub(crate) fn note(self, line: impl Display) {
        // A lost stderr is nobody's loss.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}

fn write(line: &dyn Display) {
    let mut stdout = io::stdout().lock();
    // A reader that went away ends no service.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
