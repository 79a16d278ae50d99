//! The three topics that ask the anonymiser for something, and what they become.
//!
//! Promises: the patient and the address are turned into pseudonyms here, at the edge, and go no
//! further; a message without an ingesta is refused for good.

use ingesta_kafka::inbox::HandleError;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Anonimizado, AnonimizadoCommand, Anonimizar, Limpiar, Revertir, Seudonimizador, Seudonimos,
};
use crate::fallos::{INYECTADO, Paso};
use crate::mensajes::{Recibido, Topico, ahora, id_anonimizado};
use crate::neighbour::Orden;

type Asked<P> = Result<(String, AnonimizadoCommand, P), HandleError>;

/// A field that says something.
fn said(field: Option<&String>) -> Option<&str> {
    field
        .map(|text| text.trim())
        .filter(|text| !text.is_empty())
}

/// The ingesta that the data names, which is the key's where there is a key.
fn ingesta<D>(recibido: &Recibido<D>, field: Option<&String>) -> Result<Uuid, HandleError> {
    let Some(text) = said(field) else {
        return recibido.clave.ok_or_else(|| {
            HandleError::poison("id_ingesta_requerido", "the message names no ingesta")
        });
    };
    let id = Uuid::parse_str(text)
        .map_err(|_| HandleError::poison("id_ingesta_invalido", "id_ingesta is no uuid"))?;
    match recibido.clave {
        Some(key) if key != id => Err(HandleError::poison(
            "clave_distinta",
            "the key of the message names another ingesta than its data",
        )),
        Some(_) | None => Ok(id),
    }
}

/// The anonymised study that the data names.
fn anonimizado(field: Option<&String>) -> Result<Uuid, HandleError> {
    let text = said(field).ok_or_else(|| {
        HandleError::poison("id_anonimizado_requerido", "the message names no study")
    })?;
    Uuid::parse_str(text)
        .map_err(|_| HandleError::poison("id_anonimizado_invalido", "id_anonimizado is no uuid"))
}

/// `comando-iniciar-anonimizado`.
pub(super) struct PedirAnonimizado(pub(super) Seudonimizador);

#[derive(Deserialize)]
pub(super) struct PedirAnonimizadoDatos {
    id_ingesta: Option<String>,
    id_paciente: Option<String>,
    url_path: Option<String>,
}

impl PedirAnonimizado {
    fn seudonimos(&self, datos: &PedirAnonimizadoDatos) -> Result<Seudonimos, &'static str> {
        let paciente = said(datos.id_paciente.as_ref()).ok_or("id_paciente_requerido")?;
        let url = said(datos.url_path.as_ref()).ok_or("url_path_requerido")?;
        Ok(self.0.seudonimos(paciente, url))
    }
}

impl Orden for PedirAnonimizado {
    type Agregado = Anonimizado;
    type Datos = PedirAnonimizadoDatos;
    type Pedido = (Uuid, Option<Seudonimos>);

    fn topico(&self) -> Topico {
        Topico::IniciarAnonimizado
    }

    fn paso(&self) -> Paso {
        Paso::Anonimizar
    }

    fn orden(&self, recibido: &Recibido<Self::Datos>, rechazar: bool) -> Asked<Self::Pedido> {
        let id_ingesta = ingesta(recibido, recibido.datos.id_ingesta.as_ref())?;
        let seudonimos = self.seudonimos(&recibido.datos);
        let asked = (id_ingesta, seudonimos.clone().ok());
        let seudonimos = if rechazar { Err(INYECTADO) } else { seudonimos };
        let command = AnonimizadoCommand::Anonimizar(Anonimizar {
            id_ingesta,
            seudonimos,
            fecha: ahora(),
        });
        Ok((id_anonimizado(id_ingesta).to_string(), command, asked))
    }
}

/// `comando-limpiar-ingesta`.
pub(super) struct PedirLimpieza;

#[derive(Deserialize)]
pub(super) struct PedirLimpiezaDatos {
    id_ingesta: Option<String>,
}

impl Orden for PedirLimpieza {
    type Agregado = Anonimizado;
    type Datos = PedirLimpiezaDatos;
    type Pedido = Uuid;

    fn topico(&self) -> Topico {
        Topico::LimpiarIngesta
    }

    fn paso(&self) -> Paso {
        Paso::Limpiar
    }

    fn orden(&self, recibido: &Recibido<Self::Datos>, rechazar: bool) -> Asked<Uuid> {
        let id_ingesta = ingesta(recibido, recibido.datos.id_ingesta.as_ref())?;
        let command = AnonimizadoCommand::Limpiar(Limpiar {
            id_ingesta,
            rechazo: rechazar.then_some(INYECTADO),
            fecha: ahora(),
        });
        Ok((id_anonimizado(id_ingesta).to_string(), command, id_ingesta))
    }
}

/// `comando-revertir-anonimizado`.
pub(super) struct PedirReversion;

#[derive(Deserialize)]
pub(super) struct PedirReversionDatos {
    id_anonimizado: Option<String>,
}

impl Orden for PedirReversion {
    type Agregado = Anonimizado;
    type Datos = PedirReversionDatos;
    type Pedido = Uuid;

    fn topico(&self) -> Topico {
        Topico::RevertirAnonimizado
    }

    fn paso(&self) -> Paso {
        Paso::Revertir
    }

    /// An undoing is never refused: where it would be, nothing could be put right.
    fn orden(&self, recibido: &Recibido<Self::Datos>, _rechazar: bool) -> Asked<Uuid> {
        let id = anonimizado(recibido.datos.id_anonimizado.as_ref())?;
        let command = AnonimizadoCommand::Revertir(Revertir {
            id_ingesta: recibido.clave,
            fecha: ahora(),
        });
        Ok((id.to_string(), command, id))
    }
}
