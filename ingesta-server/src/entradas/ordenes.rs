//! What each topic of commands carries, and the command that it becomes.
//!
//! Every field may be null on the wire, as the first systems declare them; what is missing is refused
//! by the same check as at the HTTP door. It executes nothing.

use chrono::{DateTime, Utc};
use ingesta_domain::ingesta::{CrearIngesta, EliminarIngesta, RevertirIngesta};
use ingesta_domain::valor::{IdIngesta, Motivo, ValorError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::comandos::{ComandoDeIngesta, CrearIngestaRecibida};

/// A topic of commands.
pub(super) trait Orden: Send + Sync + 'static {
    /// The data of its messages.
    type Datos: DeserializeOwned + Send;
    /// What they ask for.
    type Comando: ComandoDeIngesta;
    /// The command in a message that was received at `fecha`, and the ingesta that it is for.
    fn orden(
        datos: Self::Datos,
        fecha: DateTime<Utc>,
    ) -> Result<(IdIngesta, Self::Comando), ValorError>;
}

/// `comando-crear-ingesta`.
pub(super) struct Crear;

#[derive(Deserialize)]
pub(super) struct CrearDatos {
    id_proveedor: Option<String>,
    id_paciente: Option<String>,
    url_path: Option<String>,
}

impl Orden for Crear {
    type Datos = CrearDatos;
    type Comando = CrearIngesta;

    fn orden(
        datos: CrearDatos,
        fecha: DateTime<Utc>,
    ) -> Result<(IdIngesta, CrearIngesta), ValorError> {
        let recibida = CrearIngestaRecibida {
            id_proveedor: datos.id_proveedor.unwrap_or_default(),
            id_paciente: datos.id_paciente.unwrap_or_default(),
            url_path: datos.url_path.unwrap_or_default(),
            ..CrearIngestaRecibida::default()
        };
        // A new id at every delivery: the name of the command finds the first one's again.
        let id = IdIngesta::from(Uuid::now_v7());
        Ok((id, recibida.comprobada(fecha)?))
    }
}

/// The data of a command on an ingesta that says no more than which.
#[derive(Deserialize)]
pub(super) struct CualDatos {
    id_ingesta: Option<String>,
}

/// A command whose message says no more than which ingesta it is for.
pub(super) trait SobreUna: ComandoDeIngesta + Sized {
    /// The command, received at `fecha`.
    fn recibida(fecha: DateTime<Utc>) -> Result<Self, ValorError>;
}

/// `comando-eliminar-ingesta`.
impl SobreUna for EliminarIngesta {
    fn recibida(fecha: DateTime<Utc>) -> Result<Self, ValorError> {
        Ok(Self { fecha })
    }
}

/// The message says no reason, and the command needs one.
const MOTIVO: &str = "revertida por un comando recibido sin motivo";

/// `comando-revertir-ingesta`.
impl SobreUna for RevertirIngesta {
    fn recibida(fecha: DateTime<Utc>) -> Result<Self, ValorError> {
        let motivo = Motivo::new(MOTIVO)?;
        Ok(Self { motivo, fecha })
    }
}

impl<C: SobreUna> Orden for C {
    type Datos = CualDatos;
    type Comando = C;

    fn orden(datos: CualDatos, fecha: DateTime<Utc>) -> Result<(IdIngesta, C), ValorError> {
        let id = datos.id_ingesta.unwrap_or_default().parse()?;
        Ok((id, C::recibida(fecha)?))
    }
}
