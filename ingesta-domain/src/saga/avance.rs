//! The way forward: one step after the other, each asked for, waited for, asked for again.
//!
//! It promises that an answer counts once and only while it is waited for.

use chrono::{DateTime, Utc};

use super::compensacion::{compensar, revertido, tras_la_limpieza};
use super::{
    Causa, ComandoPedido, ComandoSaga, DatosSaga, Envio, EstadoSaga, MotivoSaga, Orden,
    OrdenEnviada, Paso, PasoFallido, PasoHecho, Plan, Respuesta, SagaEvent,
};
use crate::valor::{Codigo, Modalidad};

/// Asks a neighbour.
pub(super) fn enviar(
    plan: &Plan,
    modalidad: Option<&Modalidad>,
    envio: Envio,
    fecha: DateTime<Utc>,
) -> SagaEvent {
    let espera = plan.espera(envio.intento).as_millis();
    let etiqueta = envio.orden == Orden::IniciarEtiquetado;
    let e = OrdenEnviada {
        envio,
        espera_ms: u64::try_from(espera).unwrap_or(u64::MAX),
        modalidad: modalidad.filter(|_| etiqueta).cloned(),
        fecha,
    };
    e.into()
}

/// Asks the ingesta.
pub(super) fn pedir(
    comando: ComandoSaga,
    motivo: Option<MotivoSaga>,
    fecha: DateTime<Utc>,
) -> SagaEvent {
    let con_motivo = match comando {
        ComandoSaga::AlertarIngesta | ComandoSaga::RevertirIngesta => true,
        ComandoSaga::IniciarProceso | ComandoSaga::FinalizarIngesta => false,
    };
    let e = ComandoPedido {
        comando,
        motivo: motivo.filter(|_| con_motivo),
        fecha,
    };
    e.into()
}

/// What follows from an answer.
pub(super) fn respondido(
    datos: &DatosSaga,
    paso: Paso,
    respuesta: Respuesta,
    vuelta: Option<u32>,
    fecha: DateTime<Utc>,
) -> Vec<SagaEvent> {
    let Some(envio) = esperado(datos, paso, &respuesta) else {
        return Vec::new();
    };
    match respuesta {
        Respuesta::Hecho => hecho(datos, envio, fecha),
        // A refusal of an earlier wish says nothing about this one.
        Respuesta::Rechazado { .. } if vuelta.is_some_and(|vuelta| vuelta != envio.vuelta) => {
            Vec::new()
        }
        Respuesta::Rechazado { codigo } => {
            rechazado(datos, envio, Causa::PasoRechazado, codigo, fecha)
        }
        Respuesta::Revertido { habia } => revertido(datos, envio, habia, fecha),
    }
}

/// The sending that this answer answers, if the saga waits for it.
fn esperado(datos: &DatosSaga, paso: Paso, respuesta: &Respuesta) -> Option<Envio> {
    let hace = match respuesta {
        Respuesta::Hecho | Respuesta::Rechazado { .. } => true,
        Respuesta::Revertido { .. } => false,
    };
    // Better late than refused: a clean-up that was done after all ends the wait for a person.
    let tarde = *respuesta == Respuesta::Hecho && datos.estado == EstadoSaga::Alertada;
    let envio = if tarde { datos.ultimo } else { datos.espera };
    envio.filter(|envio| envio.orden.paso() == paso && envio.orden.hace() == hace)
}

fn hecho(datos: &DatosSaga, envio: Envio, fecha: DateTime<Utc>) -> Vec<SagaEvent> {
    // Only a clean-up is waited for when the ingesta has ended.
    if let Some(fin) = datos.fin {
        let hecho = vec![PasoHecho { envio, fecha }.into()];
        return tras_la_limpieza(datos, fin, hecho, fecha);
    }
    let siguiente = |orden| {
        let envio = Envio::primero(orden);
        enviar(&datos.plan, datos.modalidad.as_ref(), envio, fecha)
    };
    let despues = match envio.orden.paso() {
        Paso::Anonimizado => siguiente(Orden::IniciarEtiquetado),
        Paso::Etiquetado => siguiente(Orden::LimpiarIngesta),
        Paso::Limpieza => pedir(ComandoSaga::FinalizarIngesta, None, fecha),
    };
    vec![PasoHecho { envio, fecha }.into(), despues]
}

/// The step is given up. A clean-up is left to a person, answered or not: what it may have removed
/// cannot be brought back, so turning back by itself could revert what others now rely on.
fn rechazado(
    datos: &DatosSaga,
    envio: Envio,
    causa: Causa,
    codigo: Option<Codigo>,
    fecha: DateTime<Utc>,
) -> Vec<SagaEvent> {
    let paso = envio.orden.paso();
    let motivo = MotivoSaga::del_paso(causa, paso, codigo.clone());
    let e = PasoFallido {
        envio,
        causa,
        codigo,
        fecha,
    };
    let mut eventos = vec![e.into()];
    if let Some(fin) = datos.fin {
        return tras_la_limpieza(datos, fin, eventos, fecha);
    }
    match paso {
        Paso::Limpieza => eventos.push(pedir(ComandoSaga::AlertarIngesta, Some(motivo), fecha)),
        Paso::Anonimizado | Paso::Etiquetado => {
            let quedo = causa == Causa::SinRespuesta;
            let pasos = datos.por_deshacer().into_iter();
            let pasos = pasos.filter(|otro| quedo || *otro != paso).collect();
            eventos.extend(compensar(datos, motivo, pasos, None, fecha));
        }
    }
    eventos
}

/// The time of this sending is over.
pub(super) fn agotado(datos: &DatosSaga, envio: Envio, fecha: DateTime<Utc>) -> Vec<SagaEvent> {
    // What is to be reverted is asked for until it is answered; so is a clean-up that an ingesta which
    // has ended waits for, because there is no person to decide any more.
    if envio.orden.hace() && datos.fin.is_none() && datos.plan.agotado(envio.intento) {
        return rechazado(datos, envio, Causa::SinRespuesta, None, fecha);
    }
    let otro = envio.otro_intento();
    vec![enviar(&datos.plan, datos.modalidad.as_ref(), otro, fecha)]
}
