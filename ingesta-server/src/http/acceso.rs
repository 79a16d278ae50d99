//! Who comes in: looked at before a handler is, and then known to it.
//!
//! Promises: an unknown comer gets a 401 that says how to show who one is, one without the role a 403;
//! a provider who asks for another's ingesta is answered as if there were none, to the letter; a
//! route that nobody has thought about is closed.

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ingesta_domain::valor::{IdIngesta, IdProveedor};
use ingesta_http::edge::Peer;
use ingesta_http::{PathId, Problem, RetryAfter};

use super::permisos::{Permiso, permiso};
use super::rechazo::{almacen, no_existe, rechazo};
use crate::acceso::{AccesoError, EmisorError, Principal};
use crate::app::{AppState, Cliente};

/// The layer around every route.
pub(super) async fn entrar(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    // Without a route it is a 404, for everybody alike.
    let Some(route) = request.extensions().get::<MatchedPath>().cloned() else {
        return next.run(request).await;
    };
    let permiso = permiso(request.method(), route.as_str());
    if permiso == Some(Permiso::Publico) {
        return next.run(request).await;
    }
    let known = app.puerta.guardia.quien(request.headers()).await;
    if let Err(too_many) = contar(&app, &request, known.as_ref().ok()) {
        return too_many.into_response();
    }
    let principal = match known {
        Ok(principal) => principal,
        Err(error) => return nadie(error).into_response(),
    };
    if !permiso.is_some_and(|permiso| permiso.admite(principal.rol())) {
        let detail = "su papel no permite esto";
        let refused = Problem::forbidden("papel_insuficiente", detail);
        return refused
            .with("papel", principal.rol().as_str())
            .into_response();
    }
    if !app.puerta.guardia.esta_abierto() {
        let name = Arc::from(principal.nombre());
        request
            .extensions_mut()
            .insert(Actor(name, principal.solo()));
    }
    request.extensions_mut().insert(principal);
    next.run(request).await
}

/// One request of whoever asks: of a provider, of one of the house, or of an address where that is
/// all there is to know.
fn contar(app: &AppState, request: &Request, known: Option<&Principal>) -> Result<(), Problem> {
    let Some(rates) = &app.puerta.rates else {
        return Ok(());
    };
    let named = known.filter(|_| !app.puerta.guardia.esta_abierto());
    let cliente = match named {
        Some(principal) => match principal.solo() {
            Some(id) => Cliente::Proveedor(id),
            None => Cliente::DeCasa(Arc::from(principal.nombre())),
        },
        None => match request.extensions().get::<Peer>() {
            Some(peer) => Cliente::Nadie(peer.0.ip()),
            None => return Ok(()),
        },
    };
    rates.check(cliente)
}

pub(super) fn nadie(error: AccesoError) -> Problem {
    match error {
        AccesoError::Nadie => {
            let detail = "muestre quién es: Authorization: Bearer CLAVE, o X-Api-Key: CLAVE";
            let challenge = HeaderValue::from_static("Bearer realm=\"ingesta\"");
            Problem::unauthorized("sin_identidad", detail)
                .with_header(header::WWW_AUTHENTICATE, challenge)
        }
        AccesoError::Almacen(error) => almacen(&error),
        AccesoError::Emisor(error @ (EmisorError::Away | EmisorError::Url)) => {
            let detail = "no se puede comprobar quién es; repita la petición más tarde";
            Problem::unavailable("emisor_no_disponible", detail, RetryAfter::from_secs(30))
                .with_internal(error.to_string())
        }
    }
}

/// Who acts, for the metadata of what it does, and whose names of commands are its own.
#[derive(Clone)]
pub(super) struct Actor(pub(super) Arc<str>, pub(super) Option<IdProveedor>);

/// Who asks.
pub(super) struct Quien(pub(super) Principal);

impl<S: Send + Sync> FromRequestParts<S> for Quien {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known = parts.extensions.get::<Principal>().cloned();
        known
            .map(Self)
            .ok_or_else(|| Problem::internal("a route without the layer that tells who asks"))
    }
}

/// The ingesta of the path is one that whoever asks may see. Comes before everything that could be
/// answered differently.
pub(super) struct Visible;

impl FromRequestParts<AppState> for Visible {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let PathId(id) = PathId::<IdIngesta>::from_request_parts(parts, app).await?;
        let Quien(principal) = Quien::from_request_parts(parts, app).await?;
        visible(app, &principal, id).await.map(|()| Self)
    }
}

/// Refuses what is not of whoever asks, as if there were none.
pub(super) async fn visible(
    app: &AppState,
    principal: &Principal,
    id: IdIngesta,
) -> Result<(), Problem> {
    let Some(own) = principal.solo() else {
        return Ok(());
    };
    let owner = app.despachador.proveedor(id).await.map_err(rechazo)?;
    (owner == Some(own)).then_some(()).ok_or_else(no_existe)
}
