//! `Principal`: who asks.
//!
//! Promises: a provider has exactly one id and sees what is of that id, nothing else; a role is what
//! its word says, and no other word is a role.

use std::fmt;
use std::str::FromStr;

use ingesta_domain::valor::IdProveedor;
use serde::{Deserialize, Serialize};

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rol {
    /// Hands images in, and sees its own.
    Proveedor,
    /// Sees all of them, and acts on all of them.
    Operador,
    /// That, and what is told to those who are called for.
    Admin,
}

/// The word is no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected proveedor, operador or admin")]
pub struct RolDesconocido;

impl Rol {
    /// Every role, the least first.
    pub const TODOS: [Self; 3] = [Self::Proveedor, Self::Operador, Self::Admin];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proveedor => "proveedor",
            Self::Operador => "operador",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Rol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Rol {
    type Err = RolDesconocido;

    fn from_str(text: &str) -> Result<Self, RolDesconocido> {
        let mut all = Self::TODOS.into_iter();
        all.find(|rol| rol.as_str() == text).ok_or(RolDesconocido)
    }
}

/// Who asks.
///
/// ```
/// use ingesta_server::acceso::{Principal, Rol};
///
/// let own = "7c765929-ba20-5eb7-b700-4b795e6520e1".parse()?;
/// let other = "eb77391f-d4de-562d-b99c-8d277b96c895".parse()?;
/// let hospital = Principal::proveedor("hospital", own);
/// assert!(hospital.ve(own) && !hospital.ve(other));
/// assert!(Principal::de_casa("guardia", Rol::Operador).unwrap().ve(other));
/// // A provider without an id would be one that sees nothing, or everything.
/// assert!(Principal::de_casa("hospital", Rol::Proveedor).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    nombre: String,
    rol: Rol,
    id_proveedor: Option<IdProveedor>,
}

impl Principal {
    /// A provider of this id.
    #[must_use]
    pub fn proveedor(nombre: impl Into<String>, id: IdProveedor) -> Self {
        Self {
            nombre: nombre.into(),
            rol: Rol::Proveedor,
            id_proveedor: Some(id),
        }
    }

    /// One of the house, who sees every provider's; `None` for the role of a provider.
    #[must_use]
    pub fn de_casa(nombre: impl Into<String>, rol: Rol) -> Option<Self> {
        (rol != Rol::Proveedor).then(|| Self {
            nombre: nombre.into(),
            rol,
            id_proveedor: None,
        })
    }

    /// What it is called, in the metadata of what it does.
    #[must_use]
    pub fn nombre(&self) -> &str {
        &self.nombre
    }

    /// Its role.
    #[must_use]
    pub const fn rol(&self) -> Rol {
        self.rol
    }

    /// The only provider whose ingestas it may see; `None`: all.
    #[must_use]
    pub const fn solo(&self) -> Option<IdProveedor> {
        self.id_proveedor
    }

    /// Whether it may see what is of this provider.
    #[must_use]
    pub fn ve(&self, id: IdProveedor) -> bool {
        self.id_proveedor.is_none_or(|own| own == id)
    }
}
