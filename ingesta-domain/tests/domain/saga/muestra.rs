//! One of each event of a saga, and short ways to say things.
//!
//! They promise to be the values that the golden files hold. They assert nothing.

use ingesta_domain::saga::{
    Causa, ComandoPedido, ComandoRechazado, ComandoSaga, CompensacionIniciada, Entrada, Envio,
    EstadoSaga, FinIngesta, IngestaTerminada, MotivoSaga, Orden, OrdenEnviada, Paso, PasoFallido,
    PasoHecho, PasoRevertido, Plan, ProcesoAdelantado, SagaAbandonada, SagaEvent, SagaIniciada,
    SagaTerminada,
};
use ingesta_domain::valor::{Codigo, Modalidad};

use crate::muestra::{fecha, motivo};

pub(super) const PLAN: Plan = Plan {
    espera_ms: 1_000,
    intentos: 3,
};

pub(super) fn codigo() -> Codigo {
    Codigo::recibido("sin_datos_crudos").unwrap()
}

pub(super) fn verificada() -> Entrada {
    Entrada::ImagenVerificada {
        modalidad: Modalidad::parse("US"),
        plan: PLAN,
    }
}

/// One of each event, in the order of `SagaEvent::TIPOS`.
pub(crate) fn eventos_saga() -> Vec<SagaEvent> {
    let fecha = fecha();
    let envio = Envio::primero(Orden::IniciarEtiquetado);
    let limpieza = Envio::primero(Orden::LimpiarIngesta).otra_vuelta();
    let rechazado = MotivoSaga::del_paso(Causa::PasoRechazado, Paso::Limpieza, Some(codigo()));
    let mut eventos = vec![
        ProcesoAdelantado { fecha }.into(),
        SagaIniciada {
            modalidad: Modalidad::parse("US"),
            plan: PLAN,
            fecha,
        }
        .into(),
        ComandoPedido {
            comando: ComandoSaga::AlertarIngesta,
            motivo: Some(rechazado),
            fecha,
        }
        .into(),
        OrdenEnviada {
            envio,
            espera_ms: 1_000,
            modalidad: Modalidad::parse("US"),
            fecha,
        }
        .into(),
        PasoHecho { envio, fecha }.into(),
        PasoFallido {
            envio: limpieza.otro_intento(),
            causa: Causa::PasoRechazado,
            codigo: Some(codigo()),
            fecha,
        }
        .into(),
    ];
    eventos.extend(vuelta_y_fin());
    eventos
}

fn vuelta_y_fin() -> Vec<SagaEvent> {
    let (fecha, envio) = (fecha(), Envio::primero(Orden::IniciarEtiquetado));
    vec![
        CompensacionIniciada {
            motivo: MotivoSaga::general(Causa::IngestaTerminada),
            pasos: vec![Paso::Etiquetado, Paso::Anonimizado],
            pendiente: Some(envio),
            fecha,
        }
        .into(),
        PasoRevertido {
            envio: Envio::primero(Orden::RevertirEtiquetado),
            habia: true,
            fecha,
        }
        .into(),
        ComandoRechazado {
            comando: ComandoSaga::FinalizarIngesta,
            codigo: Codigo::recibido("transicion_invalida").unwrap(),
            fecha,
        }
        .into(),
        IngestaTerminada {
            fin: FinIngesta::Eliminada,
            fecha,
        }
        .into(),
        SagaAbandonada {
            motivo: motivo(),
            sin_revertir: vec![Paso::Anonimizado],
            pendiente: Some(Envio::primero(Orden::RevertirAnonimizado).otro_intento()),
            fecha,
        }
        .into(),
        SagaTerminada {
            estado: EstadoSaga::Fallida,
            pendiente: Some(envio),
            fecha,
        }
        .into(),
    ]
}
