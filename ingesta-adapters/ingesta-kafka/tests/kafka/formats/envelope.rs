//! The envelope in JSON, its limits, and plain Avro of another writer's schema.

use chrono::{DateTime, TimeZone, Utc};
use ingesta_kafka::avro::AvroSchema;
use ingesta_kafka::envelope::{EnvelopeReader, EnvelopeWriter, NewEnvelope, Shape};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::samples::{
    CANARY, ComandoCrearIngesta, assert_quotes_nothing, comando, comando_de_ejemplo,
};

fn at(millis: i64) -> DateTime<Utc> {
    Utc.timestamp_millis_opt(millis).unwrap()
}

fn new<'a>(data: &'a ComandoCrearIngesta) -> NewEnvelope<'a, ComandoCrearIngesta> {
    NewEnvelope {
        id: "Ingesta/1/1",
        time: at(1_740_787_200_000),
        ingestion: at(1_740_787_200_001),
        message_type: "ComandoCrearIngesta",
        service_name: "ingesta",
        data,
    }
}

/// A FULL message as JSON.
fn full() -> Value {
    let bytes = EnvelopeWriter::json().write(&new(&comando_de_ejemplo()));
    serde_json::from_slice(&bytes.expect("it works")).expect("it works")
}

#[track_caller]
fn refused(shape: Shape, bytes: &[u8], code: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("it works");
    let reader = EnvelopeReader::json(shape);
    let error = runtime
        .block_on(reader.read::<ComandoCrearIngesta>(bytes))
        .expect_err("it is refused");
    assert_eq!(error.code(), code, "{error}");
    assert!(!error.is_transient());
    assert_quotes_nothing(&error);
}

#[tokio::test]
async fn json_is_written_in_full_and_read_as_either_shape() {
    let message = full();
    let expected = json!({
        "id": "Ingesta/1/1", "time": 1_740_787_200_000_i64, "ingestion": 1_740_787_200_001_i64,
        "specversion": "v1", "type": "ComandoCrearIngesta", "datacontenttype": "JSON",
        "service_name": "ingesta", "data": comando_de_ejemplo(),
    });
    assert_eq!(message, expected);
    assert_eq!(EnvelopeWriter::json().content_type(), "application/json");
    let reader = EnvelopeReader::json(Shape::Full);
    let read = reader
        .read::<ComandoCrearIngesta>(message.to_string().as_bytes())
        .await
        .unwrap();
    assert_eq!(read.message_type.as_deref(), Some("ComandoCrearIngesta"));
    assert_eq!(read.data, comando_de_ejemplo());
    let alone = json!({ "data": comando_de_ejemplo() }).to_string();
    let reader = EnvelopeReader::json(Shape::DataOnly);
    let read = reader
        .read::<ComandoCrearIngesta>(alone.as_bytes())
        .await
        .unwrap();
    assert_eq!((read.id, read.data), (None, comando_de_ejemplo()));
}

#[test]
fn json_of_the_other_shape_is_refused_and_not_guessed() {
    refused(Shape::DataOnly, full().to_string().as_bytes(), "wrong-type");
    let alone = json!({ "data": comando_de_ejemplo() }).to_string();
    refused(Shape::Full, alone.as_bytes(), "missing-field");
}

#[test]
fn json_that_is_none_is_refused_each_with_its_code() {
    let whole = full().to_string();
    refused(Shape::Full, b"", "truncated");
    refused(
        Shape::Full,
        &whole.as_bytes()[..whole.len() - 1],
        "truncated",
    );
    refused(
        Shape::Full,
        format!("{whole} {CANARY}").as_bytes(),
        "trailing-bytes",
    );
    refused(Shape::Full, CANARY.as_bytes(), "malformed");
    refused(Shape::Full, &[b'"', 0xff, b'"'], "malformed");
    refused(Shape::Full, "[".repeat(100_000).as_bytes(), "wrong-type");
    for (field, value, code) in [
        ("time", json!(CANARY), "wrong-type"),
        ("data", json!(CANARY), "wrong-type"),
        ("data", json!({ "id_proveedor": [CANARY] }), "wrong-type"),
        ("data", json!(null), "no-data"),
    ] {
        let mut message = full();
        message[field] = value;
        refused(Shape::Full, message.to_string().as_bytes(), code);
    }
    for field in [
        "id",
        "time",
        "ingestion",
        "specversion",
        "type",
        "datacontenttype",
        "data",
    ] {
        let mut message = full();
        message.as_object_mut().unwrap().remove(field);
        refused(Shape::Full, message.to_string().as_bytes(), "missing-field");
    }
}

#[tokio::test]
async fn nesting_without_end_is_refused_and_takes_no_stack() {
    let nested = format!("{{\"data\":{}", "[".repeat(500_000));
    let reader = EnvelopeReader::json(Shape::DataOnly);
    let error = reader.read::<Value>(nested.as_bytes()).await;
    assert_eq!(error.expect_err("it is refused").code(), "malformed");
}

#[tokio::test]
async fn reading_can_be_moved_to_another_thread() {
    let read = tokio::spawn(async {
        let reader = EnvelopeReader::json(Shape::DataOnly);
        let read = reader.read::<Value>(b"{\"data\":7}").await;
        read.map(|read| read.data)
    });
    assert_eq!(read.await.unwrap().unwrap(), json!(7));
}

