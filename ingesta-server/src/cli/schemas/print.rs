//! `ingesta schemas print`: the schemas as text.
//!
//! Promises: what is printed for one topic is the committed file, to the byte.

use serde_json::{Value, json};

use super::super::args::{Language, PrintSchemasArgs};
use super::super::exit::{CliError, Exit};
use super::super::out::Out;
use super::all;
use crate::mensajes::Esquema;

pub(super) fn run(args: &PrintSchemasArgs, out: &Out) -> Result<Exit, CliError> {
    let wanted = args.name.as_deref();
    let mut printed = 0;
    for (schema, subject, version, revisions) in all("") {
        if wanted.is_some_and(|name| name != schema.topic()) {
            continue;
        }
        let text = match args.format {
            Language::Avro => schema.avro().text(),
            Language::Json => schema.json(),
        };
        out.text(text.trim_end());
        let value: Value = serde_json::from_str(text).expect("a schema's text is JSON");
        out.json(&json!({
            "subject": subject,
            "version": version.to_string(),
            "revision": revisions.len(),
            "schema": value,
        }));
        printed += 1;
    }
    match (printed, wanted) {
        (0, Some(name)) => {
            let there = Esquema::TODOS.map(Esquema::topic).join(", ");
            let text = format!("no schema is of a topic {name}; there are: {there}");
            Err(CliError::Usage(text))
        }
        _ => Ok(Exit::Done),
    }
}
