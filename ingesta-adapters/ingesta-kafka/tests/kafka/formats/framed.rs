//! Messages behind the number of their writer's schema.

use chrono::DateTime;
use ingesta_kafka::avro::{AvroSchema, SchemaId};
use ingesta_kafka::envelope::{EnvelopeReader, EnvelopeWriter, NewEnvelope, Shape};

use super::registry_stub::Stub;
use super::samples::{
    CANARY, ComandoCrearIngesta, assert_quotes_nothing, comando, comando_de_ejemplo,
};

const SUBJECT: &str = "comando-crear-ingesta-value";

fn message(writer: &EnvelopeWriter) -> Vec<u8> {
    let data = ComandoCrearIngesta {
        id_paciente: Some(CANARY.to_owned()),
        ..comando_de_ejemplo()
    };
    let message = NewEnvelope {
        id: "Ingesta/1/1",
        time: DateTime::UNIX_EPOCH,
        ingestion: DateTime::UNIX_EPOCH,
        message_type: "ComandoCrearIngesta",
        service_name: "ingesta",
        data: &data,
    };
    writer.write(&message).expect("it works")
}

fn reader(stub: &Stub) -> EnvelopeReader {
    EnvelopeReader::framed(&comando(), Shape::Full, stub.client()).expect("it works")
}

#[track_caller]
fn refused<T: std::fmt::Debug>(
    read: Result<T, ingesta_kafka::envelope::ReadError>,
    code: &str,
    transient: bool,
) {
    let error = read.expect_err("it is refused");
    assert_eq!(error.code(), code, "{error}");
    assert_eq!(error.is_transient(), transient);
    assert_quotes_nothing(&error);
}

async fn registered(stub: &Stub, schema: &AvroSchema) -> EnvelopeWriter {
    let id = stub
        .client()
        .register(SUBJECT, schema)
        .await
        .expect("it works");
    EnvelopeWriter::framed(schema.clone(), id).expect("it works")
}

#[tokio::test]
async fn a_framed_message_is_a_plain_one_behind_five_bytes() {
    let stub = Stub::start().await;
    let framed = message(&registered(&stub, &comando()).await);
    let plain = message(&EnvelopeWriter::avro(comando()).unwrap());
    assert_eq!(framed[..5], [0, 0, 0, 0, 1]);
    assert_eq!(framed[5..], plain);
    let reader = reader(&stub);
    stub.held().asked.clear();
    for _ in 0..3 {
        let read = reader.read::<ComandoCrearIngesta>(&framed).await.unwrap();
        assert_eq!(read.data.id_paciente.as_deref(), Some(CANARY));
    }
    assert_eq!(
        stub.held().asked,
        ["GET /schemas/ids/1"],
        "the registry is asked once"
    );
}

#[tokio::test]
async fn a_writer_that_is_ahead_or_behind_is_read_through_its_own_schema() {
    let stub = Stub::start().await;
    let url = r#"{"name": "url_path", "type": ["null", "string"]}"#;
    let color = r#"{"name": "color", "type": ["null", "string"], "default": null}"#;
    let ahead = comando().text().replace(url, &format!("{color}, {url}"));
    let ahead = AvroSchema::parse(&ahead).unwrap();
    let behind = message(&registered(&stub, &comando()).await);
    let in_front = message(&registered(&stub, &ahead).await);
    assert_ne!(behind[..5], in_front[..5]);
    let of_ahead = EnvelopeReader::framed(&ahead, Shape::Full, stub.client()).unwrap();
    for reader in [reader(&stub), of_ahead] {
        for bytes in [&behind, &in_front] {
            let read = reader.read::<ComandoCrearIngesta>(bytes).await.unwrap();
            assert_eq!(read.data.url_path.as_deref(), Some("http://h/a.dcm"));
        }
    }
}

#[tokio::test]
async fn t_14_what_is_wrong_with_a_framed_message_has_a_code_each() {
    let stub = Stub::start().await;
    let good = message(&registered(&stub, &comando()).await);
    let read = async |bytes: &[u8]| reader(&stub).read::<ComandoCrearIngesta>(bytes).await;
    refused(read(&good[5..]).await, "not-framed", false);
    refused(read(&good[..4]).await, "not-framed", false);
    refused(read(&[]).await, "not-framed", false);
    let unknown = [&SchemaId(99).frame()[..], &good[5..]].concat();
    refused(read(&unknown).await, "unknown-schema", false);
    refused(read(&good[..good.len() - 1]).await, "truncated", false);
    refused(
        read(&[&good[..], &[0]].concat()).await,
        "trailing-bytes",
        false,
    );
    let wrong = async |bytes: &[u8]| reader(&stub).read::<Vec<i64>>(bytes).await;
    refused(wrong(&good).await, "wrong-type", false);
}

#[tokio::test]
async fn a_writer_of_another_shape_or_thing_does_not_fit() {
    let stub = Stub::start().await;
    let data_only = r#"{"type":"record","name":"ComandoCrearIngesta","fields":[{"name":"data","type":["null",
        {"type":"record","name":"P","fields":[{"name":"id_proveedor","type":["null","string"]}]}]}]}"#;
    let data_only = AvroSchema::parse(data_only).unwrap();
    let id = stub
        .client()
        .register("otra-value", &data_only)
        .await
        .unwrap();
    let bytes = [&id.frame()[..], &[0]].concat();
    refused(
        reader(&stub).read::<ComandoCrearIngesta>(&bytes).await,
        "schema-mismatch",
        false,
    );
    stub.held()
        .schemas
        .push(serde_json::json!({ "schema": "{}", "schemaType": "PROTOBUF" }));
    let bytes = SchemaId(2).frame();
    refused(
        reader(&stub).read::<ComandoCrearIngesta>(&bytes).await,
        "unusable-schema",
        false,
    );
}

#[tokio::test]
async fn t_14_a_registry_that_is_away_is_not_the_messages_fault() {
    let stub = Stub::start().await;
    let good = message(&registered(&stub, &comando()).await);
    let reader = reader(&stub);
    stub.held().broken = Some(503);
    let read = reader.read::<ComandoCrearIngesta>(&good).await;
    refused(read, "registry-unavailable", true);
    stub.held().broken = None;
    assert!(
        reader.read::<ComandoCrearIngesta>(&good).await.is_ok(),
        "the same message, later"
    );
    // What is known already is read without the registry.
    stub.held().broken = Some(503);
    assert!(reader.read::<ComandoCrearIngesta>(&good).await.is_ok());
}
