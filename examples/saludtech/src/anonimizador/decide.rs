//! The rules of an anonymised study: from its state and a command to an answer.
//!
//! Promises: pure; each command has exactly one answer, also where the work is done already; nothing
//! is done after an undoing, and an undoing of nothing is remembered.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::aggregate::{Anonimizado, AnonimizadoCommand, EstadoAnonimizado};
use super::{AnonimizadoEvent, Seudonimos};

/// Anonymise. An error says why that cannot be.
#[derive(Clone, Debug)]
pub struct Anonimizar {
    /// Which ingesta.
    pub id_ingesta: Uuid,
    /// The pseudonyms, or why there are none.
    pub seudonimos: Result<Seudonimos, &'static str>,
    /// When it was received.
    pub fecha: DateTime<Utc>,
}

/// Clean up the raw data.
#[derive(Clone, Debug)]
pub struct Limpiar {
    /// Which ingesta.
    pub id_ingesta: Uuid,
    /// Why it is to be refused, where it is.
    pub rechazo: Option<&'static str>,
    /// When it was received.
    pub fecha: DateTime<Utc>,
}

/// Undo.
#[derive(Clone, Debug)]
pub struct Revertir {
    /// Which ingesta, where the message says so.
    pub id_ingesta: Option<Uuid>,
    /// When it was received.
    pub fecha: DateTime<Utc>,
}

/// A command that cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnonimizadoError {
    /// Nobody knows which ingesta it is about.
    #[error("the message has no key that names an ingesta, and the study is not known")]
    SinIngesta,
    /// The study belongs to another ingesta.
    #[error("the study belongs to another ingesta")]
    OtraIngesta,
}

impl AnonimizadoError {
    /// A stable word.
    #[must_use]
    pub fn codigo(self) -> &'static str {
        match self {
            Self::SinIngesta => "sin_ingesta",
            Self::OtraIngesta => "otra_ingesta",
        }
    }
}

/// Undone: nothing is done any more.
const REVERTIDO: &str = "revertido";
/// There is nothing anonymised, so the raw data is all there is.
const SIN_ANONIMIZADO: &str = "sin_anonimizado";

/// Decides the answer to a command.
///
/// # Errors
/// See [`AnonimizadoError`].
pub(super) fn decide(
    state: &Anonimizado,
    command: AnonimizadoCommand,
) -> Result<Vec<AnonimizadoEvent>, AnonimizadoError> {
    let event = match command {
        AnonimizadoCommand::Anonimizar(c) => anonimizar(state, c)?,
        AnonimizadoCommand::Limpiar(c) => limpiar(state, &c)?,
        AnonimizadoCommand::Revertir(c) => revertir(state, &c)?,
        AnonimizadoCommand::Callar => AnonimizadoEvent::OrdenCallada {},
        AnonimizadoCommand::Repetir(secuencia) => AnonimizadoEvent::OrdenRepetida { secuencia },
    };
    Ok(vec![event])
}

fn same(state: &Anonimizado, id_ingesta: Uuid) -> Result<(), AnonimizadoError> {
    match state.id_ingesta {
        Some(known) if known != id_ingesta => Err(AnonimizadoError::OtraIngesta),
        Some(_) | None => Ok(()),
    }
}

fn anonimizar(state: &Anonimizado, c: Anonimizar) -> Result<AnonimizadoEvent, AnonimizadoError> {
    let Anonimizar {
        id_ingesta, fecha, ..
    } = c;
    same(state, id_ingesta)?;
    let seudonimos = match (state.estado, &state.seudonimos) {
        (EstadoAnonimizado::Revertido, _) => Err(REVERTIDO),
        // Asked for anew by another command: the answer is the same.
        (EstadoAnonimizado::Creado, Some(made)) => Ok(made.clone()),
        (EstadoAnonimizado::Creado, None)
        | (EstadoAnonimizado::Ninguno | EstadoAnonimizado::Fallido, _) => c.seudonimos,
    };
    Ok(match seudonimos {
        Ok(seudonimos) => AnonimizadoEvent::AnonimizadoCreado {
            id_ingesta,
            seudonimos,
            fecha,
        },
        Err(codigo) => AnonimizadoEvent::AnonimizadoFallido {
            id_ingesta,
            codigo: codigo.to_owned(),
            fecha,
        },
    })
}

