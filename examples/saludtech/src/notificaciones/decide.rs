//! The rules of a notification.
//!
//! Promises: pure; what was sent is never sent again; the outcome of a try is noted for that try
//! alone, so that one that ends late changes nothing about a later one.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::aggregate::{EstadoNotificacion, Notificacion};
use super::{Asunto, NotificacionEvent};

/// Ask for a notification.
#[derive(Clone, Debug)]
pub struct Pedir {
    /// About which ingesta.
    pub id_ingesta: Uuid,
    /// What about.
    pub asunto: Asunto,
    /// When what it tells of happened.
    pub suceso: DateTime<Utc>,
    /// When it was asked for.
    pub fecha: DateTime<Utc>,
}

/// What is asked of a notification.
#[derive(Clone, Debug)]
pub enum NotificacionCommand {
    /// Tell this.
    Pedir(Pedir),
    /// A person wants it sent again after it was put aside: it was refused, or nobody knows.
    Reabrir(DateTime<Utc>),
    /// Begin the next try. `repetible`: a try whose outcome is not known may be repeated.
    Iniciar {
        /// Whether a repetition is no second e-mail.
        repetible: bool,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// The sender has taken it.
    Confirmar {
        /// Which try.
        intento: u32,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// The sender has certainly not taken it.
    Fallar {
        /// Which try.
        intento: u32,
        /// Why not.
        codigo: String,
        /// Whether no further try follows.
        definitivo: bool,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// Nobody knows.
    Desconocer {
        /// Which try.
        intento: u32,
        /// Why that is not known.
        codigo: String,
        /// When.
        fecha: DateTime<Utc>,
    },
}

/// A command that makes no sense now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotificacionError {
    /// Nobody asked for it.
    #[error("nobody asked for this notification")]
    SinPedir,
    /// There is nothing to try.
    #[error("this notification is {}, and no try can begin", .0.as_str())]
    SinIntento(EstadoNotificacion),
}

type Decision = Result<Vec<NotificacionEvent>, NotificacionError>;

/// Decides what follows from a command; nothing where it is done already or too late.
///
/// # Errors
/// See [`NotificacionError`].
pub(super) fn decide(state: &Notificacion, command: NotificacionCommand) -> Decision {
    if let NotificacionCommand::Pedir(c) = command {
        return Ok(pedir(state, &c));
    }
    if state.pedido.is_none() {
        return Err(NotificacionError::SinPedir);
    }
    let current = |intento: u32, states: &[EstadoNotificacion]| {
        intento == state.intentos && states.contains(&state.estado)
    };
    let open = [EstadoNotificacion::Enviando];
    // What another instance took for unknown becomes known when its own one hears the outcome.
    let known = [
        EstadoNotificacion::Enviando,
        EstadoNotificacion::Desconocida,
    ];
    Ok(match command {
        NotificacionCommand::Pedir(_) => Vec::new(),
        NotificacionCommand::Reabrir(fecha) => match state.estado {
            EstadoNotificacion::Fallida | EstadoNotificacion::Desconocida => {
                vec![NotificacionEvent::NotificacionReabierta { fecha }]
            }
            EstadoNotificacion::Pedida
            | EstadoNotificacion::Enviando
            | EstadoNotificacion::Enviada => Vec::new(),
        },
        NotificacionCommand::Iniciar { repetible, fecha } => {
            let again = repetible && state.estado == EstadoNotificacion::Enviando;
            if !again && state.estado != EstadoNotificacion::Pedida {
                return Err(NotificacionError::SinIntento(state.estado));
            }
            let intento = state.intentos + 1;
            vec![NotificacionEvent::EnvioIniciado { intento, fecha }]
        }
        NotificacionCommand::Confirmar { intento, fecha } if current(intento, &known) => {
            vec![NotificacionEvent::EnvioHecho { intento, fecha }]
        }
        NotificacionCommand::Fallar {
            intento,
            codigo,
            definitivo,
            fecha,
            // Where it is not the last one, whoever began it may not be the one to try again.
        } if current(intento, &open) || (definitivo && current(intento, &known)) => {
            vec![NotificacionEvent::EnvioFallido {
                intento,
                codigo,
                definitivo,
                fecha,
            }]
        }
        NotificacionCommand::Desconocer {
            intento,
            codigo,
            fecha,
        } if current(intento, &open) => vec![NotificacionEvent::EnvioDesconocido {
            intento,
            codigo,
            fecha,
        }],
        NotificacionCommand::Confirmar { .. }
        | NotificacionCommand::Fallar { .. }
        | NotificacionCommand::Desconocer { .. } => Vec::new(),
    })
}

fn pedir(state: &Notificacion, c: &Pedir) -> Vec<NotificacionEvent> {
    if state.pedido.is_some() {
        return Vec::new();
    }
    vec![NotificacionEvent::NotificacionPedida {
        id_ingesta: c.id_ingesta,
        asunto: c.asunto,
        suceso: c.suceso,
        fecha: c.fecha,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use cqrs_es::Aggregate as _;

    const AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn after(commands: Vec<NotificacionCommand>) -> Notificacion {
        let mut state = Notificacion::default();
        for command in commands {
            for event in decide(&state, command).expect("it makes sense") {
                state.apply(event);
            }
        }
        state
    }

    fn pedir() -> NotificacionCommand {
        NotificacionCommand::Pedir(Pedir {
            id_ingesta: Uuid::from_u128(7),
            asunto: Asunto::FalloIngesta,
            suceso: AT,
            fecha: AT,
        })
    }

    fn iniciar(repetible: bool) -> NotificacionCommand {
        NotificacionCommand::Iniciar {
            repetible,
            fecha: AT,
        }
    }

    fn confirmar(intento: u32) -> NotificacionCommand {
        NotificacionCommand::Confirmar { intento, fecha: AT }
    }

    fn desconocer(intento: u32) -> NotificacionCommand {
        NotificacionCommand::Desconocer {
            intento,
            codigo: "interrumpido".into(),
            fecha: AT,
        }
    }

    #[test]
    fn a_try_that_nobody_knows_of_is_repeated_only_where_that_is_no_second_mail() {
        let state = after(vec![pedir(), iniciar(false)]);
        let refused = Err(NotificacionError::SinIntento(EstadoNotificacion::Enviando));
        assert_eq!(decide(&state, iniciar(false)), refused);
        assert_eq!(
            decide(&state, iniciar(true)).map(|events| events.len()),
            Ok(1)
        );
    }

    #[test]
    fn what_was_taken_for_unknown_may_become_known_and_nothing_else() {
        let state = after(vec![pedir(), iniciar(false), desconocer(1), desconocer(1)]);
        assert_eq!(state.estado, EstadoNotificacion::Desconocida);
        assert!(decide(&state, iniciar(true)).is_err());
        let known = after(vec![pedir(), iniciar(false), desconocer(1), confirmar(1)]);
        assert_eq!(known.estado, EstadoNotificacion::Enviada);
        assert!(decide(&known, iniciar(true)).is_err());
        // Refused for good after all; one that would be tried again stays unknown.
        let fallar = |definitivo| NotificacionCommand::Fallar {
            intento: 1,
            codigo: "smtp_550".into(),
            definitivo,
            fecha: AT,
        };
        for (definitivo, estado) in [
            (true, EstadoNotificacion::Fallida),
            (false, EstadoNotificacion::Desconocida),
        ] {
            let all = vec![pedir(), iniciar(false), desconocer(1), fallar(definitivo)];
            assert_eq!(after(all).estado, estado);
        }
        // A person has it sent again, and what was sent is not.
        let reabrir = || NotificacionCommand::Reabrir(AT);
        let again = after(vec![pedir(), iniciar(false), desconocer(1), reabrir()]);
        assert_eq!(again.estado, EstadoNotificacion::Pedida);
        assert!(decide(&again, iniciar(false)).is_ok());
        assert_eq!(decide(&known, reabrir()), Ok(Vec::new()));
        // Of an earlier try: it says nothing about the one that is under way.
        let state = after(vec![pedir(), iniciar(true), iniciar(true), confirmar(1)]);
        assert_eq!(state.estado, EstadoNotificacion::Enviando);
    }

    #[test]
    fn what_nobody_asked_for_is_not_sent() {
        let none = Notificacion::default();
        assert_eq!(
            decide(&none, iniciar(true)),
            Err(NotificacionError::SinPedir)
        );
    }
}
