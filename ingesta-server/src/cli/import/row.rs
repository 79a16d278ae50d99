//! A row: the body of one request, and the key that makes handing it in twice harmless.
//!
//! Promises: the key depends on what the row says, not on its spacing, the order of its fields or
//! the line that it is on; so a mended or re-sorted file finds what is there already.
//! Does not: judge a row beyond "it is a JSON object".

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A row to hand in.
#[derive(Clone)]
pub(super) struct Row {
    /// Its line, from 1.
    pub(super) line: u64,
    /// Its `Idempotency-Key`.
    pub(super) key: String,
    /// As it stands in the file.
    pub(super) body: Vec<u8>,
}

impl Row {
    /// The row of a line, or the code of what is wrong with it.
    pub(super) fn read(line: u64, content: Option<Vec<u8>>) -> Result<Self, &'static str> {
        let body = content.ok_or("row_too_long")?;
        let value: Value = serde_json::from_slice(&body).map_err(|_| "row_not_json")?;
        if !value.is_object() {
            return Err("row_not_an_object");
        }
        Ok(Self {
            line,
            key: key(&value),
            body,
        })
    }
}

fn key(value: &Value) -> String {
    let mut hash = Sha256::new();
    feed(value, &mut hash);
    let hex: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("import-{hex}")
}

/// The value in one fixed form: fields by name, no spacing.
fn feed(value: &Value, hash: &mut Sha256) {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            hash.update(b"{");
            for (name, value) in sorted {
                feed(&Value::from(name.as_str()), hash);
                hash.update(b":");
                feed(value, hash);
                hash.update(b",");
            }
            hash.update(b"}");
        }
        Value::Array(items) => {
            hash.update(b"[");
            for item in items {
                feed(item, hash);
                hash.update(b",");
            }
            hash.update(b"]");
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            hash.update(value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Row;

    fn key(text: &str) -> String {
        Row::read(1, Some(text.into())).map(|row| row.key).unwrap()
    }

    #[test]
    fn the_key_is_of_what_is_said_and_not_of_how() {
        assert_eq!(
            key(r#"{"a": 1, "b": {"c": "x", "d": null}}"#),
            key(r#"{"b":{"d":null,"c":"x"},"a":1}"#)
        );
        assert_ne!(key(r#"{"a":"1"}"#), key(r#"{"a":1}"#));
        assert_ne!(key(r#"{"a":["b","c"]}"#), key(r#"{"a":["b,c"]}"#));
    }

    #[test]
    fn what_is_no_object_is_broken() {
        let code = |text: &str| Row::read(1, Some(text.into())).err();
        assert_eq!(code("{"), Some("row_not_json"));
        assert_eq!(code("[]"), Some("row_not_an_object"));
        assert_eq!(Row::read(1, None).err(), Some("row_too_long"));
    }
}
