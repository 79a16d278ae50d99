//! The HTTP door: one file per group of routes, made of the pieces of `ingesta-http`.
//!
//! Promises: every answer that is a refusal is a problem with `code` and `error`; routes and their
//! description are one thing, so the OpenAPI document cannot drift; no handler holds a rule.
//! Who may come in where is one table (`permisos`). Sockets and the deadlines of slow clients are
//! `ingesta_http::edge`.

mod acceso;
mod circunstancias;
mod consultas;
mod crear;
mod describir;
mod esquemas;
mod graphql;
mod historia;
mod medida;
mod momento;
mod operacion;
mod origenes;
mod pagina;
pub mod permisos;
mod quien;
mod rechazo;
mod respuesta;
mod saga;
mod salud;
mod spec;
mod transiciones;
mod vivo;

use std::sync::Arc;

use axum::routing::get;
use axum::{Router, middleware};
use ingesta_http::edge::{Busy, security_headers, shed, whole_body};
use ingesta_http::{method_not_allowed, panic_to_problem, route_not_found};
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::{AppState, HttpLimits};

/// The description of the HTTP interface, made from the routes themselves.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = routes().merge(status_routes()).split_for_parts().1;
    describir::problemas(&mut document);
    describir::acceso(&mut document);
    document
}

pub use graphql::sdl;

/// Every route, with the layers around them.
pub(crate) fn router(state: AppState, limits: &HttpLimits) -> Router {
    let busy = middleware::from_fn_with_state(Busy::new(limits.requests), shed);
    let esquema = graphql::esquema(&state);
    let origins = Arc::clone(&state.puerta.origins);
    let document = spec::Document::new(&openapi());
    let (router, _) = routes().split_for_parts();
    // How it stands is told however busy it is.
    let (status, _) = status_routes().split_for_parts();
    router
        .layer(busy)
        .merge(status)
        // The places where the first systems had them.
        .route("/health", get(salud::health))
        .route("/spec", get(spec::spec))
        .route("/", get(pagina::a_la_pagina))
        .route("/pagina/", get(pagina::portada))
        .route("/pagina/{archivo}", get(pagina::archivo))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            acceso::entrar,
        ))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            origenes::sin_paginas_ajenas,
        ))
        .fallback(route_not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(limits.body, whole_body))
        .layer(axum::Extension(document))
        .layer(axum::Extension(esquema))
        .layer(middleware::from_fn(panic_to_problem))
        .layer(origenes::layer(&origins))
        .layer(middleware::from_fn(security_headers))
        // Outermost, so that a panic counts as the 500 that it is answered with.
        .layer(middleware::from_fn_with_state(state.clone(), medida::count))
        .with_state(state)
}

fn routes() -> OpenApiRouter<AppState> {
    let info = InfoBuilder::new()
        .title("Ingesta")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The control plane of medical image ingestion: commands, and queries of what they did.",
        ))
        .license(Some(
            LicenseBuilder::new().name("MIT OR Apache-2.0").build(),
        ))
        .build();
    OpenApiRouter::with_openapi(OpenApiBuilder::new().info(info).build())
        .routes(routes!(crear::crear_ingesta))
        .routes(routes!(consultas::consulta_por_id))
        .routes(routes!(consultas::todas))
        .routes(routes!(consultas::imagen))
        .routes(routes!(historia::historia))
        .routes(routes!(saga::saga))
        .routes(routes!(transiciones::iniciar))
        .routes(routes!(transiciones::rechazar))
        .routes(routes!(transiciones::finalizar))
        .routes(routes!(transiciones::revertir))
        .routes(routes!(transiciones::eliminar))
        .routes(routes!(transiciones::alertar))
        .routes(routes!(vivo::stream))
        .routes(routes!(vivo::fails))
        .routes(routes!(vivo::admin))
        .routes(routes!(vivo::version))
        .routes(routes!(graphql::preguntar, graphql::mirar))
        .routes(routes!(spec::spec))
        .routes(routes!(quien::quien))
        .merge(operacion::routes())
}

fn status_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(salud::health))
        .routes(routes!(salud::livez))
        .routes(routes!(salud::readyz))
        .routes(routes!(salud::metrics))
}
