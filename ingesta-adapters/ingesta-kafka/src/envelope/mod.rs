//! The v1 envelope around a message's data, as Avro or JSON.
//!
//! Promises: what is written is FULL, always, and each written message is one whole value; what is
//! read has the shape that was said for its topic and is never guessed; whatever is refused has a
//! code that stays and quotes nothing.
//! It knows no type of message: the data is generic.

mod error;
mod read;
mod shape;
mod wire;
mod write;

pub use error::{ReadError, WriteError};
pub use read::EnvelopeReader;
pub use shape::Shape;
pub use write::{EnvelopeWriter, NewEnvelope};

/// The version of the envelope, and of the schemas under `v1`: its `specversion`.
pub const V1: &str = "v1";

/// A message as it was read. Of a DATA-ONLY message everything but the data is `None`; of a FULL one
/// each field is as its writer set it, which may be null too.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope<D> {
    /// The message's own id.
    pub id: Option<String>,
    /// When what it tells of happened, in milliseconds since 1970 (UTC).
    pub time: Option<i64>,
    /// When it was published, in milliseconds since 1970 (UTC).
    pub ingestion: Option<i64>,
    /// The version of its schema, as `v1`.
    pub specversion: Option<String>,
    /// The name of the event or command, as `ComandoCrearIngesta`.
    pub message_type: Option<String>,
    /// `AVRO` or `JSON`.
    pub datacontenttype: Option<String>,
    /// Who published it.
    pub service_name: Option<String>,
    /// What it says.
    pub data: D,
}

/// The data may be personal, so it is not printed.
impl<D> std::fmt::Debug for Envelope<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope")
            .field("time", &self.time)
            .field("ingestion", &self.ingestion)
            .finish_non_exhaustive()
    }
}
