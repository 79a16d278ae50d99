//! Committed schemas: their twins, and what may change in them.

use ingesta_kafka::avro::AvroSchema;
use ingesta_kafka::schema::{
    Direction, Finding, SchemaFile, SchemaSet, full_transitive, json_schema,
};
use serde_json::{Value, json};

use super::samples::{FILES, comando, comando_de_ejemplo};

#[test]
fn the_committed_twins_are_what_the_avro_schemas_give() {
    for file in FILES {
        let made = json_schema(&AvroSchema::parse(file.avro).unwrap());
        if std::env::var_os("INGESTA_BLESS").is_some_and(|value| value == "1") {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/formats/schemas");
            let path = format!("{folder}/{}/{}/1.schema.json", file.subject, file.version);
            std::fs::write(path, &made).unwrap();
        }
        let subject = file.subject;
        assert!(
            made == file.json,
            "{subject} differs: run this test with INGESTA_BLESS=1"
        );
    }
    assert_eq!(SchemaSet::load(FILES).unwrap().audit(), []);
}

#[test]
fn the_json_schema_says_what_the_json_looks_like() {
    let schema: Value = serde_json::from_str(&json_schema(&comando())).unwrap();
    assert_eq!(
        schema["properties"]["time"],
        json!({ "type": ["integer", "null"], "format": "int64" })
    );
    let data = &schema["properties"]["data"];
    assert_eq!(data["type"], json!(["object", "null"]));
    let properties = data["properties"].as_object().unwrap();
    let example = serde_json::to_value(comando_de_ejemplo()).unwrap();
    let names: Vec<_> = example.as_object().unwrap().keys().collect();
    assert_eq!(properties.keys().collect::<Vec<_>>(), names);
    let odd = AvroSchema::parse(
        r#"{"type":"record","name":"R","doc":"Todo.","fields":[
            {"name":"a","type":"int","doc":"Uno."},
            {"name":"b","type":["null",{"type":"enum","name":"E","symbols":["X"]}],"default":null},
            {"name":"c","type":{"type":"map","values":"double"}},
            {"name":"d","type":{"type":"array","items":["null","boolean"]}},
            {"name":"e","type":["null","string","long"]},
            {"name":"f","type":{"type":"fixed","name":"F","size":2}}]}"#,
    );
    let odd: Value = serde_json::from_str(&json_schema(&odd.unwrap())).unwrap();
    let expected = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "R",
        "description": "Todo.",
        "type": "object",
        "required": ["a", "c", "d", "e", "f"],
        "properties": {
            "a": {
                "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX, "description": "Uno.",
            },
            "b": { "type": ["string", "null"], "enum": ["X", null], "default": null },
            "c": { "type": "object", "additionalProperties": { "type": "number" } },
            "d": { "type": "array", "items": { "type": ["boolean", "null"] } },
            "e": { "anyOf": [
                { "type": "null" }, { "type": "string" }, { "type": "integer", "format": "int64" },
            ] },
            "f": {
                "type": "array", "minItems": 2, "maxItems": 2,
                "items": { "type": "integer", "minimum": 0, "maximum": 255 },
            },
        },
    });
    assert_eq!(odd, expected);
}

fn changed(from: &str, to: &str) -> AvroSchema {
    let text = comando().text().to_owned();
    assert!(text.contains(from));
    AvroSchema::parse(&text.replace(from, to)).expect("it works")
}

const URL: &str = r#"{"name": "url_path", "type": ["null", "string"]}"#;

