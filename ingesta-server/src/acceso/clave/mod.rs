//! A key as an aggregate of the log: made once, revoked once, and nothing of its secret but a hash.
//!
//! Promises: what was ever a key stays readable in the log, with who may still use it; a revoked one
//! never works again.

mod event;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use ingesta_domain::valor::IdProveedor;
use serde::{Deserialize, Serialize};

pub use event::{ClaveCreada, ClaveEvent, ClaveRevocada};

use super::{Principal, Rol};

/// Make a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CrearClave {
    /// What it is called.
    pub nombre: String,
    /// What it may do.
    pub rol: Rol,
    /// Whose it is; exactly where the role is that of a provider.
    pub id_proveedor: Option<IdProveedor>,
    /// The hash of its secret.
    pub huella: String,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// What is asked of a key.
#[derive(Clone, Debug)]
pub enum ClaveCommand {
    /// Make it.
    Crear(CrearClave),
    /// Revoke it.
    Revocar(DateTime<Utc>),
}

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaveError {
    /// There is one under this id.
    #[error("there is a key of this id already")]
    YaExiste,
    /// There is none.
    #[error("there is no key of this id")]
    NoExiste,
    /// Characters that have no place in a log line, or too many.
    #[error("a key's name has 1 to 100 characters, none of them a control character")]
    Nombre,
    /// A provider without an id, or an id without a provider.
    #[error("a provider's key names its provider, and no other key does")]
    Proveedor,
}

/// One key; before its first event there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaveApi {
    pub(super) creada: Option<ClaveCreada>,
    pub(super) revocada: Option<DateTime<Utc>>,
}

impl ClaveApi {
    /// Whom it stands for, while it works.
    #[must_use]
    pub fn principal(&self) -> Option<Principal> {
        let creada = self.creada.as_ref().filter(|_| self.revocada.is_none())?;
        match creada.id_proveedor {
            Some(id) => Some(Principal::proveedor(&creada.nombre, id)),
            None => Principal::de_casa(&creada.nombre, creada.rol),
        }
    }

    fn decide(&self, command: ClaveCommand) -> Result<Vec<ClaveEvent>, ClaveError> {
        match (command, &self.creada) {
            (ClaveCommand::Crear(_), Some(_)) => Err(ClaveError::YaExiste),
            (ClaveCommand::Crear(c), None) => {
                let sound = |name: &str| !name.is_empty() && name.chars().count() <= 100;
                if !sound(&c.nombre) || c.nombre.chars().any(char::is_control) {
                    return Err(ClaveError::Nombre);
                }
                if (c.rol == Rol::Proveedor) != c.id_proveedor.is_some() {
                    return Err(ClaveError::Proveedor);
                }
                Ok(vec![ClaveEvent::ClaveCreada(ClaveCreada {
                    nombre: c.nombre,
                    rol: c.rol,
                    id_proveedor: c.id_proveedor,
                    huella: c.huella,
                    fecha: c.fecha,
                })])
            }
            (ClaveCommand::Revocar(_), None) => Err(ClaveError::NoExiste),
            (ClaveCommand::Revocar(_), Some(_)) if self.revocada.is_some() => Ok(Vec::new()),
            (ClaveCommand::Revocar(fecha), Some(_)) => {
                Ok(vec![ClaveEvent::ClaveRevocada(ClaveRevocada { fecha })])
            }
        }
    }
}

impl Aggregate for ClaveApi {
    const TYPE: &'static str = "ClaveApi";
    type Command = ClaveCommand;
    type Event = ClaveEvent;
    type Error = ClaveError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match event {
            ClaveEvent::ClaveCreada(e) => self.creada = Some(e),
            ClaveEvent::ClaveRevocada(e) => self.revocada = Some(e.fecha),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn crear(rol: Rol, id_proveedor: Option<&str>) -> ClaveCommand {
        ClaveCommand::Crear(CrearClave {
            nombre: "hospital".into(),
            rol,
            id_proveedor: id_proveedor.map(|id| id.parse().expect("an id")),
            huella: "00".into(),
            fecha: AT,
        })
    }

    fn after(commands: Vec<ClaveCommand>) -> ClaveApi {
        let mut state = ClaveApi::default();
        for command in commands {
            for event in state.decide(command).expect("it makes sense") {
                state.apply(event);
            }
        }
        state
    }

    #[test]
    fn a_revoked_key_stands_for_nobody_and_stays_so() {
        let own = "7c765929-ba20-5eb7-b700-4b795e6520e1";
        let made = after(vec![crear(Rol::Proveedor, Some(own))]);
        let principal = made.principal().expect("it works");
        assert_eq!(principal.solo(), Some(own.parse().expect("an id")));
        let revoked = [ClaveCommand::Revocar(AT), ClaveCommand::Revocar(AT)];
        let gone = after([&[crear(Rol::Admin, None)][..], &revoked].concat());
        assert_eq!(gone.principal(), None);
        let again = gone.decide(crear(Rol::Admin, None));
        assert_eq!(again, Err(ClaveError::YaExiste));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let none = ClaveApi::default();
        let own = "7c765929-ba20-5eb7-b700-4b795e6520e1";
        for (rol, id) in [(Rol::Proveedor, None), (Rol::Admin, Some(own))] {
            assert_eq!(none.decide(crear(rol, id)), Err(ClaveError::Proveedor));
        }
        let revoked = none.decide(ClaveCommand::Revocar(AT));
        assert_eq!(revoked, Err(ClaveError::NoExiste));
        for nombre in ["", "a\nb", &"x".repeat(101)] {
            let ClaveCommand::Crear(named) = crear(Rol::Admin, None) else {
                panic!("it is made of that");
            };
            let nombre = nombre.to_owned();
            let command = ClaveCommand::Crear(CrearClave { nombre, ..named });
            assert_eq!(none.decide(command), Err(ClaveError::Nombre));
        }
    }
}