fn limpiar(state: &Anonimizado, c: &Limpiar) -> Result<AnonimizadoEvent, AnonimizadoError> {
    let (id_ingesta, fecha) = (c.id_ingesta, c.fecha);
    same(state, id_ingesta)?;
    let refused = match state.estado {
        EstadoAnonimizado::Revertido => Some(REVERTIDO),
        EstadoAnonimizado::Ninguno | EstadoAnonimizado::Fallido => Some(SIN_ANONIMIZADO),
        EstadoAnonimizado::Creado if state.limpio => None,
        EstadoAnonimizado::Creado => c.rechazo,
    };
    Ok(match refused {
        None => AnonimizadoEvent::LimpiezaHecha { id_ingesta, fecha },
        Some(codigo) => AnonimizadoEvent::LimpiezaRechazada {
            id_ingesta,
            codigo: codigo.to_owned(),
            fecha,
        },
    })
}

fn revertir(state: &Anonimizado, c: &Revertir) -> Result<AnonimizadoEvent, AnonimizadoError> {
    let known = c.id_ingesta.or(state.id_ingesta);
    let id_ingesta = known.ok_or(AnonimizadoError::SinIngesta)?;
    same(state, id_ingesta)?;
    Ok(AnonimizadoEvent::AnonimizadoRevertido {
        id_ingesta,
        // Also when it is undone for the second time: there was something once.
        habia: state.seudonimos.is_some(),
        fecha: c.fecha,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cqrs_es::Aggregate as _;

    const ID: Uuid = Uuid::from_u128(7);

    fn fecha() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn anonimizar() -> AnonimizadoCommand {
        AnonimizadoCommand::Anonimizar(Anonimizar {
            id_ingesta: ID,
            seudonimos: Ok(Seudonimos {
                paciente: "p".into(),
                imagen: "i".into(),
                clave: "k".into(),
            }),
            fecha: fecha(),
        })
    }

    fn limpiar(rechazo: Option<&'static str>) -> AnonimizadoCommand {
        AnonimizadoCommand::Limpiar(Limpiar {
            id_ingesta: ID,
            rechazo,
            fecha: fecha(),
        })
    }

    fn revertir(id_ingesta: Option<Uuid>) -> AnonimizadoCommand {
        AnonimizadoCommand::Revertir(Revertir {
            id_ingesta,
            fecha: fecha(),
        })
    }

    /// The types of the answers, in order.
    fn answers(commands: Vec<AnonimizadoCommand>) -> (Anonimizado, Vec<String>) {
        use cqrs_es::DomainEvent as _;
        let (mut state, mut types) = (Anonimizado::default(), Vec::new());
        for command in commands {
            for event in decide(&state, command).expect("it has an answer") {
                types.push(event.event_type());
                state.apply(event);
            }
        }
        (state, types)
    }

    #[test]
    fn undoing_keeps_what_was_done_and_nothing_is_done_after_it() {
        let commands = vec![
            anonimizar(),
            revertir(None),
            anonimizar(),
            limpiar(None),
            revertir(Some(ID)),
        ];
        let (state, types) = answers(commands);
        assert_eq!(
            types,
            [
                "AnonimizadoCreado",
                "AnonimizadoRevertido",
                "AnonimizadoFallido",
                "LimpiezaRechazada",
                "AnonimizadoRevertido"
            ]
        );
        assert_eq!(state.estado, EstadoAnonimizado::Revertido);
        assert!(state.seudonimos.is_some() && !state.limpio);
    }

    #[test]
    fn an_undoing_that_comes_first_is_remembered() {
        let (state, _) = answers(vec![revertir(Some(ID)), anonimizar()]);
        assert_eq!(state.estado, EstadoAnonimizado::Revertido);
        assert_eq!(state.seudonimos, None);
        let again = decide(&state, revertir(None)).expect("it has an answer");
        let [AnonimizadoEvent::AnonimizadoRevertido { habia, .. }] = &again[..] else {
            panic!("{again:?}");
        };
        assert!(!habia);
    }

    #[test]
    fn raw_data_is_cleaned_up_only_where_there_is_something_else() {
        let (_, types) = answers(vec![
            limpiar(None),
            anonimizar(),
            limpiar(Some("fallo_inyectado")),
            limpiar(None),
            limpiar(Some("fallo_inyectado")),
        ]);
        assert_eq!(
            types,
            [
                "LimpiezaRechazada",
                "AnonimizadoCreado",
                "LimpiezaRechazada",
                "LimpiezaHecha",
                // It is done: a refusal would be a lie.
                "LimpiezaHecha"
            ]
        );
    }

    #[test]
    fn what_belongs_to_nobody_or_to_another_is_refused() {
        let none = Anonimizado::default();
        assert_eq!(
            decide(&none, revertir(None)),
            Err(AnonimizadoError::SinIngesta)
        );
        let (state, _) = answers(vec![anonimizar()]);
        let other = revertir(Some(Uuid::from_u128(8)));
        assert_eq!(decide(&state, other), Err(AnonimizadoError::OtraIngesta));
    }
}
