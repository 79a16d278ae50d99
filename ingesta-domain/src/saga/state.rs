//! What the events of a saga add up to.
//!
//! It promises a total [`apply`]: any event on any state gives a state, without a panic.
//! No rule lives here: whether an event may happen was decided before it was stored (`decide.rs`).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    ComandoSaga, Envio, EstadoSaga, FinIngesta, MotivoSaga, Orden, Paso, Plan, SagaEvent,
    SagaIniciada,
};
use crate::valor::{Codigo, Modalidad};

/// One saga; before its first event it does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaIngesta {
    /// The processing began before the saga, and the ingesta has not ended.
    pub(super) adelantado: bool,
    pub(super) datos: Option<DatosSaga>,
}

/// What is known of a saga that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatosSaga {
    /// Where it is.
    pub estado: EstadoSaga,
    /// The kind of device, where it is known.
    pub modalidad: Option<Modalidad>,
    /// How patient it is.
    pub plan: Plan,
    /// The steps that are done and not reverted, in the order in which they were done.
    pub hechos: Vec<Paso>,
    /// What is still to be reverted, next first; the first is under way.
    pub por_revertir: Vec<Paso>,
    /// The steps that are reverted, in the order in which they were.
    pub revertidos: Vec<Paso>,
    /// The sending whose answer it waits for.
    pub espera: Option<Envio>,
    /// The latest sending of all.
    pub ultimo: Option<Envio>,
    /// The latest command that the ingesta was asked for.
    pub comando: Option<ComandoSaga>,
    /// The code with which that command was refused.
    pub rechazo: Option<Codigo>,
    /// Why it turned back, or waits for a person.
    pub motivo: Option<MotivoSaga>,
    /// How its ingesta ended.
    pub fin: Option<FinIngesta>,
    /// When it began.
    pub fecha_creacion: DateTime<Utc>,
    /// Since when it is where it is.
    pub desde: DateTime<Utc>,
}

impl SagaIngesta {
    /// Where it is; `None` if it has not begun.
    #[must_use]
    pub fn estado(&self) -> Option<EstadoSaga> {
        self.datos.as_ref().map(|datos| datos.estado)
    }

    /// What is known of it; `None` if it has not begun.
    #[must_use]
    pub const fn datos(&self) -> Option<&DatosSaga> {
        self.datos.as_ref()
    }
}

impl DatosSaga {
    /// Whether it has asked more often than its plan says, and goes on asking.
    #[must_use]
    pub fn atascada(&self) -> bool {
        let agotado = |envio: &Envio| envio.intento > self.plan.intentos;
        self.espera.as_ref().is_some_and(agotado)
    }

    /// What would have to be reverted if it turned back here, the latest first: what is under way
    /// may have been done, so it is among them.
    #[must_use]
    pub fn por_deshacer(&self) -> Vec<Paso> {
        match self.estado {
            EstadoSaga::Compensando => self.por_revertir.clone(),
            EstadoSaga::Iniciando
            | EstadoSaga::Anonimizando
            | EstadoSaga::Etiquetando
            | EstadoSaga::Limpiando
            | EstadoSaga::Finalizando
            | EstadoSaga::Alertada
            | EstadoSaga::Revirtiendo
            | EstadoSaga::Finalizada
            | EstadoSaga::Fallida
            | EstadoSaga::Eliminada
            | EstadoSaga::Rechazada
            | EstadoSaga::SinEfecto
            | EstadoSaga::Abandonada => {
                let en_curso = self.espera.map(|envio| envio.orden.paso());
                let hechos = self.hechos.iter().rev().copied();
                let pasos = en_curso.into_iter().chain(hechos);
                pasos.filter(|paso| paso.reversion().is_some()).collect()
            }
        }
    }

    fn pasar(&mut self, estado: EstadoSaga, fecha: DateTime<Utc>) {
        if self.estado != estado {
            self.desde = fecha;
        }
        self.estado = estado;
    }
}

