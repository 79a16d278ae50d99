//! Two schemas of one thing beside another implementation of Avro: who can read whom, and what is read.

use std::collections::BTreeMap;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use apache_avro::types::Value as Theirs;
use apache_avro::writer::datum::GenericDatumWriter;
use ingesta_kafka::avro::AvroSchema;
use ingesta_kafka::schema::full_transitive;
use proptest::prelude::*;
use serde_json::{Value, json};

const FIELDS: [&str; 5] = ["a", "b", "c", "d", "e"];

type Fields = BTreeMap<&'static str, Value>;

/// Types that both implementations judge alike, some within others.
fn kind() -> impl Strategy<Value = Value> {
    let all = [
        "null", "boolean", "int", "long", "float", "double", "string",
    ];
    let all = proptest::sample::select(all.to_vec()).prop_map(|name| json!(name));
    let some = ["boolean", "int", "long", "double", "string"];
    let some = proptest::sample::select(some.to_vec());
    prop_oneof![
        all,
        some.clone().prop_map(|name| json!(["null", name])),
        some.clone().prop_map(|name| json!([name, "null"])),
        some.clone()
            .prop_map(|name| json!({ "type": "array", "items": name })),
        some.prop_map(|name| json!({ "type": "map", "values": ["null", name] })),
    ]
}

fn fields() -> impl Strategy<Value = Fields> {
    let name = proptest::sample::select(FIELDS.to_vec());
    let field = (kind(), any::<bool>());
    let field = field.prop_map(|(kind, defaulted)| {
        let may = kind[0] == "null";
        let mut field = json!({ "type": kind });
        if defaulted && may {
            field["default"] = Value::Null;
        }
        field
    });
    proptest::collection::btree_map(name, field, 0..5)
}

fn record(fields: &Fields) -> String {
    let fields = fields.iter().map(|(name, field)| {
        let mut field = field.clone();
        field["name"] = json!(name);
        field
    });
    let fields: Vec<_> = fields.collect();
    json!({ "type": "record", "name": "R", "fields": fields }).to_string()
}

/// A schema and one that came of it: fields kept, changed, dropped and added.
fn two() -> impl Strategy<Value = (String, String)> {
    let keep = proptest::collection::vec(proptest::bool::weighted(0.8), FIELDS.len());
    (fields(), fields(), keep).prop_map(|(old, fresh, keep)| {
        let mut new = Fields::new();
        for (name, keep) in FIELDS.into_iter().zip(keep) {
            let field = if keep { old.get(name) } else { fresh.get(name) };
            new.extend(field.map(|field| (name, field.clone())));
        }
        (record(&old), record(&new))
    })
}

/// Some value of a schema.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only what `kind` gives is made"
)]
fn value(schema: &Schema, dice: &mut impl Iterator<Item = u8>) -> Theirs {
    let throw = dice.next().expect("dice never end");
    match schema {
        Schema::Null => Theirs::Null,
        Schema::Boolean => Theirs::Boolean(throw < 128),
        Schema::Int => Theirs::Int(i32::from(throw) - 100),
        Schema::Long => Theirs::Long(i64::from(throw) - 100),
        Schema::Float => Theirs::Float(f32::from(throw) / 4.0),
        Schema::Double => Theirs::Double(f64::from(throw) / 4.0),
        Schema::String => Theirs::String("x".repeat(throw.into())),
        Schema::Union(union) => {
            let branch = usize::from(throw) % union.variants().len();
            let inner = value(&union.variants()[branch], dice);
            Theirs::Union(u32::try_from(branch).expect("two"), Box::new(inner))
        }
        Schema::Array(array) => {
            let items = (0..throw % 4).map(|_| value(&array.items, dice));
            Theirs::Array(items.collect())
        }
        Schema::Map(map) => {
            let entries = (0..throw % 4).map(|at| (at.to_string(), value(&map.types, dice)));
            Theirs::Map(entries.collect())
        }
        Schema::Record(record) => {
            let fields = record.fields.iter();
            let fields = fields.map(|field| (field.name.clone(), value(&field.schema, dice)));
            Theirs::Record(fields.collect())
        }
        other => panic!("{other:?} is not made here"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_gate_judges_as_another_implementation_does((old, new) in two()) {
        let ours = full_transitive(
            &[AvroSchema::parse(&old).unwrap()],
            &AvroSchema::parse(&new).unwrap(),
        );
        let theirs = SchemaCompatibility::mutual_read(
            &Schema::parse_str(&old).unwrap(),
            &Schema::parse_str(&new).unwrap(),
        );
        prop_assert_eq!(ours.is_ok(), theirs == Ok(Compatibility::Full), "{:?} {:?}", ours, theirs);
    }

    #[test]
    fn what_one_schema_wrote_another_reads_as_another_implementation_does(
        (old, new) in two(),
        dice in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        let (writer, reader) = (Schema::parse_str(&old).unwrap(), Schema::parse_str(&new).unwrap());
        let ours = AvroSchema::parse(&new).unwrap();
        let ours = ours.reading_of(&AvroSchema::parse(&old).unwrap());
        let theirs = SchemaCompatibility::can_read(&writer, &reader);
        prop_assert_eq!(ours.is_ok(), theirs == Ok(Compatibility::Full), "{:?} {:?}", ours, theirs);
        if let Ok(ours) = ours {
            let written = value(&writer, &mut dice.into_iter().cycle());
            let theirs = GenericDatumWriter::builder(&writer).build().unwrap();
            let bytes = theirs.write_value_to_vec(written).unwrap();
            let theirs = GenericDatumReader::builder(&writer).reader_schema(&reader).build().unwrap();
            let theirs = theirs.read_value(&mut bytes.as_slice()).unwrap();
            let theirs = Value::try_from(theirs).unwrap();
            prop_assert_eq!(ours.decode::<Value>(&bytes).unwrap(), theirs);
        }
    }
}
