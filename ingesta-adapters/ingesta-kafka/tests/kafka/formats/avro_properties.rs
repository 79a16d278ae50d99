//! Avro beside another implementation: any value gives the same bytes, and reads back the same.

use std::collections::BTreeMap;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use ingesta_kafka::avro::AvroSchema;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// One of everything that messages are made of.
const SCHEMA: &str = r#"{"type":"record","name":"Rico","fields":[
    {"name":"texto","type":["null","string"]},
    {"name":"largo","type":["null","long"]},
    {"name":"doble","type":["null","double"]},
    {"name":"cierto","type":["null","boolean"]},
    {"name":"entero","type":"int"},
    {"name":"corto","type":["float","null"]},
    {"name":"lista","type":["null",{"type":"array","items":["null","string"]}]},
    {"name":"dentro","type":["null",{"type":"record","name":"Dentro","fields":[
        {"name":"nombre","type":["null","string"]},{"name":"cuenta","type":["null","long"]}]}]},
    {"name":"varios","type":{"type":"array","items":"Dentro"}},
    {"name":"mapa","type":{"type":"map","values":"long"}},
    {"name":"clase","type":["null",{"type":"enum","name":"Clase","symbols":["Uno","Dos"]}]}]}"#;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Dentro {
    nombre: Option<String>,
    cuenta: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Clase {
    Uno,
    Dos,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Rico {
    texto: Option<String>,
    largo: Option<i64>,
    doble: Option<f64>,
    cierto: Option<bool>,
    entero: i32,
    corto: Option<f32>,
    lista: Option<Vec<Option<String>>>,
    dentro: Option<Dentro>,
    varios: Vec<Dentro>,
    mapa: BTreeMap<String, i64>,
    clase: Option<Clase>,
}

fn dentro() -> impl Strategy<Value = Dentro> {
    let parts = (any::<Option<String>>(), any::<Option<i64>>());
    parts.prop_map(|(nombre, cuenta)| Dentro { nombre, cuenta })
}

fn rico() -> impl Strategy<Value = Rico> {
    let plain = (
        any::<Option<String>>(),
        any::<Option<i64>>(),
        // NaN is equal to nothing, so it has a test of its own.
        proptest::option::of(proptest::num::f64::NORMAL | proptest::num::f64::ZERO),
        any::<Option<bool>>(),
        any::<i32>(),
        proptest::option::of(proptest::num::f32::NORMAL),
    );
    let compound = (
        any::<Option<Vec<Option<String>>>>(),
        proptest::option::of(dentro()),
        proptest::collection::vec(dentro(), 0..5),
        proptest::collection::btree_map(any::<String>(), any::<i64>(), 0..5),
        proptest::option::of(prop_oneof![Just(Clase::Uno), Just(Clase::Dos)]),
    );
    (plain, compound).prop_map(|(plain, compound)| {
        let (texto, largo, doble, cierto, entero, corto) = plain;
        let (lista, dentro, varios, mapa, clase) = compound;
        Rico {
            texto,
            largo,
            doble,
            cierto,
            entero,
            corto,
            lista,
            dentro,
            varios,
            mapa,
            clase,
        }
    })
}

proptest! {
    #[test]
    fn any_value_has_the_bytes_that_another_implementation_gives_it(rico in rico()) {
        let ours = AvroSchema::parse(SCHEMA).unwrap();
        let theirs = Schema::parse_str(SCHEMA).unwrap();
        let bytes = ours.encode(&rico).unwrap();
        let writer = GenericDatumWriter::builder(&theirs).build().unwrap();
        prop_assert_eq!(&bytes, &writer.write_ser_to_vec(&rico).unwrap());
        let reader = GenericDatumReader::builder(&theirs).build().unwrap();
        prop_assert_eq!(&rico, &reader.read_deser::<Rico>(&mut bytes.as_slice()).unwrap());
        prop_assert_eq!(&rico, &ours.reading().decode::<Rico>(&bytes).unwrap());
    }

    #[test]
    fn a_part_of_a_message_is_never_a_message(
        rico in rico(),
        at in any::<proptest::sample::Index>(),
    ) {
        let schema = AvroSchema::parse(SCHEMA).unwrap();
        let mut bytes = schema.encode(&rico).unwrap();
        bytes.truncate(at.index(bytes.len()));
        let error = schema.reading().decode::<Rico>(&bytes).unwrap_err();
        prop_assert_eq!(error.code(), "truncated");
    }

    #[test]
    fn whatever_comes_is_a_value_or_a_refusal(
        garbage in proptest::collection::vec(any::<u8>(), 0..200),
        at in any::<proptest::sample::Index>(),
        rico in rico(),
    ) {
        let schema = AvroSchema::parse(SCHEMA).unwrap();
        let mut bytes = schema.encode(&rico).unwrap();
        // One that begins well is the harder one.
        bytes.truncate(at.index(bytes.len()));
        bytes.extend(garbage);
        if let Ok(read) = schema.reading().decode::<Rico>(&bytes) {
            let again = schema.reading().decode::<Rico>(&schema.encode(&read).unwrap());
            // NaN again: compared as text.
            prop_assert_eq!(format!("{read:?}"), format!("{:?}", again.unwrap()));
        }
    }

    #[test]
    fn blocks_of_any_size_are_one_array(numbers in any::<Vec<i64>>(), cut in 1_usize..4) {
        let schema = AvroSchema::parse(r#"{"type":"array","items":"long"}"#).unwrap();
        let (mut bytes, long) = (Vec::new(), AvroSchema::parse(r#""long""#).unwrap());
        for block in numbers.chunks(cut) {
            // A negative count and the size of the block, as a writer may give them.
            long.encode_into(&-i64::try_from(block.len()).unwrap(), &mut bytes).unwrap();
            let mut items = Vec::new();
            block.iter().for_each(|item| long.encode_into(item, &mut items).unwrap());
            long.encode_into(&items.len(), &mut bytes).unwrap();
            bytes.extend(items);
        }
        bytes.push(0);
        prop_assert_eq!(schema.reading().decode::<Vec<i64>>(&bytes).unwrap(), numbers);
    }
}
