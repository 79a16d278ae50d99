//! The rules of a saga: what follows from what was heard.
//!
//! It promises a synchronous, pure answer: events, nothing (a repeat, or too late to matter) or, to
//! a person only, a refusal.
//! It changes nothing; who stores the events folds them with `apply`.

use chrono::{DateTime, Utc};

use super::avance::{agotado, enviar, pedir, respondido};
use super::compensacion::{al_terminar, revertir_al_abandonar};
use super::{
    ComandoRechazado, ComandoSaga, DatosSaga, Entrada, Envio, EstadoSaga, IngestaTerminada, Oido,
    Orden, ProcesoAdelantado, SagaAbandonada, SagaError, SagaEvent, SagaIngesta, SagaIniciada,
    SagaTerminada,
};
use crate::valor::Motivo;

/// Decides what follows from what a saga has heard. An empty list means: nothing new.
///
/// # Errors
/// [`SagaError`], where a person wants something of a saga that has not begun or has ended.
pub fn decide(
    saga: &SagaIngesta,
    oido: Oido,
    ahora: DateTime<Utc>,
) -> Result<Vec<SagaEvent>, SagaError> {
    let Some(datos) = saga.datos() else {
        return sin_saga(saga, oido, ahora);
    };
    if datos.estado.es_final() {
        return terminada(datos, &oido);
    }
    Ok(match oido {
        Oido::Dicho(entrada) => dicho(datos, entrada, ahora),
        Oido::Plazo(plazo) => match datos.espera {
            Some(envio) if envio.plazo() == plazo => agotado(datos, envio, ahora),
            // Another wait's: its answer came while the timer was on its way.
            Some(_) | None => Vec::new(),
        },
        Oido::Rechazado { comando, codigo } => {
            if comando == ComandoSaga::IniciarProceso && datos.estado == EstadoSaga::Iniciando {
                return Ok(vec![terminar(datos, EstadoSaga::SinEfecto, ahora)]);
            }
            // The log tells why the ingesta refuses: it has ended, and that is heard by itself.
            let e = ComandoRechazado {
                comando,
                codigo,
                fecha: ahora,
            };
            vec![e.into()]
        }
        Oido::Reintentar => reintentar(datos, ahora),
        Oido::Abandonar { motivo } => abandonar(datos, motivo, ahora),
    })
}

fn sin_saga(
    saga: &SagaIngesta,
    oido: Oido,
    fecha: DateTime<Utc>,
) -> Result<Vec<SagaEvent>, SagaError> {
    Ok(match oido {
        Oido::Dicho(Entrada::ImagenVerificada { modalidad, plan }) => {
            let e = SagaIniciada {
                modalidad: modalidad.clone(),
                plan,
                fecha,
            };
            let primero = if saga.adelantado {
                let envio = Envio::primero(Orden::IniciarAnonimizado);
                enviar(&plan, modalidad.as_ref(), envio, fecha)
            } else {
                pedir(ComandoSaga::IniciarProceso, None, fecha)
            };
            vec![e.into(), primero]
        }
        Oido::Dicho(Entrada::ProcesoIniciado) if !saga.adelantado => {
            vec![ProcesoAdelantado { fecha }.into()]
        }
        // What had begun has ended: when the saga asks for the beginning, it is refused.
        Oido::Dicho(Entrada::IngestaTerminada(fin)) if saga.adelantado => {
            vec![IngestaTerminada { fin, fecha }.into()]
        }
        // An ingesta that has ended already refuses to begin, and the saga hears that.
        Oido::Dicho(
            Entrada::ProcesoIniciado | Entrada::IngestaTerminada(_) | Entrada::Respondido { .. },
        )
        | Oido::Plazo(_)
        | Oido::Rechazado { .. } => Vec::new(),
        Oido::Reintentar | Oido::Abandonar { .. } => return Err(SagaError::SagaNoExiste),
    })
}

fn terminada(datos: &DatosSaga, oido: &Oido) -> Result<Vec<SagaEvent>, SagaError> {
    let estado = datos.estado;
    match oido {
        Oido::Dicho(_) | Oido::Plazo(_) | Oido::Rechazado { .. } => Ok(Vec::new()),
        Oido::Abandonar { .. } if estado == EstadoSaga::Abandonada => Ok(Vec::new()),
        Oido::Reintentar | Oido::Abandonar { .. } => Err(SagaError::SagaYaTerminada { estado }),
    }
}

fn dicho(datos: &DatosSaga, entrada: Entrada, fecha: DateTime<Utc>) -> Vec<SagaEvent> {
    match entrada {
        Entrada::ImagenVerificada { .. } => Vec::new(),
        Entrada::ProcesoIniciado if datos.estado == EstadoSaga::Iniciando => {
            let envio = Envio::primero(Orden::IniciarAnonimizado);
            vec![enviar(&datos.plan, None, envio, fecha)]
        }
        Entrada::ProcesoIniciado => Vec::new(),
        Entrada::IngestaTerminada(_) if datos.fin.is_some() => Vec::new(),
        Entrada::IngestaTerminada(fin) => {
            let mut eventos = vec![IngestaTerminada { fin, fecha }.into()];
            eventos.extend(al_terminar(datos, fin, fecha));
            eventos
        }
        Entrada::Respondido {
            paso,
            respuesta,
            vuelta,
        } => respondido(datos, paso, respuesta, vuelta, fecha),
    }
}

/// Asks again for what the saga waits for; a refused clean-up is a new wish.
fn reintentar(datos: &DatosSaga, fecha: DateTime<Utc>) -> Vec<SagaEvent> {
    let otra_vez = |envio| enviar(&datos.plan, datos.modalidad.as_ref(), envio, fecha);
    match (datos.espera, datos.estado, datos.ultimo) {
        (Some(envio), ..) => vec![otra_vez(envio.otro_intento())],
        (None, EstadoSaga::Alertada, Some(ultimo)) => vec![otra_vez(ultimo.otra_vuelta())],
        (None, ..) => datos
            .comando
            .map(|comando| pedir(comando, datos.motivo.clone(), fecha))
            .into_iter()
            .collect(),
    }
}

fn abandonar(datos: &DatosSaga, motivo: Motivo, fecha: DateTime<Utc>) -> Vec<SagaEvent> {
    let mut eventos = revertir_al_abandonar(datos, fecha);
    let e = SagaAbandonada {
        motivo,
        sin_revertir: datos.por_deshacer(),
        pendiente: datos.espera,
        fecha,
    };
    eventos.push(e.into());
    eventos
}

pub(super) fn terminar(datos: &DatosSaga, estado: EstadoSaga, fecha: DateTime<Utc>) -> SagaEvent {
    let e = SagaTerminada {
        estado,
        pendiente: datos.espera,
        fecha,
    };
    e.into()
}
