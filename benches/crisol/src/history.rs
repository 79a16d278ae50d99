//! The record of a run: each operation before it is sent, and again when its end is known.
//!
//! One JSON object a line, appended and never changed. An operation without a second line ended
//! with the harness itself, and its outcome is unknown.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A new ingesta.
    Crear,
    /// Withdraw one.
    Eliminar,
    /// Undo one.
    Revertir,
    /// Read one that was acknowledged.
    Leer,
}

/// What the rules say will come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// It is accepted and makes one event.
    Event,
    /// It is accepted and makes none: it is done already, or it only reads.
    Nothing,
    /// It is refused.
    Refusal,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Acknowledged.
    Ok,
    /// Refused.
    Rejected,
    /// Nobody answered, or the answer says that it does not know.
    Unknown,
}

/// An operation before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Its number in the run.
    pub number: u64,
    /// Its `Idempotency-Key`.
    pub key: String,
    /// What is asked.
    pub what: What,
    /// The ingesta that it is about; a new one has no id yet.
    pub id: Option<String>,
    /// What must come of it.
    pub expectation: Expectation,
}

/// The end of an operation, after as many tries as it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Its number in the run.
    pub number: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// The ingesta that the answer names.
    pub id: Option<String>,
    /// How often it was sent.
    pub tries: u32,
    /// Answers that a server should not give whatever happens to it: 500 and its like.
    pub faults: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
enum Record {
    Sent(Sent),
    Answered(Answered),
}

/// An operation with its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What was sent.
    pub sent: Sent,
    /// How it ended; `None` if that was never written down.
    pub answered: Option<Answered>,
}

impl Operation {
    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.answered
            .as_ref()
            .map_or(Outcome::Unknown, |answered| answered.outcome)
    }

    /// The ingesta that it is about, as far as anybody knows.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        let named = self
            .answered
            .as_ref()
            .and_then(|answered| answered.id.as_deref());
        self.sent.id.as_deref().or(named)
    }
}

/// Writes the record.
#[derive(Debug)]
pub struct Recorder {
    file: Mutex<File>,
}

impl Recorder {
    /// Begins a record.
    ///
    /// # Errors
    /// When the file cannot be made, or is there already.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create_new(path).with_context(|| format!("make {}", path.display()))?;
        Ok(Self {
            file: Mutex::new(file),
        })
    }

    /// Writes down what is about to be sent.
    ///
    /// # Errors
    /// When it cannot be written: then it must not be sent.
    pub fn sent(&self, sent: &Sent) -> anyhow::Result<()> {
        self.append(&Record::Sent(sent.clone()))
    }

    /// Writes down how it ended.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn answered(&self, answered: &Answered) -> anyhow::Result<()> {
        self.append(&Record::Answered(answered.clone()))
    }

    fn append(&self, record: &Record) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        // A line is written whole or not at all, so a panic elsewhere leaves the file in order.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line).context("write the history")
    }
}

/// Reads a record.
///
/// # Errors
/// When the file cannot be read, a line is broken, or an end has no beginning.
pub fn read(path: &Path) -> anyhow::Result<Vec<Operation>> {
    let text = std::fs::read_to_string(path)?;
    let mut operations = BTreeMap::new();
    for (line, number) in text.lines().zip(1..) {
        let record = serde_json::from_str(line);
        match record.with_context(|| format!("line {number} of the history is broken"))? {
            Record::Sent(sent) => {
                operations.insert(
                    sent.number,
                    Operation {
                        sent,
                        answered: None,
                    },
                );
            }
            Record::Answered(answered) => {
                let operation = operations.get_mut(&answered.number);
                operation
                    .context("an answer to nothing that was sent")?
                    .answered = Some(answered);
            }
        }
    }
    Ok(operations.into_values().collect())
}