#[tokio::test]
async fn fields_that_nobody_knows_are_ignored_in_json() {
    let mut message = full();
    message["mañana"] = json!({ "a": [1] });
    message["data"]["color"] = json!("rojo");
    let reader = EnvelopeReader::json(Shape::Full);
    let read = reader
        .read::<ComandoCrearIngesta>(message.to_string().as_bytes())
        .await;
    assert_eq!(read.unwrap().data, comando_de_ejemplo());
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_not_even_looked_at() {
    let limit = 1_000;
    let reader = EnvelopeReader::json(Shape::Full).with_limit(limit);
    let error = reader.read::<Value>(&[b'{'; 1_001]).await.unwrap_err();
    assert_eq!(error.code(), "too-large");
    assert_eq!(
        error.to_string(),
        "the message has 1001 bytes, the limit is 1000"
    );
    let by_default = EnvelopeReader::json(Shape::Full);
    let error = by_default
        .read::<Value>(&vec![b' '; 1_048_577])
        .await
        .unwrap_err();
    assert_eq!(error.code(), "too-large");
}

#[tokio::test]
async fn plain_avro_of_a_schema_that_is_known_beforehand_is_resolved() {
    let newer = comando().text().replace(
        r#"{"name": "id_paciente""#,
        r#"{"name": "color", "type": ["null", "string"], "default": null}, {"name": "id_paciente""#,
    );
    let newer = AvroSchema::parse(&newer).unwrap();
    assert_ne!(newer, comando());
    let bytes = EnvelopeWriter::avro(newer.clone())
        .unwrap()
        .write(&new(&comando_de_ejemplo()));
    let bytes = bytes.unwrap();
    let reader = EnvelopeReader::avro_written_with(&newer, &comando(), Shape::Full).unwrap();
    let read = reader.read::<ComandoCrearIngesta>(&bytes).await.unwrap();
    assert_eq!(read.data, comando_de_ejemplo());
    let unaware = EnvelopeReader::avro(&comando(), Shape::Full).unwrap();
    assert!(unaware.read::<ComandoCrearIngesta>(&bytes).await.is_err());
    let other = comando().text().replace(
        r#""name": "url_path", "type": ["null", "string"]"#,
        r#""name": "url_path", "type": ["null", "long"]"#,
    );
    let other = AvroSchema::parse(&other).unwrap();
    let error = EnvelopeReader::avro_written_with(&other, &comando(), Shape::Full).unwrap_err();
    let expected = "`data.url_path` is written as a long and read as a string";
    assert!(error.to_string().ends_with(expected), "{error}");
}

#[tokio::test]
async fn data_that_is_null_is_refused() {
    let reader = EnvelopeReader::avro(&comando(), Shape::Full).unwrap();
    let error = reader
        .read::<ComandoCrearIngesta>(&[0; 8])
        .await
        .unwrap_err();
    assert_eq!(error.code(), "no-data");
}

#[test]
fn b_30_data_that_is_not_of_the_given_schema_is_refused_with_the_field() {
    let data = json!({ "id_proveedor": CANARY, "id_paciente": 7 });
    let writer = EnvelopeWriter::avro(comando()).unwrap();
    let error = writer.write(&NewEnvelope {
        id: "1",
        time: at(0),
        ingestion: at(0),
        message_type: "Comando",
        service_name: "ingesta",
        data: &data,
    });
    let error = error.unwrap_err();
    assert_quotes_nothing(&error);
    let said = super::samples::said(&error);
    assert!(said.contains("cannot write `data.id_paciente`"), "{said}");
}

#[test]
fn what_was_read_is_not_printed() {
    let data = ComandoCrearIngesta {
        id_paciente: Some(CANARY.to_owned()),
        ..comando_de_ejemplo()
    };
    let bytes = EnvelopeWriter::json().write(&new(&data)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let reader = EnvelopeReader::json(Shape::Full);
    let read = runtime
        .block_on(reader.read::<ComandoCrearIngesta>(&bytes))
        .unwrap();
    assert_eq!(read.data, data);
    assert!(!format!("{read:?} {reader:?}").contains(CANARY));
}

proptest! {
    #[test]
    fn any_message_comes_back_in_any_format(
        texts in any::<[Option<String>; 3]>(),
        id in any::<String>(),
        millis in -1_000_000_000_000_i64..10_000_000_000_000,
    ) {
        let [id_proveedor, id_paciente, url_path] = texts;
        let data = ComandoCrearIngesta { id_proveedor, id_paciente, url_path };
        let message = NewEnvelope { id: &id, time: at(millis), ..new(&data) };
        let pairs = [
            (EnvelopeWriter::json(), EnvelopeReader::json(Shape::Full)),
            (
                EnvelopeWriter::avro(comando()).unwrap(),
                EnvelopeReader::avro(&comando(), Shape::Full).unwrap(),
            ),
        ];
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (writer, reader) in pairs {
            let bytes = writer.write(&message).unwrap();
            let read = runtime.block_on(reader.read::<ComandoCrearIngesta>(&bytes)).unwrap();
            prop_assert_eq!(&read.data, &data);
            prop_assert_eq!(read.id.as_deref(), Some(id.as_str()));
            prop_assert_eq!(read.time, Some(millis));
        }
    }
}
