//! From what went wrong to the status, code and words that a client reads.
//!
//! Promises: one place for the whole table; an outcome that is unknown is called unknown; causes go
//! to the log and never to the client.

use axum::http::header;
use chrono::SecondsFormat;
use ingesta_domain::ingesta::IngestaError;
use ingesta_domain::saga::SagaError;
use ingesta_domain::valor::ValorError;
use ingesta_event_store::{AsOfError, CommandError, StoreError};
use ingesta_http::{Problem, RetryAfter, VersionTag};
use ingesta_projections::ReadError;

use crate::consultas::ConsultaError;

const POCO: u64 = 1;
const MAS: u64 = 5;

/// 400: a value is refused. The field is named, the value is not.
pub(super) fn valor(error: &ValorError) -> Problem {
    Problem::bad_request(error.code(), error.to_string()).with("campo", error.campo())
}

/// 404: the log knows no such ingesta.
pub(super) fn no_existe() -> Problem {
    dominio(&IngestaError::IngestaNoExiste)
}

/// A command that was not carried out.
pub(super) fn rechazo(error: CommandError<IngestaError>) -> Problem {
    if matches!(error, CommandError::VersionMismatch { current: 0, .. }) {
        return no_existe();
    }
    sin_hacer(error, |refusal| dominio(&refusal))
}

/// A person's word that a saga did not take.
pub(super) fn saga_sin_oir(error: CommandError<SagaError>) -> Problem {
    sin_hacer(error, |refusal| {
        let (code, text) = (refusal.code(), refusal.to_string());
        match &refusal {
            SagaError::SagaNoExiste => Problem::not_found(code, text),
            SagaError::SagaYaTerminada { estado } => {
                Problem::conflict(code, text).with("estado", estado.as_str())
            }
            SagaError::Valor(refused) => valor(refused),
            // The enum may grow; what is not known here is about the state.
            _ => Problem::conflict(code, text),
        }
    })
}

/// Whatever kept a command from being stored; what the rules refuse is the caller's to say.
fn sin_hacer<E: std::error::Error + 'static>(
    error: CommandError<E>,
    refused: impl FnOnce(E) -> Problem,
) -> Problem {
    match error {
        CommandError::Refused(refusal) => refused(refusal),
        CommandError::VersionMismatch { current, .. } => {
            let detail = "la versión de If-Match no es la actual; lea de nuevo y repita";
            Problem::precondition_failed("version_distinta", detail)
                .with("version", current)
                .with_header(header::ETAG, VersionTag(current).header_value())
        }
        CommandError::CommandIdReused => Problem::unprocessable(
            "idempotency_key_reutilizada",
            "la Idempotency-Key ya se usó para otra petición",
        ),
        CommandError::Conflict { .. } => Problem::unavailable(
            "conflicto_de_concurrencia",
            "otros comandos cambiaron la ingesta a la vez; no se hizo nada, repita la petición",
            RetryAfter::from_secs(POCO),
        ),
        CommandError::Rejected { sqlstate } => Problem::bad_request(
            "datos_no_admitidos",
            "la petición contiene datos que no se pueden guardar",
        )
        .with_internal(sqlstate),
        unknown @ CommandError::Unknown(_) => Problem::unavailable(
            "resultado_desconocido",
            "no se sabe si el comando se realizó; repítalo con la misma Idempotency-Key",
            RetryAfter::from_secs(POCO),
        )
        .caused_by(&unknown),
        CommandError::Store(error) => almacen(&error),
        fault @ (CommandError::Undecodable(_) | CommandError::Unencodable(_)) => {
            Problem::internal("a command failed").caused_by(&fault)
        }
    }
}

fn dominio(error: &IngestaError) -> Problem {
    let (code, text) = (error.code(), error.to_string());
    match error {
        IngestaError::IngestaNoExiste => Problem::not_found(code, text),
        IngestaError::IngestaYaExiste { estado }
        | IngestaError::TransicionInvalida { estado, .. } => {
            Problem::conflict(code, text).with("estado", estado.as_str())
        }
        IngestaError::Valor(refused) => valor(refused),
        // The enum may grow; a refusal that is not known here is about the values of the request.
        IngestaError::SinMotivos | _ => Problem::bad_request(code, text),
    }
}

/// A saga that could not be read.
pub(super) fn no_leida(error: CommandError<SagaError>) -> Problem {
    match error {
        CommandError::Store(error) => almacen(&error),
        fault @ (CommandError::Refused(_)
        | CommandError::VersionMismatch { .. }
        | CommandError::Conflict { .. }
        | CommandError::CommandIdReused
        | CommandError::Undecodable(_)
        | CommandError::Unencodable(_)
        | CommandError::Rejected { .. }
        | CommandError::Unknown(_)) => Problem::internal("a saga was not read").caused_by(&fault),
    }
}

/// A query that was not answered.
pub(super) fn sin_respuesta(error: ConsultaError) -> Problem {
    match error {
        ConsultaError::Atrasada { what } => Problem::unavailable(
            "vista_atrasada",
            "la vista aún no llega a la posición pedida; repita la petición",
            RetryAfter::from_secs(POCO),
        )
        .with_internal(format!("{what} is behind")),
        ConsultaError::Ocupada => Problem::unavailable(
            "saturado",
            "el servicio lee ya tantas páginas como puede: intente más tarde",
            RetryAfter::from_secs(POCO),
        ),
        ConsultaError::AunNoExistia => {
            Problem::not_found("aun_no_existia", "en ese momento aún no existía")
        }
        ConsultaError::Pasado(refusal) => pasado(&refusal),
        ConsultaError::Log(error) | ConsultaError::Vista(ReadError::Store(error)) => {
            almacen(&error)
        }
        fault @ (ConsultaError::Vista(_) | ConsultaError::Ilegible(_)) => {
            Problem::internal("a query failed").caused_by(&fault)
        }
    }
}

/// A moment that the log does not answer for.
fn pasado(refusal: &AsOfError) -> Problem {
    match refusal {
        AsOfError::VersionNotReached { current, .. } => {
            let detail = "aún no ha llegado a esa versión; version dice hasta dónde ha llegado";
            Problem::not_found("version_desconocida", detail).with("version", *current)
        }
        AsOfError::Future { .. } => {
            let detail = "instante aún no ha pasado en el reloj de la base de datos";
            Problem::bad_request("instante_futuro", detail).with("campo", "instante")
        }
        AsOfError::TimeUnknown { known_from, .. } => {
            let detail = "no se sabe cuándo ocurrieron sus primeros eventos, solo que fue antes \
                          de instante; pida ese instante, uno posterior o una version";
            Problem::conflict("tiempo_desconocido", detail).with(
                "instante",
                known_from.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            )
        }
        AsOfError::Unsettled | AsOfError::BeyondHead { .. } => Problem::unavailable(
            "momento_no_asentado",
            "hay escrituras abiertas que aún pueden ser de ese momento; repita la petición",
            RetryAfter::from_secs(POCO),
        ),
        AsOfError::Store(error) => almacen(error),
        AsOfError::Undecodable(fault) => Problem::internal("a query failed").caused_by(fault),
    }
}

/// The driver's own words stay out of the log: they may quote a value.
pub(super) fn almacen(error: &StoreError) -> Problem {
    if error.is_transient() {
        let detail = "la base de datos no responde; repita la petición más tarde";
        let retry = RetryAfter::from_secs(MAS);
        return Problem::unavailable("base_de_datos_no_disponible", detail, retry)
            .with_internal(error.to_string());
    }
    Problem::internal(error.to_string())
}
