//! Schemas and messages of the first systems, and what tests say about refusals.

use std::error::Error;

use ingesta_kafka::avro::AvroSchema;
use ingesta_kafka::schema::SchemaFile;
use serde::{Deserialize, Serialize};

/// A word that stands for somebody's data; it must never show.
pub(crate) const CANARY: &str = "canario-amarillo";

/// The committed schemas that tests use: two of FULL envelopes, one of DATA-ONLY.
pub(crate) const FILES: [SchemaFile<'static>; 3] = [
    SchemaFile {
        subject: "comando-crear-ingesta-value",
        version: "v1",
        avro: include_str!("schemas/comando-crear-ingesta-value/v1/1.avsc"),
        json: include_str!("schemas/comando-crear-ingesta-value/v1/1.schema.json"),
    },
    SchemaFile {
        subject: "eventos-ingesta-value",
        version: "v1",
        avro: include_str!("schemas/eventos-ingesta-value/v1/1.avsc"),
        json: include_str!("schemas/eventos-ingesta-value/v1/1.schema.json"),
    },
    SchemaFile {
        subject: "eventos-reserva-value",
        version: "v1",
        avro: include_str!("schemas/eventos-reserva-value/v1/1.avsc"),
        json: include_str!("schemas/eventos-reserva-value/v1/1.schema.json"),
    },
];

pub(crate) fn schema(subject: &str) -> AvroSchema {
    let file = FILES
        .iter()
        .find(|file| file.subject == subject)
        .expect("it works");
    AvroSchema::parse(file.avro).expect("it works")
}

pub(crate) fn comando() -> AvroSchema {
    schema("comando-crear-ingesta-value")
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ComandoCrearIngesta {
    pub(crate) id_proveedor: Option<String>,
    pub(crate) id_paciente: Option<String>,
    pub(crate) url_path: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IngestaCreada {
    pub(crate) id_ingesta: String,
    pub(crate) id_proveedor: String,
    pub(crate) id_paciente: String,
    pub(crate) url_path: String,
    pub(crate) estado: String,
    pub(crate) fecha_creacion: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReservaCreada {
    pub(crate) id_reserva: String,
    pub(crate) id_cliente: String,
    pub(crate) estado: String,
    pub(crate) fecha_creacion: i64,
}

/// `digit` in every place of a uuid of version 4, as the vectors have them.
pub(crate) fn uuid(digit: char) -> String {
    let part = |length| digit.to_string().repeat(length);
    format!(
        "{}-{}-4{}-8{}-{}",
        part(8),
        part(4),
        part(3),
        part(3),
        part(12)
    )
}

pub(crate) fn comando_de_ejemplo() -> ComandoCrearIngesta {
    ComandoCrearIngesta {
        id_proveedor: Some(uuid('2')),
        id_paciente: Some(uuid('3')),
        url_path: Some("http://h/a.dcm".to_owned()),
    }
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let pair = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("it works");
    (0..hex.len()).step_by(2).map(pair).collect()
}

/// Everything that an error says of itself and of its causes, for people and for programs.
pub(crate) fn said(error: &dyn Error) -> String {
    let mut said = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        said += &format!(" {error} {error:?}");
        cause = error.source();
    }
    said
}

/// The error says nothing of the message.
#[track_caller]
pub(crate) fn assert_quotes_nothing(error: &dyn Error) {
    let said = said(error);
    assert!(!said.contains(CANARY), "{said}");
}
