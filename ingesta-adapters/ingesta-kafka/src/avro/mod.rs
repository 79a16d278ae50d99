//! Avro binary, between serde and bytes.
//!
//! Promises: no value is built in between; bytes are those of the specification; what is not exactly
//! one value of the schema is refused with a code and without quoting a byte of it; a length that is
//! not there allocates nothing; a writer's schema that differs is resolved field by field.
//! It does not read files of Avro, and takes schemas that contain themselves for unsupported.

mod compile;
mod decode;
mod encode;
mod error;
mod framing;
mod mismatch;
mod node;
mod place;
mod resolve;
mod schema;

pub use decode::{DecodeError, Reading, Refusal};
pub use encode::{EncodeError, Unfit};
pub use error::SchemaError;
pub use framing::{NotFramed, SchemaId};
pub use mismatch::{Break, BreakKind, SchemaMismatch};
pub use schema::AvroSchema;

pub(crate) use node::{Field, Node, Record};
pub(crate) use resolve::{Names, resolve};
