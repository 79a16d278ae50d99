//! The two topics that ask the labeller for something, and what they become.
//!
//! Promises: free words end here: what goes further are the table's own; a message without a study
//! or an ingesta is refused for good, one without a modality is answered with a code.

use std::sync::Arc;

use ingesta_kafka::inbox::HandleError;
use serde::Deserialize;
use uuid::Uuid;

use super::{Descrito, Etiquetado, EtiquetadoCommand, Etiquetar, Etiquetas, Revertir, Tabla};
use crate::fallos::{INYECTADO, Paso};
use crate::mensajes::{Recibido, Topico, ahora, id_etiquetado};
use crate::neighbour::Orden;

type Asked<P> = Result<(String, EtiquetadoCommand, P), HandleError>;

/// The ingesta, which is the key, and the study.
fn both<D>(recibido: &Recibido<D>, field: Option<&String>) -> Result<(Uuid, Uuid), HandleError> {
    let said = field
        .map(|text| text.trim())
        .filter(|text| !text.is_empty());
    let text = said.ok_or_else(|| {
        HandleError::poison("id_anonimizado_requerido", "the message names no study")
    })?;
    let id_anonimizado = Uuid::parse_str(text)
        .map_err(|_| HandleError::poison("id_anonimizado_invalido", "id_anonimizado is no uuid"))?;
    let id_ingesta = recibido.clave.ok_or_else(|| {
        HandleError::poison(
            "sin_ingesta",
            "the message has no key that names an ingesta",
        )
    })?;
    Ok((id_ingesta, id_anonimizado))
}

/// `comando-iniciar-etiquetado`.
pub(super) struct PedirEtiquetado(pub(super) Arc<Tabla>);

#[derive(Deserialize)]
pub(super) struct PedirEtiquetadoDatos {
    id_anonimizado: Option<String>,
    modalidad: Option<String>,
    region_anatomica: Option<String>,
    patologia: Option<String>,
}

impl Orden for PedirEtiquetado {
    type Agregado = Etiquetado;
    type Datos = PedirEtiquetadoDatos;
    type Pedido = (Uuid, Uuid, Option<Etiquetas>);

    fn topico(&self) -> Topico {
        Topico::IniciarEtiquetado
    }

    fn paso(&self) -> Paso {
        Paso::Etiquetar
    }

    fn orden(&self, recibido: &Recibido<Self::Datos>, rechazar: bool) -> Asked<Self::Pedido> {
        let datos = &recibido.datos;
        let (id_ingesta, id_anonimizado) = both(recibido, datos.id_anonimizado.as_ref())?;
        let etiquetas = self.0.etiquetas(&Descrito {
            modalidad: datos.modalidad.as_deref(),
            region_anatomica: datos.region_anatomica.as_deref(),
            patologia: datos.patologia.as_deref(),
        });
        let asked = (id_ingesta, id_anonimizado, etiquetas.clone().ok());
        let command = EtiquetadoCommand::Etiquetar(Etiquetar {
            id_ingesta,
            id_anonimizado,
            etiquetas: if rechazar { Err(INYECTADO) } else { etiquetas },
            fecha: ahora(),
        });
        Ok((id_etiquetado(id_anonimizado).to_string(), command, asked))
    }
}

/// `comando-revertir-etiquetado`.
pub(super) struct PedirReversion;

#[derive(Deserialize)]
pub(super) struct PedirReversionDatos {
    id_etiquetado: Option<String>,
    id_anonimizado: Option<String>,
}

impl Orden for PedirReversion {
    type Agregado = Etiquetado;
    type Datos = PedirReversionDatos;
    type Pedido = (Uuid, Uuid);

    fn topico(&self) -> Topico {
        Topico::RevertirEtiquetado
    }

    fn paso(&self) -> Paso {
        Paso::Revertir
    }

    /// An undoing is never refused: where it would be, nothing could be put right.
    fn orden(&self, recibido: &Recibido<Self::Datos>, _rechazar: bool) -> Asked<(Uuid, Uuid)> {
        let datos = &recibido.datos;
        let (id_ingesta, id_anonimizado) = both(recibido, datos.id_anonimizado.as_ref())?;
        let id = id_etiquetado(id_anonimizado).to_string();
        if datos.id_etiquetado.as_ref().is_some_and(|said| *said != id) {
            return Err(HandleError::poison(
                "id_etiquetado_distinto",
                "id_etiquetado is not the one of this study",
            ));
        }
        let command = EtiquetadoCommand::Revertir(Revertir {
            id_ingesta,
            id_anonimizado,
            fecha: ahora(),
        });
        Ok((id, command, (id_ingesta, id_anonimizado)))
    }
}
