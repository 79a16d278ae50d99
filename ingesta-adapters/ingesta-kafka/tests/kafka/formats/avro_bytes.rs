//! Avro bytes one by one: what is refused, with which code, and that nothing of it is quoted.

use ingesta_kafka::avro::{AvroSchema, Unfit};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::samples::{CANARY, assert_quotes_nothing, said};

fn record(fields: &serde_json::Value) -> AvroSchema {
    let record = json!({ "type": "record", "name": "R", "fields": fields });
    AvroSchema::parse(&record.to_string()).expect("it works")
}

/// A record of the one field `a`.
fn one(kind: &serde_json::Value) -> AvroSchema {
    record(&json!([{ "name": "a", "type": kind }]))
}

#[derive(Debug, Deserialize, Serialize)]
struct One<T> {
    a: T,
}

#[track_caller]
fn refused<T: for<'de> Deserialize<'de> + std::fmt::Debug>(
    schema: &AvroSchema,
    bytes: &[u8],
    code: &str,
) {
    let error = schema
        .reading()
        .decode::<One<T>>(bytes)
        .expect_err("it is refused");
    assert_eq!(error.code(), code, "{error}");
    assert_quotes_nothing(&error);
}

#[test]
fn bytes_that_are_not_the_schemas_are_refused_each_with_its_code() {
    let text = one(&json!(["null", "string"]));
    refused::<Option<String>>(&text, &[], "truncated");
    refused::<Option<String>>(&text, &[2, 6, b'a'], "truncated");
    refused::<Option<String>>(&text, &[4], "malformed");
    refused::<Option<String>>(&text, &[1], "malformed");
    refused::<Option<String>>(&text, &[2, 1], "malformed");
    refused::<Option<String>>(&text, &[2, 2, 0xff], "not-utf8");
    refused::<Option<String>>(&text, &[0, 0], "trailing-bytes");
    refused::<bool>(&one(&json!("boolean")), &[2], "malformed");
    refused::<i64>(&one(&json!("long")), &[0x80; 10], "malformed");
    refused::<i64>(&one(&json!("long")), &[0x80; 9], "truncated");
    let above = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
    refused::<i64>(&one(&json!("long")), &above, "malformed");
    refused::<i64>(
        &one(&json!("int")),
        &[0x80, 0x80, 0x80, 0x80, 0x10],
        "malformed",
    );
}

#[test]
fn a_length_that_is_not_there_allocates_nothing() {
    // 2^62, 2^63 - 1 and -2^63 as lengths and counts: believed, each would end the process.
    let lengths: [&[u8]; 3] = [
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1],
        &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
    ];
    for length in lengths {
        let mut bytes = length.to_vec();
        bytes.extend([0; 8]);
        let array = one(&json!({ "type": "array", "items": ["null", "long"] }));
        refused::<Vec<Option<i64>>>(&array, &bytes, "truncated");
        let map = one(&json!({ "type": "map", "values": "long" }));
        refused::<std::collections::BTreeMap<String, i64>>(&map, &bytes, "truncated");
        let text = one(&json!("string"));
        assert!(text.reading().decode::<One<String>>(&bytes).is_err());
        let skipped =
            record(&json!([{ "name": "b", "type": { "type": "array", "items": "long" } }]));
        let empty = record(&json!([]));
        let skipping = empty.reading_of(&skipped).unwrap();
        assert!(skipping.decode::<serde::de::IgnoredAny>(&bytes).is_err());
    }
}

#[test]
fn a_type_that_takes_something_else_is_told_so_without_the_value() {
    let text = one(&json!("string"));
    let bytes = text.encode(&One { a: CANARY }).unwrap();
    refused::<i64>(&text, &bytes, "wrong-type");
    refused::<One<i64>>(&text, &bytes, "wrong-type");
    // chrono's error quotes nothing today; a type of one's own may.
    #[derive(Debug)]
    struct Loud;
    impl<'de> Deserialize<'de> for Loud {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let text = String::deserialize(from)?;
            Err(serde::de::Error::custom(format!(
                "{text} is not to my taste"
            )))
        }
    }
    refused::<Loud>(&text, &bytes, "refused-value");
    #[derive(Debug, Deserialize)]
    struct Other {
        #[expect(dead_code, reason = "it is never there")]
        b: String,
    }
    let error = text.reading().decode::<Other>(&bytes).unwrap_err();
    assert_eq!(error.code(), "missing-field");
    let pair = one(&json!({ "type": "array", "items": "long" }));
    let three = pair.encode(&One { a: [1, 2, 3] }).unwrap();
    refused::<(i64, i64)>(&pair, &three, "refused-value");
}

#[test]
fn the_place_is_told_from_the_outside_in() {
    let inner =
        json!({ "type": "record", "name": "I", "fields": [{ "name": "a", "type": "string" }] });
    let schema = one(&inner);
    let error = schema
        .reading()
        .decode::<One<One<String>>>(&[4, b'x'])
        .unwrap_err();
    assert_eq!(error.to_string(), "cannot read `a.a`: it ends too early");
    let error = schema.encode(&One { a: One { a: 7 } }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot write `a.a`: the schema has a string, the value is an integer"
    );
}

