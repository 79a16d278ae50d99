//! The bytes that the first systems' own client wrote: ours are the same, and theirs are read.

use chrono::{DateTime, Utc};
use ingesta_kafka::avro::AvroSchema;
use ingesta_kafka::envelope::{EnvelopeReader, EnvelopeWriter, NewEnvelope, Shape};
use serde::de::DeserializeOwned;

use super::samples::{
    ComandoCrearIngesta, IngestaCreada, ReservaCreada, bytes, comando, comando_de_ejemplo, schema,
    uuid,
};

const COMANDO: &str = "024834343434343434342d343434342d343434342d383434342d3434343434343434343434340280c085f0a9650282c085f0a96502047631021c436f6d616e646f496e676573746102084156524f020e4246462057656202024832323232323232322d323232322d343232322d383232322d323232323232323232323232024833333333333333332d333333332d343333332d383333332d333333333333333333333333021c687474703a2f2f682f612e64636d";
const CREADA: &str = "02024831313131313131312d313131312d343131312d383131312d313131313131313131313131024832323232323232322d323232322d343232322d383232322d323232323232323232323232024833333333333333332d333333332d343333332d383333332d333333333333333333333333021c687474703a2f2f682f612e64636d020c4372656164610226323032352d30332d30312030303a30303a3030";
const RESERVA: &str = "02024831313131313131312d313131312d343131312d383131312d31313131313131313131313102084e6f6e65021250454e4449454e54450280a0a3a0bb61";

fn millis(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).expect("it works")
}

async fn read<D: DeserializeOwned>(schema: &AvroSchema, shape: Shape, hex: &str) -> D {
    let reader = EnvelopeReader::avro(schema, shape).expect("it works");
    reader.read::<D>(&bytes(hex)).await.expect("it works").data
}

#[test]
fn the_full_vector_is_written_byte_for_byte() {
    let writer = EnvelopeWriter::avro(comando()).unwrap();
    let written = writer.write(&NewEnvelope {
        id: &uuid('4'),
        time: millis(1_740_787_200_000),
        ingestion: millis(1_740_787_200_001),
        message_type: "ComandoIngesta",
        service_name: "BFF Web",
        data: &comando_de_ejemplo(),
    });
    assert_eq!(written.unwrap(), bytes(COMANDO));
    assert_eq!(COMANDO.len(), 2 * 180);
}

#[tokio::test]
async fn the_full_vector_is_read() {
    let reader = EnvelopeReader::avro(&comando(), Shape::Full).unwrap();
    let read = reader.read::<ComandoCrearIngesta>(&bytes(COMANDO)).await;
    let read = read.unwrap();
    assert_eq!(read.id, Some(uuid('4')));
    assert_eq!(read.time, Some(1_740_787_200_000));
    assert_eq!(read.ingestion, Some(1_740_787_200_001));
    assert_eq!(read.specversion.as_deref(), Some("v1"));
    assert_eq!(read.message_type.as_deref(), Some("ComandoIngesta"));
    assert_eq!(read.datacontenttype.as_deref(), Some("AVRO"));
    assert_eq!(read.service_name.as_deref(), Some("BFF Web"));
    assert_eq!(read.data, comando_de_ejemplo());
}

#[tokio::test]
async fn the_data_only_vectors_are_read() {
    // Of the first the committed schema is that of the FULL envelope, of the second it is DATA-ONLY.
    let creada: IngestaCreada =
        read(&schema("eventos-ingesta-value"), Shape::DataOnly, CREADA).await;
    assert_eq!(creada.id_ingesta, uuid('1'));
    assert_eq!(creada.estado, "Creada");
    assert_eq!(creada.fecha_creacion, "2025-03-01 00:00:00");
    let reserva: ReservaCreada =
        read(&schema("eventos-reserva-value"), Shape::DataOnly, RESERVA).await;
    assert_eq!(reserva.id_cliente, "None");
    assert_eq!(reserva.fecha_creacion, 1_674_400_000_000);
}

#[tokio::test]
async fn a_vector_of_the_other_shape_is_refused_and_not_guessed() {
    let full = EnvelopeReader::avro(&schema("eventos-ingesta-value"), Shape::Full).unwrap();
    let refused = full.read::<IngestaCreada>(&bytes(CREADA)).await;
    assert_eq!(refused.unwrap_err().code(), "malformed");
    let data_only = EnvelopeReader::avro(&comando(), Shape::DataOnly).unwrap();
    let refused = data_only.read::<ComandoCrearIngesta>(&bytes(COMANDO)).await;
    assert_eq!(refused.unwrap_err().code(), "malformed");
}

#[test]
fn a_schema_that_is_no_full_envelope_is_refused_before_the_first_message() {
    let refused = EnvelopeWriter::avro(schema("eventos-reserva-value")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the schema is no envelope: it has no field `id`"
    );
    let refused = EnvelopeReader::avro(&schema("eventos-reserva-value"), Shape::Full);
    assert!(refused.is_err());
}

#[tokio::test]
async fn b_70_a_reader_that_calls_the_records_otherwise_reads_the_same_message() {
    let theirs = comando()
        .text()
        .replace("ComandoCrearIngesta", "IngestaSolicitada");
    let theirs = AvroSchema::parse(&theirs).unwrap();
    let reader = EnvelopeReader::avro_written_with(&comando(), &theirs, Shape::Full).unwrap();
    let read = reader.read::<ComandoCrearIngesta>(&bytes(COMANDO)).await;
    assert_eq!(read.unwrap().data, comando_de_ejemplo());
}
