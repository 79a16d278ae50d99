//! The glossary holds every domain word that travels, and no word that nobody uses.
//!
//! Words come from the stored events, the OpenAPI document and the columns of the read side; machinery
//! words are English and listed here once, with what they belong to.
//! Commands, states and reasons are compared by the domain's own test, where they are typed.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::assert_none;
use crate::tree::{Source, files, read, rust};

/// Words of machinery on the HTTP wire. They are English, so the glossary has no row for them.
const MACHINERY: &[&str] = &[
    // RFC 9457, with the member that the first systems' clients match on.
    "type",
    "title",
    "status",
    "detail",
    "error",
    "code",
    "retry_after",
    // The number of events of an aggregate, also its ETag.
    "version",
    // How the server stands, and the description of the interface itself.
    "health",
    "livez",
    "readyz",
    "metrics",
    "spec",
    "components",
    "name",
    // The door of GraphQL, as the first systems call it.
    "v1",
    // How an operator's things stand, in the words of the command line.
    "state",
    "checkpoint",
    "lag_events",
    "lag_seconds",
    "owner",
    "parked",
    "parked_at",
    "attempts",
    "sequence",
    "message",
    "retry_at",
    "moved_at",
    "rows_estimate",
    "rebuild",
    "phase",
    "pass",
    "events_read",
    "events_expected",
    "rows_written",
    "rows_differing",
    "note",
    "in_flight",
    "acknowledged",
    "last_error",
    "kind",
    "since",
    "topic",
    "letters",
    "more",
    "reason",
    "at",
    "replays",
    "value_bytes",
    "actor",
    // Page cursors.
    "cursor",
    // The envelope of messages.
    "time",
    "ingestion",
    "specversion",
    "datacontenttype",
    "service_name",
    "data",
];

/// The first column of every row.
fn rows(glossary: &str) -> BTreeSet<String> {
    let rows = glossary
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    rows.map(|(word, _)| word.to_owned()).collect()
}

fn missing(words: &BTreeSet<String>, rows: &BTreeSet<String>) -> Vec<String> {
    let machinery = |word: &&String| MACHINERY.contains(&word.as_str());
    let unexplained = words.difference(rows).filter(|word| !machinery(word));
    unexplained
        .map(|word| format!("`{word}` travels and has no row"))
        .collect()
}

fn unused(rows: &BTreeSet<String>, sources: &[Source]) -> Vec<String> {
    let mut used = BTreeSet::new();
    for source in sources {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        used.extend(source.text.split(|c| !word(c)));
        // `-` joins the words of a path and separates those of an expression.
        used.extend(source.text.split(|c| !(word(c) && c != '-')));
    }
    // A thing may only travel inside another word: `Paciente` in `IdPaciente`.
    let inside = |word: &str| {
        word.starts_with(char::is_uppercase) && used.iter().any(|longer| longer.ends_with(word))
    };
    let said = |word: &str| used.contains(word) || inside(word);
    let idle = rows.iter().filter(|word| !said(word));
    idle.map(|word| format!("`{word}` has a row and nobody says it"))
        .collect()
}

