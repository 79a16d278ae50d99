//! Who asks, and what they may see: keys of this server's own, and tokens of an identity provider.
//!
//! Promises: nothing secret is stored, logged or shown twice; a key that is revoked stops working
//! within seconds on every server of the database; whoever cannot be told is nobody.
//! Does not: know a route; what each of them asks for is said at the HTTP door.
//!
//! | room | what lives there |
//! |---|---|
//! | `principal` | who asks: a name, a role, a provider |
//! | `clave` | a key as an aggregate of the log |
//! | `secreto` | the text that is handed out, and what is kept of it |
//! | `claves` | keys made, revoked, listed, recognised |
//! | `emisor` | the keys of an identity provider, by URL |
//! | `jwt` | a token of it, and whom it names |
//! | `guardia` | from the headers of a request to a principal |

mod clave;
mod claves;
mod emisor;
mod guardia;
mod jwt;
mod principal;
mod secreto;

pub use clave::{
    ClaveApi, ClaveCommand, ClaveCreada, ClaveError, ClaveEvent, ClaveRevocada, CrearClave,
};
pub use claves::{Claves, FilaClave};
pub use emisor::EmisorError;
pub use guardia::{Acceso, AccesoError, Guardia};
pub use jwt::JwtOptions;
pub use principal::{Principal, Rol, RolDesconocido};
