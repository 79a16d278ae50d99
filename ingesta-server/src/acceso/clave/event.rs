//! What is remembered of a key. Stored forms stay readable for ever.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use ingesta_domain::valor::IdProveedor;
use serde::{Deserialize, Serialize};

use crate::acceso::Rol;

/// There is a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaveCreada {
    /// What it is called.
    pub nombre: String,
    /// What it may do.
    pub rol: Rol,
    /// Whose it is, where it is a provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_proveedor: Option<IdProveedor>,
    /// SHA-256 of its secret, in hexadecimal.
    pub huella: String,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// It works no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaveRevocada {
    /// When.
    pub fecha: DateTime<Utc>,
}

/// Any event of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaveEvent {
    /// See [`ClaveCreada`].
    ClaveCreada(ClaveCreada),
    /// See [`ClaveRevocada`].
    ClaveRevocada(ClaveRevocada),
}

impl DomainEvent for ClaveEvent {
    fn event_type(&self) -> String {
        match self {
            Self::ClaveCreada(_) => "ClaveCreada",
            Self::ClaveRevocada(_) => "ClaveRevocada",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
