//! `/operacion/...`: what operators look after, over HTTP; the page's second half, and scripts'.
//!
//! Promises: the same words and figures as the command line; nothing of a message, an event or a
//! patient is shown; what cannot be undone names exactly what it is about.
//!
//! | room | what lives there |
//! |---|---|
//! | `proyecciones` | tables folded from the log, and their rebuilds |
//! | `suscripciones` | followers of the log, and the streams that they have parked |
//! | `relevos` | how far the log is published |
//! | `apartados` | messages that were put aside |
//! | `sagas` | where each is, and what a person can do about it |

mod apartados;
mod proyecciones;
mod relevos;
mod sagas;
mod suscripciones;

use std::time::Duration;

use ingesta_http::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;

/// Every route of the room.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(proyecciones::todas))
        .routes(routes!(proyecciones::reconstruir))
        .routes(routes!(proyecciones::detener))
        .routes(routes!(suscripciones::todas))
        .routes(routes!(suscripciones::reanudar))
        .routes(routes!(suscripciones::saltar))
        .routes(routes!(relevos::todos))
        .routes(routes!(apartados::todos))
        .routes(routes!(apartados::repetir))
        .routes(routes!(apartados::descartar))
        .routes(routes!(sagas::todas))
        .routes(routes!(sagas::reintentar))
        .routes(routes!(sagas::abandonar))
}

fn seconds(age: Option<Duration>) -> Option<f64> {
    age.map(|age| age.as_secs_f64())
}

fn sin_broker() -> Problem {
    Problem::conflict("sin_broker", "este servidor no tiene broker de mensajes")
}
