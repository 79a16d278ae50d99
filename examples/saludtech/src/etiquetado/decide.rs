//! The rules of a labelling: from its state and a command to an answer.
//!
//! Promises: pure; each command has exactly one answer, also where the work is done already; nothing
//! is done after an undoing, and an undoing of nothing is remembered.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::aggregate::{EstadoEtiquetado, Etiquetado, EtiquetadoCommand};
use super::{EtiquetadoEvent, Etiquetas};

/// Label.
#[derive(Clone, Debug)]
pub struct Etiquetar {
    /// Of which ingesta.
    pub id_ingesta: Uuid,
    /// Which study.
    pub id_anonimizado: Uuid,
    /// The labels, or why there are none.
    pub etiquetas: Result<Etiquetas, &'static str>,
    /// When it was received.
    pub fecha: DateTime<Utc>,
}

/// Undo.
#[derive(Clone, Debug)]
pub struct Revertir {
    /// Of which ingesta.
    pub id_ingesta: Uuid,
    /// Which study.
    pub id_anonimizado: Uuid,
    /// When it was received.
    pub fecha: DateTime<Utc>,
}

/// A command that cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EtiquetadoError {
    /// The study belongs to another ingesta.
    #[error("the study belongs to another ingesta")]
    OtraIngesta,
}

impl EtiquetadoError {
    /// A stable word.
    #[must_use]
    pub fn codigo(self) -> &'static str {
        match self {
            Self::OtraIngesta => "otra_ingesta",
        }
    }
}

/// Undone: nothing is done any more.
const REVERTIDO: &str = "revertido";

/// Decides the answer to a command.
///
/// # Errors
/// See [`EtiquetadoError`].
pub(super) fn decide(
    state: &Etiquetado,
    command: EtiquetadoCommand,
) -> Result<Vec<EtiquetadoEvent>, EtiquetadoError> {
    let event = match command {
        EtiquetadoCommand::Etiquetar(c) => etiquetar(state, c)?,
        EtiquetadoCommand::Revertir(c) => revertir(state, &c)?,
        EtiquetadoCommand::Callar => EtiquetadoEvent::OrdenCallada {},
        EtiquetadoCommand::Repetir(secuencia) => EtiquetadoEvent::OrdenRepetida { secuencia },
    };
    Ok(vec![event])
}

fn same(state: &Etiquetado, id_ingesta: Uuid) -> Result<(), EtiquetadoError> {
    match state.id_ingesta {
        Some(known) if known != id_ingesta => Err(EtiquetadoError::OtraIngesta),
        Some(_) | None => Ok(()),
    }
}

fn etiquetar(state: &Etiquetado, c: Etiquetar) -> Result<EtiquetadoEvent, EtiquetadoError> {
    let Etiquetar {
        id_ingesta,
        id_anonimizado,
        etiquetas,
        fecha,
    } = c;
    same(state, id_ingesta)?;
    let etiquetas = match (state.estado, &state.etiquetas) {
        (EstadoEtiquetado::Revertido, _) => Err(REVERTIDO),
        // Asked for anew by another command: the answer is the same.
        (EstadoEtiquetado::Creado, Some(made)) => Ok(made.clone()),
        (EstadoEtiquetado::Creado, None)
        | (EstadoEtiquetado::Ninguno | EstadoEtiquetado::Rechazado, _) => etiquetas,
    };
    Ok(match etiquetas {
        Ok(etiquetas) => EtiquetadoEvent::EtiquetadoCreado {
            id_ingesta,
            id_anonimizado,
            etiquetas,
            fecha,
        },
        Err(codigo) => EtiquetadoEvent::EtiquetadoRechazado {
            id_ingesta,
            id_anonimizado,
            codigo: codigo.to_owned(),
            fecha,
        },
    })
}

fn revertir(state: &Etiquetado, c: &Revertir) -> Result<EtiquetadoEvent, EtiquetadoError> {
    same(state, c.id_ingesta)?;
    Ok(EtiquetadoEvent::EtiquetadoRevertido {
        id_ingesta: c.id_ingesta,
        id_anonimizado: c.id_anonimizado,
        // Also when it is undone for the second time: there was something once.
        habia: state.etiquetas.is_some(),
        fecha: c.fecha,
    })
}
