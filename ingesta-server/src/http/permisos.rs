//! What each route asks of whoever comes: one table.
//!
//! Promises: a route that is not in the table is for nobody; a test holds the table against the
//! description of the interface.

use axum::http::Method;

use crate::acceso::Rol;

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permiso {
    /// Everybody: it tells nothing about an ingesta.
    Publico,
    /// Whoever has a role; a provider finds its own there, and of the others not even that they are.
    Propio,
    /// At least this role.
    Desde(Rol),
}

impl Permiso {
    /// Whether this role may come in.
    #[must_use]
    pub fn admite(self, rol: Rol) -> bool {
        match self {
            Self::Publico | Self::Propio => true,
            Self::Desde(least) => rol >= least,
        }
    }
}

const GET: &str = "GET";
const POST: &str = "POST";
const OPERADOR: Permiso = Permiso::Desde(Rol::Operador);

/// Every route, with its method and who may come in.
pub const PERMISOS: [(&str, &str, Permiso); 42] = [
    (GET, "/livez", Permiso::Publico),
    (GET, "/readyz", Permiso::Publico),
    (GET, "/health", Permiso::Publico),
    (GET, "/ingesta/health", Permiso::Publico),
    (GET, "/spec", Permiso::Publico),
    (GET, "/ingesta/spec", Permiso::Publico),
    (GET, "/bff/version", Permiso::Publico),
    (GET, "/", Permiso::Publico),
    (GET, "/pagina/", Permiso::Publico),
    (GET, "/pagina/{archivo}", Permiso::Publico),
    (GET, "/metrics", OPERADOR),
    (POST, "/ingesta/crear-ingesta-comando", Permiso::Propio),
    (GET, "/ingesta/todas", Permiso::Propio),
    (GET, "/ingesta/consulta-por-id/{id}", Permiso::Propio),
    (GET, "/ingesta/{id}/imagen", Permiso::Propio),
    (GET, "/ingesta/{id}/historia", Permiso::Propio),
    (GET, "/ingesta/{id}/saga", Permiso::Propio),
    (POST, "/ingesta/{id}/eliminar", Permiso::Propio),
    (POST, "/ingesta/{id}/iniciar", OPERADOR),
    (POST, "/ingesta/{id}/rechazar", OPERADOR),
    (POST, "/ingesta/{id}/finalizar", OPERADOR),
    (POST, "/ingesta/{id}/revertir", OPERADOR),
    (POST, "/ingesta/{id}/alertar", OPERADOR),
    (GET, "/operacion/proyecciones", OPERADOR),
    (
        POST,
        "/operacion/proyecciones/{nombre}/reconstruir",
        OPERADOR,
    ),
    (POST, "/operacion/proyecciones/{nombre}/detener", OPERADOR),
    (GET, "/operacion/suscripciones", OPERADOR),
    (POST, "/operacion/suscripciones/{nombre}/reanudar", OPERADOR),
    (POST, "/operacion/suscripciones/{nombre}/saltar", OPERADOR),
    (GET, "/operacion/relevos", OPERADOR),
    (GET, "/operacion/apartados", OPERADOR),
    (POST, "/operacion/apartados/repetir", OPERADOR),
    (POST, "/operacion/apartados/descartar", OPERADOR),
    (GET, "/operacion/sagas", OPERADOR),
    (POST, "/operacion/sagas/{id}/reintentar", OPERADOR),
    (POST, "/operacion/sagas/{id}/abandonar", OPERADOR),
    (GET, "/bff/quien", Permiso::Propio),
    (POST, "/bff/v1", Permiso::Propio),
    // The schema; on its web socket the first word says who asks.
    (GET, "/bff/v1", Permiso::Publico),
    (GET, "/bff/stream", Permiso::Propio),
    (GET, "/bff/stream/fails", Permiso::Propio),
    (GET, "/bff/stream/admin", Permiso::Desde(Rol::Admin)),
];

/// What a route asks for; `None`: it is not in the table.
///
/// A method that a route does not have asks for nothing: whoever comes is told that it has it not.
#[must_use]
pub(super) fn permiso(method: &Method, route: &str) -> Option<Permiso> {
    // A HEAD is a GET whose body is left out.
    let method = if *method == Method::HEAD {
        GET
    } else {
        method.as_str()
    };
    let mut rows = PERMISOS.iter().filter(|(_, path, _)| *path == route);
    let known = rows.clone().next().is_some();
    match rows.find(|(of, _, _)| *of == method) {
        Some((_, _, permiso)) => Some(*permiso),
        None if known => Some(Permiso::Publico),
        None => None,
    }
}
