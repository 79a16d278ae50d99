//! What every HTTP handler may use.

use std::net::IpAddr;
use std::sync::Arc;

use ingesta_domain::valor::IdProveedor;
use ingesta_http::Rates;
use ingesta_http::live::LiveFeed;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use super::{Health, Metrics};
use crate::acceso::Guardia;
use crate::comandos::Despachador;
use crate::consultas::Consultas;
use crate::saga::Sagas;

/// The parts of the running server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) despachador: Despachador,
    pub(crate) consultas: Consultas,
    /// Also where none is led by this process: another one may lead them.
    pub(crate) sagas: Sagas,
    pub(crate) guardia: Guardia,
    pub(crate) rates: Option<Rates<Cliente>>,
    pub(crate) health: Health,
    pub(crate) vivo: LiveFeed,
    /// Cancelled when the server stops.
    pub(crate) stop: CancellationToken,
    pub(crate) metrics: Metrics,
    pub(crate) registry: Arc<Registry>,
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
