//! Formats: Avro, the envelope, CloudEvents headers, schemas and their registry. No broker is needed.

mod avro_bytes;
mod avro_properties;
mod avro_resolution;
mod cloud_events;
mod envelope;
mod framed;
mod golden;
mod registry;
mod registry_stub;
mod samples;
mod schemas;
mod two_schemas;
