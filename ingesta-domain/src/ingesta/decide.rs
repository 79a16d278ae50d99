//! The rules of an ingesta: one function per command, one arm per state.
//!
//! It promises a synchronous, pure answer: events, nothing (already done) or a refusal with the state.
//! There is no catch-all arm: a new state stops the build here until somebody decides.
//! It changes nothing; who stores the events folds them with `apply`.

use super::{
    AlertarIngesta, CrearIngesta, EliminarIngesta, FinalizarIngesta, Ingesta, IngestaAlertada,
    IngestaCommand, IngestaCreada, IngestaEliminada, IngestaError, IngestaEvent, IngestaFinalizada,
    IngestaRechazada, IngestaRevertida, IniciarProceso, ProcesoIniciado, RechazarIngesta,
    RevertirIngesta,
};
use crate::valor::EstadoIngesta;
use EstadoIngesta::{Alertada, Creada, Eliminada, Fallida, Finalizada, Pendiente, Rechazada};

type Decision = Result<Vec<IngestaEvent>, IngestaError>;

/// Decides what a command does to an ingesta. An empty list means: already done.
///
/// # Errors
/// [`IngestaError`], with the current state where the state is what forbids the command.
pub fn decide(ingesta: &Ingesta, command: IngestaCommand) -> Decision {
    let comando = command.tipo();
    let Some(estado) = ingesta.estado() else {
        return match command {
            IngestaCommand::CrearIngesta(c) => crear(c),
            IngestaCommand::IniciarProceso(_)
            | IngestaCommand::RechazarIngesta(_)
            | IngestaCommand::FinalizarIngesta(_)
            | IngestaCommand::RevertirIngesta(_)
            | IngestaCommand::EliminarIngesta(_)
            | IngestaCommand::AlertarIngesta(_) => Err(IngestaError::IngestaNoExiste),
        };
    };
    let prohibido = IngestaError::TransicionInvalida { estado, comando };
    match command {
        IngestaCommand::CrearIngesta(_) => Err(IngestaError::IngestaYaExiste { estado }),
        IngestaCommand::IniciarProceso(c) => iniciar(estado, &c, prohibido),
        IngestaCommand::RechazarIngesta(c) => rechazar(estado, c, prohibido),
        IngestaCommand::FinalizarIngesta(c) => finalizar(estado, &c, prohibido),
        IngestaCommand::RevertirIngesta(c) => revertir(estado, c, prohibido),
        IngestaCommand::EliminarIngesta(c) => eliminar(estado, &c, prohibido),
        IngestaCommand::AlertarIngesta(c) => alertar(estado, c, prohibido),
    }
}

/// The values are checked where they enter; checked again here, because a value that was read with
/// `Deserialize` has not been, and what is created now must obey the rule of now.
fn crear(c: CrearIngesta) -> Decision {
    c.url_path.comprobar()?;
    c.hechos.comprobar()?;
    uno(IngestaCreada {
        id_proveedor: c.id_proveedor,
        id_paciente: c.id_paciente,
        url_path: c.url_path,
        hechos: c.hechos,
        fecha_creacion: c.fecha,
    })
}

fn iniciar(estado: EstadoIngesta, c: &IniciarProceso, prohibido: IngestaError) -> Decision {
    match estado {
        Creada => uno(ProcesoIniciado { fecha: c.fecha }),
        Pendiente => ya_hecho(),
        Rechazada | Finalizada | Eliminada | Fallida | Alertada => Err(prohibido),
    }
}

fn rechazar(estado: EstadoIngesta, c: RechazarIngesta, prohibido: IngestaError) -> Decision {
    match estado {
        Creada | Pendiente if c.motivos.is_empty() => Err(IngestaError::SinMotivos),
        Creada | Pendiente => uno(IngestaRechazada {
            motivos: c.motivos,
            fecha: c.fecha,
        }),
        Rechazada => ya_hecho(),
        Finalizada | Eliminada | Fallida | Alertada => Err(prohibido),
    }
}

fn finalizar(estado: EstadoIngesta, c: &FinalizarIngesta, prohibido: IngestaError) -> Decision {
    match estado {
        Pendiente | Alertada => uno(IngestaFinalizada { fecha: c.fecha }),
        Finalizada => ya_hecho(),
        Creada | Rechazada | Eliminada | Fallida => Err(prohibido),
    }
}

fn revertir(estado: EstadoIngesta, c: RevertirIngesta, prohibido: IngestaError) -> Decision {
    match estado {
        Creada | Pendiente | Alertada => {
            c.motivo.comprobar()?;
            uno(IngestaRevertida {
                motivo: c.motivo,
                fecha_eliminacion: c.fecha,
            })
        }
        Fallida => ya_hecho(),
        Rechazada | Finalizada | Eliminada => Err(prohibido),
    }
}

/// Not while Pendiente: someone is working on the data, and pulling it away would tear that work.
fn eliminar(estado: EstadoIngesta, c: &EliminarIngesta, prohibido: IngestaError) -> Decision {
    match estado {
        Creada | Alertada => uno(IngestaEliminada {
            fecha_eliminacion: c.fecha,
        }),
        Eliminada => ya_hecho(),
        Pendiente | Rechazada | Finalizada | Fallida => Err(prohibido),
    }
}

fn alertar(estado: EstadoIngesta, c: AlertarIngesta, prohibido: IngestaError) -> Decision {
    match estado {
        Pendiente => {
            c.motivo.comprobar()?;
            uno(IngestaAlertada {
                motivo: c.motivo,
                fecha: c.fecha,
            })
        }
        Alertada => ya_hecho(),
        Creada | Rechazada | Finalizada | Eliminada | Fallida => Err(prohibido),
    }
}

fn uno(event: impl Into<IngestaEvent>) -> Decision {
    Ok(vec![event.into()])
}

fn ya_hecho() -> Decision {
    Ok(Vec::new())
}