#[track_caller]
fn breaks(new: &AvroSchema, expected: &[&str]) {
    let error = full_transitive(&[comando()], new).expect_err("it is refused");
    let said = error.to_string();
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn b_70_changes_that_every_reader_bears_are_allowed() {
    let added = r#"{"name": "color", "type": ["null", "string"], "default": null}"#;
    let added = changed(URL, &format!("{URL}, {added}"));
    assert_eq!(full_transitive(&[comando()], &added), Ok(()));
    // What was added with a default may go again.
    assert_eq!(full_transitive(&[added], &comando()), Ok(()));
    let said = changed(
        r#""name": "id", "#,
        r#""name": "id", "doc": "De este mensaje.", "#,
    );
    assert_eq!(full_transitive(&[comando()], &said), Ok(()));
}

#[test]
fn b_70_changes_that_break_a_reader_are_refused_with_the_field_and_what_to_do() {
    let added = r#"{"name": "color", "type": ["null", "string"]}"#;
    breaks(
        &changed(URL, &format!("{URL}, {added}")),
        &[
            "revision 1 cannot be read: `data.color` is expected without a default and is not always \
           written; give a new field a default",
        ],
    );
    let proveedor = r#"{"name": "id_proveedor", "type": ["null", "string"]},"#;
    breaks(
        &changed(proveedor, ""),
        &[
            "revision 1 cannot read this one: `data.id_proveedor` is expected without a default and is \
           not always written; a field without a default may not be dropped",
        ],
    );
    breaks(
        &changed(URL, r#"{"name": "url_path", "type": ["null", "long"]}"#),
        &[
            "revision 1 cannot be read: `data.url_path` is written as a string and read as a long; \
             a type may not change: add a field beside it",
            "revision 1 cannot read this one: `data.url_path` is written as a long and read as a \
             string; a type may not change: add a field beside it",
        ],
    );
    breaks(
        &changed(URL, r#"{"name": "url_path", "type": "string"}"#),
        &[
            "revision 1 cannot be read: `data.url_path` is written as null and read as a string; a \
           type may not change: add a field beside it",
        ],
    );
    breaks(
        &changed(r#""name": "ComandoCrearIngesta","#, r#""name": "Otra","#),
        &[
            "revision 1 cannot be read: the whole is written as `ComandoCrearIngesta` and read as \
             `Otra`; keep the name",
            "revision 1 cannot read this one: the whole is written as `Otra` and read as \
             `ComandoCrearIngesta`; keep the name",
        ],
    );
}

#[test]
fn every_earlier_revision_counts_and_not_the_last_alone() {
    let with = |kind: &str| {
        let color = format!(r#"{{"name": "color", "type": {kind}}}"#);
        changed(URL, &format!("{URL}, {color}"))
    };
    let text = with(r#"["null", "string"], "default": null"#);
    let number = with(r#"["null", "long"], "default": null"#);
    // Beside the revision in between, which has no colour, the number is as good as the text was.
    assert_eq!(full_transitive(&[comando()], &number), Ok(()));
    let error = full_transitive(&[text, comando()], &number).unwrap_err();
    let found: Vec<_> = error
        .changes
        .iter()
        .map(|one| (one.revision, one.direction))
        .collect();
    assert_eq!(found, [(1, Direction::Backward), (1, Direction::Forward)]);
}

#[test]
fn an_audit_finds_what_must_not_be_merged() {
    let first = FILES[0];
    let renamed = first.avro.replace("\"ComandoCrearIngesta\"", "\"Otra\"");
    let second = SchemaFile {
        avro: &renamed,
        ..first
    };
    let set = SchemaSet::load([first, second]).unwrap();
    let findings = set.audit();
    assert!(
        matches!(findings[0], Finding::StaleTwin { revision: 2, .. }),
        "{findings:?}"
    );
    assert!(
        matches!(findings[1], Finding::Incompatible { revision: 2, .. }),
        "{findings:?}"
    );
    let start = "revision 2 of comando-crear-ingesta-value v1: revision 1 cannot be read";
    assert!(
        findings[1].to_string().starts_with(start),
        "{}",
        findings[1]
    );
    let version = "v1".parse().unwrap();
    let current = set.current(first.subject, version).unwrap();
    assert_eq!(current.name(), Some("Otra"));
    assert_eq!(set.current("nadie", version), None);
    // A new major version owes nothing to the one before.
    let apart = SchemaFile {
        version: "v2",
        ..second
    };
    let findings = SchemaSet::load([first, apart]).unwrap().audit();
    assert!(
        matches!(findings[..], [Finding::StaleTwin { revision: 1, .. }]),
        "{findings:?}"
    );
}

#[test]
fn texts_that_are_no_schemas_are_refused_with_whose_they_are() {
    let file = FILES[0];
    let error = SchemaSet::load([SchemaFile {
        version: "1.0",
        ..file
    }])
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "comando-crear-ingesta-value lies in a folder 1.0"
    );
    let error = SchemaSet::load([file, SchemaFile { avro: "{}", ..file }]).unwrap_err();
    let expected = "revision 2 of comando-crear-ingesta-value v1 is not usable";
    assert_eq!(error.to_string(), expected);
}
