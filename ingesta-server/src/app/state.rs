//! What every HTTP handler may use.

use std::sync::Arc;

use ingesta_http::live::LiveFeed;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use super::{Health, Metrics, Puerta};
use crate::comandos::Despachador;
use crate::consultas::Consultas;
use crate::operacion::Operacion;
use crate::saga::Sagas;

/// The parts of the running server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) despachador: Despachador,
    pub(crate) consultas: Consultas,
    /// Also where none is led by this process: another one may lead them.
    pub(crate) sagas: Sagas,
    /// What an operator looks after.
    pub(crate) operacion: Operacion,
    pub(crate) puerta: Puerta,
    pub(crate) health: Health,
    pub(crate) vivo: LiveFeed,
    /// Cancelled when the server stops.
    pub(crate) stop: CancellationToken,
    pub(crate) metrics: Metrics,
    pub(crate) registry: Arc<Registry>,
}