/// The names of all fields, however deep.
fn fields(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                into.insert(name.clone());
                fields(value, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| fields(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn of_stored_events(events: &[Source]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for event in events {
        let value: Value = serde_json::from_str(&event.text).expect("a golden file is JSON");
        fields(&value, &mut words);
        words.insert(
            event
                .name()
                .split('.')
                .next()
                .unwrap_or_default()
                .to_owned(),
        );
    }
    words
}

/// The topics and the fields of the messages' schemas.
fn of_the_messages(schemas: &[Source]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for schema in schemas {
        let value: Value = serde_json::from_str(&schema.text).expect("a schema is JSON");
        words.insert(
            schema
                .name()
                .split('.')
                .next()
                .unwrap_or_default()
                .to_owned(),
        );
        fields_of_records(&value, &mut words);
    }
    words
}

fn fields_of_records(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list
            .iter()
            .for_each(|value| fields_of_records(value, words)),
        Value::Object(object) => {
            for field in object
                .get("fields")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                words.extend(field["name"].as_str().map(str::to_owned));
            }
            object
                .values()
                .for_each(|value| fields_of_records(value, words));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The words of an OpenAPI document: parts of paths, parameters, names of schema fields.
fn of_the_description(document: &Value) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for path in document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(path, _)| path)
    {
        let parts = path.split('/').map(|part| part.trim_matches(['{', '}']));
        words.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
    }
    named(document, &mut words);
    words
}

fn named(value: &Value, words: &mut BTreeSet<String>) {
    if let Some(list) = value.as_array() {
        list.iter().for_each(|value| named(value, words));
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => words.extend(properties.keys().cloned()),
            ("parameters", Value::Array(parameters)) => {
                let plain = parameters
                    .iter()
                    .filter(|parameter| parameter["in"] != "header");
                words.extend(plain.filter_map(|p| p["name"].as_str().map(str::to_owned)));
            }
            _ => {}
        }
        named(value, words);
    }
}

#[test]
fn every_word_that_travels_has_a_row() {
    let rows = rows(&read("docs/glosario.md"));
    let events = files(&[".json"]);
    let events: Vec<_> = events
        .into_iter()
        .filter(|file| file.path.contains("/stored-events/"))
        .collect();
    assert!(events.len() >= 10, "the golden files have moved");
    assert_none("stored events", &missing(&of_stored_events(&events), &rows));

    let mut schemas = files(&[".avsc"]);
    schemas.retain(|file| file.path.contains("ingesta-server/schemas/"));
    assert!(schemas.len() >= 10, "the schemas have moved");
    assert_none("schemas", &missing(&of_the_messages(&schemas), &rows));

    let document = read("ingesta-server/openapi.json");
    let document = serde_json::from_str(&document).expect("the description is JSON");
    let words = of_the_description(&document);
    assert!(
        words.contains("id_ingesta"),
        "the walk over the description is broken"
    );
    assert_none("openapi.json", &missing(&words, &rows));
}

#[test]
fn every_row_is_a_word_that_somebody_says() {
    let rows = rows(&read("docs/glosario.md"));
    assert!(rows.len() > 50, "the glossary's tables have another form");
    let mut sources = rust();
    sources.retain(|source| !source.path.contains("/tests/house/"));
    sources.extend(files(&["openapi.json"]));
    assert_none("docs/glosario.md", &unused(&rows, &sources));
}

#[test]
fn the_glossary_rules_can_fail() {
    let rows = rows("| Word |\n|---|\n| `Ingesta` | a | b | c |\n| `Nadie` | a | b | c |\n");
    assert_eq!(rows.len(), 2);
    let event = Source::new(
        "stored-events/Sorpresa.1.json",
        r#"{"Sorpresa":{"asombro":[{"grado":1}]}}"#,
    );
    assert_eq!(missing(&of_stored_events(&[event]), &rows).len(), 3);
    let schema = Source::new(
        "schemas/v1/asombro.1.avsc",
        r#"{"fields":[{"name":"grado","type":["null",{"fields":[{"name":"tono"}]}]}]}"#,
    );
    assert_eq!(missing(&of_the_messages(&[schema]), &rows).len(), 3);
    let document = serde_json::json!({
        "paths": { "/ingesta/{clave}": { "get": { "parameters": [
            { "name": "orden", "in": "query" }, { "name": "If-Match", "in": "header" },
        ] } } },
        "components": { "schemas": { "Fila": { "properties": { "color": {}, "version": {} } } } },
    });
    let words = of_the_description(&document);
    assert_eq!(
        missing(&words, &rows).len(),
        4,
        "ingesta, clave, orden, color: {words:?}"
    );
    assert_eq!(
        unused(&rows, &[Source::new("a.rs", "struct Ingesta; // NadieMas")]).len(),
        1
    );
}
