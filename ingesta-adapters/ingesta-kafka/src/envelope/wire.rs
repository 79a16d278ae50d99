//! The envelope as serde sees it on the way in and out.
//!
//! A field that is not there is told from one that is null: JSON lets both through, and the first is
//! a message of another shape.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Envelope, ReadError, Shape};

/// On the way out: every field, in the order of the schema.
#[derive(Serialize)]
pub(super) struct Out<'a, D> {
    pub(super) id: &'a str,
    pub(super) time: i64,
    pub(super) ingestion: i64,
    pub(super) specversion: &'a str,
    #[serde(rename = "type")]
    pub(super) message_type: &'a str,
    pub(super) datacontenttype: &'a str,
    pub(super) service_name: &'a str,
    pub(super) data: &'a D,
}

/// `None` where the field is not there, `Some(None)` where it is null.
type Field<T> = Option<Option<T>>;

fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Field<T>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "D: Deserialize<'de>"))]
struct Full<D> {
    #[serde(default, deserialize_with = "present")]
    id: Field<String>,
    #[serde(default, deserialize_with = "present")]
    time: Field<i64>,
    #[serde(default, deserialize_with = "present")]
    ingestion: Field<i64>,
    #[serde(default, deserialize_with = "present")]
    specversion: Field<String>,
    #[serde(default, deserialize_with = "present", rename = "type")]
    message_type: Field<String>,
    #[serde(default, deserialize_with = "present")]
    datacontenttype: Field<String>,
    #[serde(default, deserialize_with = "present")]
    service_name: Field<String>,
    #[serde(default, deserialize_with = "present")]
    data: Field<D>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "D: Deserialize<'de>"), deny_unknown_fields)]
struct DataOnly<D> {
    #[serde(default, deserialize_with = "present")]
    data: Field<D>,
}

/// Reads an envelope of this shape from wherever serde reads.
pub(super) fn read<'de, D, S>(
    from: S,
    shape: Shape,
) -> Result<Result<Envelope<D>, ReadError>, S::Error>
where
    D: Deserialize<'de>,
    S: Deserializer<'de>,
{
    match shape {
        Shape::Full => Full::deserialize(from).map(full),
        Shape::DataOnly => DataOnly::deserialize(from).map(data_only),
    }
}

fn there<T>(field: Field<T>, name: &'static str) -> Result<Option<T>, ReadError> {
    field.ok_or(ReadError::MissingField { field: name })
}

fn data<D>(data: Field<D>) -> Result<D, ReadError> {
    there(data, "data")?.ok_or(ReadError::NoData)
}

fn full<D>(read: Full<D>) -> Result<Envelope<D>, ReadError> {
    Ok(Envelope {
        id: there(read.id, "id")?,
        time: there(read.time, "time")?,
        ingestion: there(read.ingestion, "ingestion")?,
        specversion: there(read.specversion, "specversion")?,
        message_type: there(read.message_type, "type")?,
        datacontenttype: there(read.datacontenttype, "datacontenttype")?,
        service_name: there(read.service_name, "service_name")?,
        data: data(read.data)?,
    })
}

fn data_only<D>(read: DataOnly<D>) -> Result<Envelope<D>, ReadError> {
    Ok(Envelope {
        id: None,
        time: None,
        ingestion: None,
        specversion: None,
        message_type: None,
        datacontenttype: None,
        service_name: None,
        data: data(read.data)?,
    })
}
