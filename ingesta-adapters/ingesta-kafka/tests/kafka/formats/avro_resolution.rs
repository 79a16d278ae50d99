//! A writer's schema that differs from the reader's, field by field.

use ingesta_kafka::avro::{AvroSchema, BreakKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn record(fields: &Value) -> AvroSchema {
    let record = json!({ "type": "record", "name": "R", "fields": fields });
    AvroSchema::parse(&record.to_string()).expect("it works")
}

fn one(kind: &Value) -> AvroSchema {
    record(&json!([{ "name": "a", "type": kind }]))
}

/// What is written with one schema, read with another.
fn through(writer: &AvroSchema, value: &Value, reader: &AvroSchema) -> Value {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Any(Value);
    let bytes = writer.encode(value).expect("it works");
    let reading = reader.reading_of(writer).expect("it works");
    reading.decode::<Any>(&bytes).expect("it works").0
}

#[track_caller]
fn mismatch(writer: &AvroSchema, reader: &AvroSchema, text: &str) {
    let error = reader.reading_of(writer).expect_err("it is refused");
    let start = "the writer's schema does not fit the reader's: ";
    assert_eq!(error.to_string(), format!("{start}{text}"));
}

#[test]
fn a_field_that_the_reader_dropped_is_passed_over_whatever_it_is() {
    let odd = json!([
        "null",
        { "type": "array", "items": { "type": "map", "values": ["null", "double"] } },
    ]);
    let writer = record(&json!([
        { "name": "antes", "type": odd },
        { "name": "a", "type": ["null", "string"] },
        { "name": "despues", "type": { "type": "enum", "name": "E", "symbols": ["X", "Y"] } },
        { "name": "cierto", "type": "boolean" },
        { "name": "entero", "type": "int" },
    ]));
    let value = json!({
        "antes": [{ "x": 1.5, "y": null }, {}], "a": "si", "despues": "Y", "cierto": true, "entero": 7,
    });
    let read = through(&writer, &value, &one(&json!(["null", "string"])));
    assert_eq!(read, json!({ "a": "si" }));
}

#[test]
fn a_field_that_the_writer_lacks_takes_its_default() {
    let reader = record(&json!([
        { "name": "nada", "type": ["null", "string"], "default": null },
        { "name": "a", "type": "long" },
        { "name": "texto", "type": "string", "default": "x" },
        { "name": "lista", "type": { "type": "array", "items": "long" }, "default": [] },
    ]));
    let read = through(&one(&json!("long")), &json!({ "a": 7 }), &reader);
    assert_eq!(
        read,
        json!({ "a": 7, "nada": null, "texto": "x", "lista": [] })
    );
    let strict = record(&json!([{ "name": "a", "type": "long" }, { "name": "b", "type": "long" }]));
    mismatch(
        &one(&json!("long")),
        &strict,
        "`b` is expected without a default and is not always written",
    );
}

#[test]
fn numbers_widen_and_never_narrow() {
    let kinds = ["int", "long", "float", "double"];
    for (narrow, wide) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
        let (narrow, wide) = (one(&json!(kinds[narrow])), one(&json!(kinds[wide])));
        assert!(wide.reading_of(&narrow).is_ok());
        let error = narrow.reading_of(&wide).unwrap_err();
        assert!(
            matches!(error.breaks[0].kind, BreakKind::Type { .. }),
            "{error}"
        );
        assert_eq!(error.breaks[0].place, "a");
    }
    let read = through(
        &one(&json!("int")),
        &json!({ "a": -3 }),
        &one(&json!(["null", "double"])),
    );
    assert_eq!(read, json!({ "a": -3.0 }));
    let read = through(
        &one(&json!("int")),
        &json!({ "a": -3 }),
        &one(&json!("long")),
    );
    assert_eq!(read, json!({ "a": -3 }));
}

#[test]
fn what_can_be_read_only_sometimes_is_refused_at_once() {
    let (null_or_text, text) = (one(&json!(["null", "string"])), one(&json!("string")));
    assert!(null_or_text.reading_of(&text).is_ok());
    mismatch(
        &null_or_text,
        &text,
        "`a` is written as null and read as a string",
    );
    let wider = one(&json!(["null", "string", "long"]));
    mismatch(
        &wider,
        &null_or_text,
        "`a` is written as a long and read as a string",
    );
    mismatch(
        &one(&json!("boolean")),
        &wider,
        "`a` is written as a boolean and read as a union without it",
    );
}

#[test]
fn a_renamed_field_is_found_by_its_alias() {
    let reader = record(&json!([
        { "name": "nuevo", "aliases": ["viejo", "a"], "type": ["null", "long"] },
    ]));
    let read = through(&one(&json!(["null", "long"])), &json!({ "a": 7 }), &reader);
    assert_eq!(read, json!({ "nuevo": 7 }));
    // One field of the writer's fills one of the reader's; the other must have a default.
    let both = record(&json!([
        { "name": "a", "type": ["null", "long"] },
        { "name": "b", "aliases": ["a"], "type": ["null", "long"] },
    ]));
    mismatch(
        &one(&json!(["null", "long"])),
        &both,
        "`b` is expected without a default and is not always written",
    );
}

#[test]
fn a_symbol_that_the_reader_lacks_is_its_default_or_a_refusal() {
    let symbols = |symbols: Value, default: Option<&str>| {
        let mut kind = json!({ "type": "enum", "name": "E", "symbols": symbols });
        if let Some(default) = default {
            kind["default"] = json!(default);
        }
        one(&kind)
    };
    let writer = symbols(json!(["A", "B"]), None);
    let with_default = symbols(json!(["A", "Otro"]), Some("Otro"));
    assert_eq!(
        through(&writer, &json!({ "a": "B" }), &with_default),
        json!({ "a": "Otro" })
    );
    mismatch(
        &writer,
        &symbols(json!(["A"]), None),
        "`a` may be written as `B`, which the reader lacks",
    );
}

#[test]
fn bytes_and_texts_stand_for_each_other_and_fixed_sizes_do_not() {
    #[derive(Serialize)]
    struct Raw {
        a: &'static str,
    }
    let (text, bytes) = (one(&json!("string")), one(&json!("bytes")));
    let written = text.encode(&Raw { a: "abc" }).unwrap();
    #[derive(Debug, Deserialize)]
    struct Borrowed<'b> {
        a: &'b [u8],
    }
    let reading = bytes.reading_of(&text).unwrap();
    assert_eq!(reading.decode::<Borrowed<'_>>(&written).unwrap().a, b"abc");
    let fixed = |size| one(&json!({ "type": "fixed", "name": "F", "size": size }));
    mismatch(
        &fixed(2),
        &fixed(3),
        "`a` is written in 2 bytes and read in 3",
    );
}

#[test]
fn what_stands_in_the_way_is_told_all_at_once_and_from_within() {
    let inner = |kind| {
        let inner = json!({ "type": "record", "name": "I", "fields": [
            { "name": "x", "type": kind }, { "name": "y", "type": kind },
        ] });
        one(&json!(["null", { "type": "array", "items": inner }]))
    };
    let error = inner("string").reading_of(&inner("long")).unwrap_err();
    let places: Vec<_> = error.breaks.iter().map(|one| one.place.as_str()).collect();
    assert_eq!(places, ["a.[].x", "a.[].y"]);
}