/// The state in which the saga waits for the answer to this order.
const fn al_enviar(orden: Orden) -> EstadoSaga {
    match orden {
        Orden::IniciarAnonimizado => EstadoSaga::Anonimizando,
        Orden::IniciarEtiquetado => EstadoSaga::Etiquetando,
        Orden::LimpiarIngesta => EstadoSaga::Limpiando,
        Orden::RevertirEtiquetado | Orden::RevertirAnonimizado => EstadoSaga::Compensando,
    }
}

/// The state in which the saga waits for what this command leads to.
const fn al_pedir(comando: ComandoSaga) -> EstadoSaga {
    match comando {
        ComandoSaga::IniciarProceso => EstadoSaga::Iniciando,
        ComandoSaga::FinalizarIngesta => EstadoSaga::Finalizando,
        ComandoSaga::AlertarIngesta => EstadoSaga::Alertada,
        ComandoSaga::RevertirIngesta => EstadoSaga::Revirtiendo,
    }
}

fn iniciar(e: SagaIniciada) -> DatosSaga {
    DatosSaga {
        estado: EstadoSaga::Iniciando,
        modalidad: e.modalidad,
        plan: e.plan,
        hechos: Vec::new(),
        por_revertir: Vec::new(),
        revertidos: Vec::new(),
        espera: None,
        ultimo: None,
        comando: None,
        rechazo: None,
        motivo: None,
        fin: None,
        fecha_creacion: e.fecha,
        desde: e.fecha,
    }
}

/// Folds one event into the state.
///
/// An event that does not begin a saga and finds none changes nothing: there is nothing to change.
pub fn apply(saga: &mut SagaIngesta, event: SagaEvent) {
    match (event, saga.datos.as_mut()) {
        (SagaEvent::ProcesoAdelantado(_), _) => saga.adelantado = true,
        (SagaEvent::SagaIniciada(e), _) => saga.datos = Some(iniciar(e)),
        (event, Some(datos)) => seguir(datos, event),
        (SagaEvent::IngestaTerminada(_), None) => saga.adelantado = false,
        (_, None) => {}
    }
}

pub(super) fn seguir(datos: &mut DatosSaga, event: SagaEvent) {
    match event {
        SagaEvent::ProcesoAdelantado(_) | SagaEvent::SagaIniciada(_) => {}
        SagaEvent::ComandoPedido(e) => {
            datos.pasar(al_pedir(e.comando), e.fecha);
            datos.comando = Some(e.comando);
            datos.rechazo = None;
            if e.motivo.is_some() {
                datos.motivo = e.motivo;
            }
        }
        SagaEvent::OrdenEnviada(e) => {
            datos.pasar(al_enviar(e.envio.orden), e.fecha);
            (datos.espera, datos.ultimo) = (Some(e.envio), Some(e.envio));
        }
        SagaEvent::PasoHecho(e) => {
            datos.espera = None;
            datos.hechos.push(e.envio.orden.paso());
        }
        SagaEvent::PasoFallido(e) => {
            datos.espera = None;
            let paso = e.envio.orden.paso();
            datos.motivo = Some(MotivoSaga::del_paso(e.causa, paso, e.codigo));
        }
        SagaEvent::CompensacionIniciada(e) => {
            datos.pasar(EstadoSaga::Compensando, e.fecha);
            (datos.espera, datos.por_revertir) = (None, e.pasos);
            datos.motivo = Some(e.motivo);
        }
        SagaEvent::PasoRevertido(e) => {
            let paso = e.envio.orden.paso();
            datos.espera = None;
            datos.hechos.retain(|hecho| *hecho != paso);
            datos.por_revertir.retain(|otro| *otro != paso);
            datos.revertidos.push(paso);
        }
        SagaEvent::ComandoRechazado(e) => datos.rechazo = Some(e.codigo),
        SagaEvent::IngestaTerminada(e) => datos.fin = Some(e.fin),
        SagaEvent::SagaAbandonada(e) => {
            datos.pasar(EstadoSaga::Abandonada, e.fecha);
            datos.espera = None;
        }
        SagaEvent::SagaTerminada(e) => {
            datos.pasar(e.estado, e.fecha);
            datos.espera = None;
        }
    }
}
