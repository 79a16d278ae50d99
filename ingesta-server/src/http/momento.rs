//! As of when a read is asked: now, at least since a position, or a moment that may be past.
//!
//! Promises: one of them, never two; what is malformed is a 400 that names the parameter.

use chrono::{DateTime, Utc};
use ingesta_domain::consulta::Momento;
use ingesta_event_store::Position;
use ingesta_http::Problem;
use serde::Deserialize;

/// The parameters of a read by id.
#[derive(Deserialize)]
pub(super) struct Cuando {
    /// The position that the answer must reflect at least.
    desde: Option<String>,
    /// The version that is asked for.
    version: Option<u64>,
    /// The instant that is asked for.
    instante: Option<String>,
}

/// What they mean.
pub(super) enum Pedido {
    /// As it is now, reflecting at least this.
    Ahora(Option<Position>),
    /// As it was.
    Entonces(Momento),
}

impl Cuando {
    pub(super) fn pedido(self) -> Result<Pedido, Problem> {
        match (self.desde, self.version, self.instante) {
            (desde, None, None) => Ok(Pedido::Ahora(posicion(desde)?)),
            (None, Some(version), None) => Ok(Pedido::Entonces(Momento::Version(version))),
            (None, None, Some(text)) => Ok(Pedido::Entonces(Momento::Instante(instante(&text)?))),
            _ => Err(Problem::bad_request(
                "momento_ambiguo",
                "de desde, version e instante solo se admite uno",
            )),
        }
    }
}

/// The position of an earlier answer.
pub(super) fn posicion(desde: Option<String>) -> Result<Option<Position>, Problem> {
    desde.map(|text| text.parse()).transpose().map_err(|_| {
        let detail = "desde debe ser la posicion de una respuesta anterior, sin cambios";
        Problem::bad_request("posicion_malformada", detail).with("campo", "desde")
    })
}

/// RFC 3339 with any offset. In an address a `+` stands for a blank, so that one which was not
/// encoded arrives as a blank before the offset; nothing else can be meant by it.
fn instante(text: &str) -> Result<DateTime<Utc>, Problem> {
    let offset = text.len().checked_sub("+00:00".len());
    let parts = offset.and_then(|at| text.split_at_checked(at));
    let read = match parts.and_then(|(time, offset)| Some((time, offset.strip_prefix(' ')?))) {
        Some((time, offset)) => DateTime::parse_from_rfc3339(&format!("{time}+{offset}")),
        None => DateTime::parse_from_rfc3339(text),
    };
    read.map(|instant| instant.to_utc()).map_err(|_| {
        let detail = "instante debe ser una fecha con hora y zona, como 2026-01-31T08:30:00-05:00";
        Problem::bad_request("instante_malformado", detail).with("campo", "instante")
    })
}
