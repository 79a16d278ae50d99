//! `Hecho`: one line in the history of an ingesta.
//!
//! Promises: what was stored, in the log's own words; `Debug` shows none of it, because it may name a
//! patient.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Something that has happened to an ingesta or its image.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
pub struct Hecho {
    /// Whose event it is: `ingesta` or `imagen`.
    #[schema(value_type = String, example = "ingesta")]
    pub de: &'static str,
    /// The number of the event in its own stream, from 1.
    pub version: u64,
    /// What happened.
    #[schema(example = "IngestaCreada")]
    pub evento: String,
    /// Where in the log.
    pub posicion: String,
    /// When the database stored it; left out where the log does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registrado: Option<DateTime<Utc>>,
    /// True if this program cannot read it; then it has no `datos`.
    pub ilegible: bool,
    /// Its fields.
    #[schema(value_type = Object)]
    pub datos: Value,
    /// The conversation that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlacion: Option<String>,
    /// The event or message that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causa: Option<String>,
    /// Who asked for it; only for those who may see all ingestas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

impl std::fmt::Debug for Hecho {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hecho")
            .field("de", &self.de)
            .field("version", &self.version)
            .field("evento", &self.evento)
            .finish_non_exhaustive()
    }
}
