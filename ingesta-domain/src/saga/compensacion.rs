//! The way back: what was done, or may have been, is reverted, the latest first.
//!
//! It promises that the ingesta is undone last, and that an ingesta that has ended is asked for
//! nothing: the saga then ends as it did. What is anonymised is never reverted while it may be all that
//! is left: a clean-up that was asked for is waited for, and one that was done is the end of the way
//! back, unless the provider has withdrawn the ingesta and wants nothing of it kept.

use chrono::{DateTime, Utc};

use super::avance::{enviar, pedir};
use super::decide::terminar;
use super::state::seguir as seguir_datos;
use super::{
    Causa, ComandoSaga, CompensacionIniciada, DatosSaga, Envio, EstadoSaga, FinIngesta, MotivoSaga,
    Paso, PasoRevertido, SagaEvent,
};

/// Turns back. `fin`: the ingesta has ended so.
pub(super) fn compensar(
    datos: &DatosSaga,
    motivo: MotivoSaga,
    pasos: Vec<Paso>,
    fin: Option<FinIngesta>,
    fecha: DateTime<Utc>,
) -> Vec<SagaEvent> {
    let primero = pasos.first().copied();
    let e = CompensacionIniciada {
        motivo: motivo.clone(),
        pasos,
        // Where the step was given up, its wait has been ended by that.
        pendiente: datos.espera.filter(|_| fin.is_some()),
        fecha,
    };
    vec![
        e.into(),
        seguir(datos, primero, fin.or(datos.fin), Some(motivo), fecha),
    ]
}

/// A step is reverted: the next one, or the end.
pub(super) fn revertido(
    datos: &DatosSaga,
    envio: Envio,
    habia: bool,
    fecha: DateTime<Utc>,
) -> Vec<SagaEvent> {
    let paso = envio.orden.paso();
    let siguiente = datos
        .por_revertir
        .iter()
        .copied()
        .find(|otro| *otro != paso);
    let e = PasoRevertido {
        envio,
        habia,
        fecha,
    };
    let despues = seguir(datos, siguiente, datos.fin, datos.motivo.clone(), fecha);
    vec![e.into(), despues]
}

fn seguir(
    datos: &DatosSaga,
    paso: Option<Paso>,
    fin: Option<FinIngesta>,
    motivo: Option<MotivoSaga>,
    fecha: DateTime<Utc>,
) -> SagaEvent {
    if let Some(orden) = paso.and_then(Paso::reversion) {
        return enviar(&datos.plan, None, Envio::primero(orden), fecha);
    }
    match fin {
        Some(fin) => {
            // Nothing is waited for at this point.
            let datos = DatosSaga {
                espera: None,
                ..datos.clone()
            };
            terminar(&datos, fin.into(), fecha)
        }
        None => pedir(ComandoSaga::RevertirIngesta, motivo, fecha),
    }
}

/// The ingesta has ended: what follows, wherever the saga is.
pub(super) fn al_terminar(
    datos: &DatosSaga,
    fin: FinIngesta,
    fecha: DateTime<Utc>,
) -> Vec<SagaEvent> {
    match datos.estado {
        // It never began.
        EstadoSaga::Iniciando => vec![terminar(datos, EstadoSaga::SinEfecto, fecha)],
        EstadoSaga::Anonimizando
        | EstadoSaga::Etiquetando
        | EstadoSaga::Limpiando
        | EstadoSaga::Finalizando
        | EstadoSaga::Alertada => match fin {
            // It asked for that, or a person decided so: what was done stays.
            FinIngesta::Finalizada => vec![terminar(datos, EstadoSaga::Finalizada, fecha)],
            FinIngesta::Fallida | FinIngesta::Rechazada => match limpieza_sin_saber(datos) {
                Some(envio) if datos.espera == Some(envio) => Vec::new(),
                // A new wish, whose answer is not one that came too late before.
                Some(envio) => vec![enviar(&datos.plan, None, envio.otra_vuelta(), fecha)],
                None => vuelta_de(datos, fin, fecha),
            },
            FinIngesta::Eliminada => vuelta_de(datos, fin, fecha),
        },
        // It goes on to revert what it is reverting, and ends so.
        EstadoSaga::Compensando => Vec::new(),
        EstadoSaga::Revirtiendo => vec![terminar(datos, fin.into(), fecha)],
        EstadoSaga::Finalizada
        | EstadoSaga::Fallida
        | EstadoSaga::Eliminada
        | EstadoSaga::Rechazada
        | EstadoSaga::SinEfecto
        | EstadoSaga::Abandonada => Vec::new(),
    }
}

/// The clean-up that was asked for, where nobody has said what became of it.
fn limpieza_sin_saber(datos: &DatosSaga) -> Option<Envio> {
    let limpieza = datos
        .ultimo
        .filter(|envio| envio.orden.paso() == Paso::Limpieza)?;
    let sin_respuesta = |motivo: &MotivoSaga| motivo.causa == Causa::SinRespuesta;
    let sin_saber = datos.motivo.as_ref().is_some_and(sin_respuesta);
    let no_se_sabe = datos.estado == EstadoSaga::Limpiando
        || (datos.estado == EstadoSaga::Alertada && sin_saber);
    no_se_sabe.then_some(limpieza)
}

/// The way back of an ingesta that has ended, where it is known whether the raw data is there.
fn vuelta_de(datos: &DatosSaga, fin: FinIngesta, fecha: DateTime<Utc>) -> Vec<SagaEvent> {
    let limpio = datos.hechos.contains(&Paso::Limpieza);
    if limpio && fin != FinIngesta::Eliminada {
        return vec![terminar(datos, fin.into(), fecha)];
    }
    let motivo = MotivoSaga::general(Causa::IngestaTerminada);
    compensar(datos, motivo, datos.por_deshacer(), Some(fin), fecha)
}

/// What became of the clean-up of an ingesta that has ended meanwhile is known: `eventos` tell it.
pub(super) fn tras_la_limpieza(
    datos: &DatosSaga,
    fin: FinIngesta,
    mut eventos: Vec<SagaEvent>,
    fecha: DateTime<Utc>,
) -> Vec<SagaEvent> {
    let mut despues = datos.clone();
    for evento in eventos.clone() {
        seguir_datos(&mut despues, evento);
    }
    eventos.extend(vuelta_de(&despues, fin, fecha));
    eventos
}

/// An abandoned saga undoes its ingesta, unless that has ended.
pub(super) fn revertir_al_abandonar(datos: &DatosSaga, fecha: DateTime<Utc>) -> Vec<SagaEvent> {
    if datos.fin.is_some() {
        return Vec::new();
    }
    let motivo = MotivoSaga::general(Causa::SagaAbandonada);
    vec![pedir(ComandoSaga::RevertirIngesta, Some(motivo), fecha)]
}