#[test]
fn a_value_that_does_not_fit_is_refused_and_leaves_nothing_behind() {
    #[track_caller]
    fn unfit<T: Serialize>(schema: &AvroSchema, value: &T, expected: &Unfit) {
        let mut bytes = vec![7];
        let error = schema.encode_into(value, &mut bytes).unwrap_err();
        assert_eq!(error.unfit(), expected);
        assert_eq!(
            bytes,
            [7],
            "what was written before the refusal is taken back"
        );
        assert_quotes_nothing(&error);
    }
    let kind = |value, schema| Unfit::Type { value, schema };
    let text = json!([{ "name": "a", "type": "string" }, { "name": "b", "type": "long" }]);
    let text = record(&text);
    unfit(
        &text,
        &json!({ "a": CANARY }),
        &Unfit::MissingField("b".into()),
    );
    unfit(
        &text,
        &json!({ "a": CANARY, CANARY: 1 }),
        &Unfit::UnknownField(None),
    );
    unfit(&text, &One { a: 1 }, &kind("an integer", "a string"));
    unfit(&text, &One { a: None::<&str> }, &kind("null", "a string"));
    #[derive(Serialize)]
    struct More {
        a: &'static str,
        b: i64,
        c: i64,
    }
    let more = More {
        a: CANARY,
        b: 1,
        c: 1,
    };
    unfit(&text, &more, &Unfit::UnknownField(Some("c")));
    unfit(
        &one(&json!("int")),
        &One { a: 1_i64 << 31 },
        &Unfit::TooLarge,
    );
    unfit(&one(&json!("long")), &One { a: u64::MAX }, &Unfit::TooLarge);
    unfit(
        &one(&json!("float")),
        &One { a: 0.1_f64 },
        &kind("a double", "a float"),
    );
    let choice = one(&json!(["null", "string", "long"]));
    unfit(&choice, &One { a: CANARY }, &Unfit::Choice);
    let symbols = json!({ "type": "enum", "name": "E", "symbols": ["A"] });
    unfit(&one(&symbols), &One { a: CANARY }, &Unfit::UnknownSymbol);
    #[derive(Serialize)]
    enum Carrying {
        It(&'static str),
    }
    let carrying = One {
        a: Carrying::It(CANARY),
    };
    unfit(
        &one(&json!("string")),
        &carrying,
        &kind("an enum that carries data", "a string"),
    );
}

#[test]
fn fields_may_come_in_any_order_and_be_left_out() {
    let schema = record(&json!([
        { "name": "a", "type": ["null", "string"] },
        { "name": "b", "type": ["long", "null"] },
        { "name": "c", "type": ["null", "boolean"] },
    ]));
    #[derive(Serialize)]
    struct Turned {
        c: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        b: Option<i64>,
        a: &'static str,
    }
    let turned = Turned {
        c: true,
        b: None,
        a: "x",
    };
    assert_eq!(schema.encode(&turned).unwrap(), [2, 2, b'x', 2, 2, 1]);
    #[derive(Serialize)]
    struct Flat {
        #[serde(flatten)]
        one: One<&'static str>,
        b: i64,
    }
    let flat = Flat {
        one: One { a: "x" },
        b: 1,
    };
    assert_eq!(schema.encode(&flat).unwrap(), [2, 2, b'x', 0, 2, 0]);
}

#[test]
fn schemas_that_cannot_be_worked_with_are_refused_with_the_place() {
    let tree = json!({ "type": "record", "name": "T", "fields": [
        { "name": "hijos", "type": { "type": "array", "items": "T" } },
    ] });
    let error = AvroSchema::parse(&tree.to_string()).unwrap_err();
    assert!(
        said(&error).contains("a record within itself at hijos.[]"),
        "{error}"
    );
    let nothing = json!({ "type": "array", "items": "null" });
    assert!(AvroSchema::parse(&nothing.to_string()).is_err());
    assert!(AvroSchema::parse("{\"type\":").is_err());
    // Each level names the one before it ten times: 10^9 types in a few hundred letters.
    let mut level =
        json!({ "type": "record", "name": "L0", "fields": [{ "name": "f", "type": "long" }] });
    for depth in 1..10 {
        let first = json!({ "name": "f0", "type": level });
        let again = (1..10)
            .map(|at| json!({ "name": format!("f{at}"), "type": format!("L{}", depth - 1) }));
        let fields: Vec<_> = std::iter::once(first).chain(again).collect();
        level = json!({ "type": "record", "name": format!("L{depth}"), "fields": fields });
    }
    let error = AvroSchema::parse(&level.to_string()).unwrap_err();
    assert!(error.to_string().contains("too many types"), "{error}");
}

#[test]
fn a_named_type_may_be_used_twice_and_a_namespace_changes_nothing() {
    let schema = AvroSchema::parse(
        r#"{"type":"record","name":"R","namespace":"lejos","fields":[
            {"name":"a","type":{"type":"record","name":"I","fields":[{"name":"a","type":"long"}]}},
            {"name":"b","type":["null","I"]}]}"#,
    )
    .unwrap();
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Two {
        a: One<i64>,
        b: Option<One<i64>>,
    }
    let two = Two {
        a: One { a: 1 },
        b: Some(One { a: -1 }),
    };
    let bytes = schema.encode(&two).unwrap();
    assert_eq!(bytes, [2, 2, 1]);
    assert_eq!(schema.reading().decode::<Two>(&bytes).unwrap(), two);
}

impl<T: PartialEq> PartialEq for One<T> {
    fn eq(&self, other: &Self) -> bool {
        self.a == other.a
    }
}
