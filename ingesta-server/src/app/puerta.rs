//! `Puerta`: who may come in by HTTP, how often, and on behalf of which pages.
//!
//! Promises: without access control nobody but this machine reaches it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderValue;
use ingesta_domain::valor::IdProveedor;
use ingesta_event_store::{EventCodec, Storage};
use ingesta_http::Rates;

use super::{AppError, AppOptions};
use crate::acceso::Guardia;

/// What stands before every handler. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Puerta {
    pub(crate) guardia: Guardia,
    pub(crate) rates: Option<Rates<Cliente>>,
    pub(crate) origins: Arc<[HeaderValue]>,
}

/// Who asks, where requests are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Cliente {
    /// All keys of a provider together.
    Proveedor(IdProveedor),
    /// One of the house, by name.
    DeCasa(Arc<str>),
    /// Whoever shows nobody's key, by address.
    Nadie(IpAddr),
}

impl Puerta {
    /// As the options say.
    ///
    /// # Errors
    /// When the tokens of an identity provider cannot be looked at, or an origin is none.
    pub(super) fn new(
        options: &AppOptions,
        storage: &Arc<dyn Storage>,
        codec: &EventCodec,
    ) -> Result<Self, AppError> {
        let origins = options.http.origins.iter();
        let origins = origins.map(|origin| HeaderValue::from_str(origin));
        let origins: Result<_, _> = origins.collect();
        Ok(Self {
            guardia: Guardia::new(options.acceso.as_ref(), storage, codec)?,
            rates: options.http.rate.map(Rates::new),
            origins: origins.map_err(|_| AppError::Origin)?,
        })
    }

    /// Without access control nobody but this machine may reach it.
    ///
    /// # Errors
    /// [`AppError::OpenToAll`].
    pub(super) fn closed_to_others(options: &AppOptions) -> Result<(), AppError> {
        let listen = options.listen;
        if options.acceso.is_none() && !listen.ip().is_loopback() {
            return Err(AppError::OpenToAll { listen });
        }
        Ok(())
    }
}
