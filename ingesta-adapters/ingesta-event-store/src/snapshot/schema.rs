//! Which code a snapshot belongs to: a hash that changes when state or fold change visibly.
//!
//! It sees what the probes exercise, and no more: a change of the fold that no probe meets needs a
//! new version number by hand.

use cqrs_es::Aggregate;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The identity of a state's shape and of the fold that makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SchemaHash([u8; 32]);

impl SchemaHash {
    /// From its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The hash of one aggregate type, version and shape.
pub(super) fn hash<A: Aggregate>(version: u32, shape: &[u8; 32]) -> SchemaHash {
    let mut digest = Sha256::new();
    digest.update(A::TYPE);
    digest.update([0]);
    digest.update(version.to_be_bytes());
    digest.update(shape);
    SchemaHash(digest.finalize().into())
}

/// What the default state and the probes look like. `None`: a state does not survive being written
/// and read, so that a fold that goes on from a snapshot would not be the fold of the stream.
pub(super) fn shape<A: Aggregate>(histories: &[Vec<A::Event>]) -> Option<[u8; 32]> {
    let mut digest = Sha256::new();
    look_at(&A::default(), &A::default(), &mut digest)?;
    for history in histories {
        digest.update([0]);
        // One is folded straight on, the other as if a snapshot were taken after every event.
        let (mut folded, mut restored) = (A::default(), A::default());
        for event in history {
            folded.apply(event.clone());
            restored.apply(event.clone());
            restored = look_at(&folded, &restored, &mut digest)?;
        }
    }
    Some(digest.finalize().into())
}

/// Adds a state to the hash; answers with the other one, written and read again.
fn look_at<A: Aggregate>(folded: &A, restored: &A, digest: &mut Sha256) -> Option<A> {
    let (seen, written) = (canonical(folded)?, serde_json::to_string(restored).ok()?);
    let read: A = serde_json::from_str(&written).ok()?;
    digest.update((seen.len() as u64).to_be_bytes());
    digest.update(&seen);
    (seen == canonical(&read)?).then_some(read)
}

/// JSON with the keys in order, whatever order a map of the state has them in.
fn canonical<A: Aggregate>(state: &A) -> Option<String> {
    let mut text = String::new();
    write(&serde_json::to_value(state).ok()?, &mut text);
    Some(text)
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (name, field) in fields {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(field, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}
