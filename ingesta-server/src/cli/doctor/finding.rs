//! One finding, and how it is shown.
//!
//! Promises: codes are for programs and stay; texts are for people and may be reworded.
//! Does not: hold anything of a payload.

use serde_json::{Value, json};

use crate::cli::out::Out;

/// How bad it is; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Something does not work, or a promise is broken.
    Error,
    /// Something will not work, unless somebody acts.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// Something that was found.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// A stable word for programs.
    pub(super) code: &'static str,
    /// One sentence.
    pub(super) message: String,
    /// What to do.
    pub(super) advice: &'static str,
    /// What it is about, as fields for programs.
    about: Value,
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
        advice: &'static str,
    ) -> Self {
        let about = Value::Null;
        Self {
            severity,
            code,
            message: message.into(),
            advice,
            about,
        }
    }

    /// With these fields for programs.
    pub(super) fn about(self, about: Value) -> Self {
        Self { about, ..self }
    }

    pub(super) fn print(&self, out: &Out) {
        out.json(&json!({
            "event": "finding",
            "severity": self.severity.name(),
            "code": self.code,
            "message": self.message,
            "advice": self.advice,
            "about": self.about,
        }));
        let (severity, code) = (self.severity.name(), self.code);
        out.text(format_args!("{severity}: {} [{code}]", self.message));
        if self.severity != Severity::Info {
            out.text(format_args!("  {}", self.advice));
        }
    }
}
