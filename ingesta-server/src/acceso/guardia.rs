//! `Guardia`: from the headers of a request to a principal.
//!
//! Promises: without access control everybody is an administrator, which is for a loopback address
//! alone; with it, whoever shows nothing or something wrong is nobody, and is told no more than that.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use ingesta_event_store::{EventCodec, Storage, StoreError};

use super::jwt::Jwt;
use super::{Claves, EmisorError, JwtOptions, Principal, Rol};

/// How access is controlled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acceso {
    /// Tokens of this issuer are believed besides the keys of the log.
    pub jwt: Option<JwtOptions>,
}

/// Why it is not known who asks.
#[derive(Debug, thiserror::Error)]
pub enum AccesoError {
    /// Nothing is shown, or nothing that is anybody's.
    #[error("nobody")]
    Nadie,
    /// The log, where keys are, does not answer.
    #[error(transparent)]
    Almacen(#[from] StoreError),
    /// The identity provider does not answer.
    #[error(transparent)]
    Emisor(#[from] EmisorError),
}

/// Tells who asks. Cheap to clone.
#[derive(Clone)]
pub struct Guardia {
    mode: Option<Arc<Mode>>,
}

struct Mode {
    claves: Claves,
    jwt: Option<Jwt>,
}

/// Who everybody is where nobody is asked.
const OPEN: &str = "abierto";

impl Guardia {
    /// With access control, or open.
    ///
    /// # Errors
    /// When the options of the tokens cannot be used.
    pub fn new(
        acceso: Option<&Acceso>,
        storage: &Arc<dyn Storage>,
        codec: &EventCodec,
    ) -> Result<Self, EmisorError> {
        let Some(acceso) = acceso else {
            return Ok(Self { mode: None });
        };
        let jwt = acceso.jwt.clone().map(Jwt::new).transpose()?;
        let claves = Claves::new(storage, codec);
        Ok(Self {
            mode: Some(Arc::new(Mode { claves, jwt })),
        })
    }

    /// Whether nobody is asked who they are.
    #[must_use]
    pub fn esta_abierto(&self) -> bool {
        self.mode.is_none()
    }

    /// Who asks: by `Authorization: Bearer`, or by `X-Api-Key`.
    ///
    /// # Errors
    /// See [`AccesoError`].
    pub(crate) async fn quien(&self, headers: &HeaderMap) -> Result<Principal, AccesoError> {
        let Some(mode) = &self.mode else {
            let anybody = Principal::de_casa(OPEN, Rol::Admin);
            return anybody.ok_or(AccesoError::Nadie);
        };
        let shown = shown(headers).ok_or(AccesoError::Nadie)?;
        if let Some(known) = mode.claves.reconocer(shown).await? {
            return Ok(known);
        }
        // A key of ours begins otherwise than any token.
        match &mode.jwt {
            Some(jwt) if !shown.starts_with("ing_") => jwt.reconocer(shown).await?,
            Some(_) | None => None,
        }
        .ok_or(AccesoError::Nadie)
    }
}

/// The one thing that is shown; two are none, because it would be a guess which one counts.
fn shown(headers: &HeaderMap) -> Option<&str> {
    let one = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let first = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(first)
    };
    let names = [header::AUTHORIZATION.as_str(), "x-api-key"];
    match names.map(|name| headers.contains_key(name)) {
        [true, false] => {
            let (scheme, token) = one(names[0])?.split_once(' ')?;
            let bearer = scheme.eq_ignore_ascii_case("bearer");
            bearer.then(|| token.trim())
        }
        [false, true] => one(names[1]),
        [true, true] | [false, false] => None,
    }
}
