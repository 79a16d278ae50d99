//! `SagaVista`: the log of one saga as clients and operators read it: where it is, since when, what it
//! waits for, and what has happened.
//!
//! Promises: no free text; no rule is run again but the domain's own fold; it stays small, however
//! often an order is sent again.

use chrono::{DateTime, Utc};
use cqrs_es::{EventEnvelope, View};
use ingesta_domain::saga::{DatosSaga, apply};
use ingesta_domain::saga::{
    Envio, EstadoSaga, FinIngesta, MotivoSaga, Paso, SagaEvent, SagaIngesta,
};
use ingesta_domain::valor::IdIngesta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::suceso::{Suceso, suceso};
use crate::saga::SagaDeIngesta;

/// The view of one saga; empty before it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaVista {
    id_ingesta: Option<IdIngesta>,
    saga: SagaIngesta,
    historia: Vec<Suceso>,
    vence: Option<DateTime<Utc>>,
    fecha_actualizacion: Option<DateTime<Utc>>,
    version: u64,
}

/// What a client reads of a saga.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Saga)]
pub struct FilaSaga {
    /// The ingesta that it leads to its end.
    #[schema(value_type = uuid::Uuid)]
    pub id_ingesta: IdIngesta,
    /// Where it is.
    #[schema(value_type = String, example = "Etiquetando")]
    pub estado: EstadoSaga,
    /// Since when.
    pub desde: DateTime<Utc>,
    /// What it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub espera: Option<Espera>,
    /// Whether it has asked more often than planned and still asks: somebody should look.
    pub atascada: bool,
    /// The steps that are done and not reverted.
    #[schema(value_type = Vec<String>)]
    pub pasos_hechos: Vec<Paso>,
    /// The steps that are still to be reverted, next first.
    #[schema(value_type = Vec<String>)]
    pub por_revertir: Vec<Paso>,
    /// The steps that are reverted.
    #[schema(value_type = Vec<String>)]
    pub revertidos: Vec<Paso>,
    /// Why it turned back, or waits for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub motivo: Option<MotivoSaga>,
    /// The code with which the ingesta refused the latest command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rechazo: Option<String>,
    /// How its ingesta ended, as far as the saga knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub fin: Option<FinIngesta>,
    /// What has happened, in order.
    pub historia: Vec<Suceso>,
    /// When it began.
    pub fecha_creacion: DateTime<Utc>,
    /// When its latest event happened.
    pub fecha_actualizacion: DateTime<Utc>,
    /// The number of its events so far; also its `ETag`.
    pub version: u64,
}

/// What a saga waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Espera {
    /// What is to come: an answer to this order, the outcome of this command, or a person.
    #[schema(example = "IniciarEtiquetado")]
    pub de: String,
    /// The how-manieth sending of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intento: Option<u32>,
    /// When it is asked for again, or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vence: Option<DateTime<Utc>>,
}

impl SagaVista {
    /// The row; `None` if the saga has not begun.
    #[must_use]
    pub fn fila(self) -> Option<FilaSaga> {
        let datos = self.saga.datos()?.clone();
        Some(FilaSaga {
            id_ingesta: self.id_ingesta?,
            espera: espera(&datos, self.vence),
            atascada: datos.atascada(),
            estado: datos.estado,
            desde: datos.desde,
            pasos_hechos: datos.hechos,
            por_revertir: datos.por_revertir,
            revertidos: datos.revertidos,
            motivo: datos.motivo,
            rechazo: datos.rechazo.map(|codigo| codigo.to_string()),
            fin: datos.fin,
            historia: self.historia,
            fecha_creacion: datos.fecha_creacion,
            fecha_actualizacion: self.fecha_actualizacion?,
            version: self.version,
        })
    }
}

fn espera(datos: &DatosSaga, vence: Option<DateTime<Utc>>) -> Option<Espera> {
    if datos.estado.es_final() {
        return None;
    }
    if let Some(Envio { orden, intento, .. }) = datos.espera {
        return Some(Espera {
            de: orden.to_string(),
            intento: Some(intento),
            vence,
        });
    }
    let de = if datos.estado == EstadoSaga::Alertada {
        "una persona".to_owned()
    } else {
        datos.comando?.to_string()
    };
    Some(Espera {
        de,
        intento: None,
        vence: None,
    })
}

impl View<SagaDeIngesta> for SagaVista {
    fn update(&mut self, event: &EventEnvelope<SagaDeIngesta>) {
        // A stream whose id is no uuid was not written by this system and has no row.
        self.id_ingesta = event.aggregate_id.parse().ok();
        self.version = u64::try_from(event.sequence).unwrap_or(u64::MAX);
        self.fecha_actualizacion = Some(event.payload.fecha());
        self.vence = None;
        if let SagaEvent::OrdenEnviada(e) = &event.payload {
            let espera = i64::try_from(e.espera_ms).unwrap_or(i64::MAX);
            let espera = chrono::TimeDelta::try_milliseconds(espera);
            self.vence = espera.and_then(|espera| e.fecha.checked_add_signed(espera));
        }
        suceso(&event.payload).unir(&mut self.historia);
        apply(&mut self.saga, event.payload.clone());
    }
}
