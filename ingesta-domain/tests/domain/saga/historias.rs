//! The saga told as stories: given what it has heard, when it hears this, then that happens.
//!
//! Each story is written with the names of events and with what they ask for.

use ingesta_domain::saga::{
    Accion, Causa, ComandoSaga, Entrada, EstadoSaga, FinIngesta, Oido, Paso, Peticion, Respuesta,
    SagaError, SagaEvent, SagaIngesta, apply, decide, peticiones,
};

use super::muestra::{codigo, verificada};
use crate::muestra::{fecha, motivo};

/// A saga, what it was told, and what followed from the last of it.
struct Historia {
    saga: SagaIngesta,
    eventos: Vec<SagaEvent>,
}

fn hecho(paso: Paso) -> Oido {
    Oido::Dicho(Entrada::respuesta(paso, Respuesta::Hecho))
}

fn rechazado(paso: Paso) -> Oido {
    let codigo = Some(codigo());
    Oido::Dicho(Entrada::respuesta(paso, Respuesta::Rechazado { codigo }))
}

fn revertido(paso: Paso) -> Oido {
    Oido::Dicho(Entrada::respuesta(
        paso,
        Respuesta::Revertido { habia: true },
    ))
}

fn termino(fin: FinIngesta) -> Oido {
    Oido::Dicho(Entrada::IngestaTerminada(fin))
}

fn plazo(nombre: &str) -> Oido {
    Oido::Plazo(nombre.to_owned())
}

impl Historia {
    fn nueva() -> Self {
        Self {
            saga: SagaIngesta::default(),
            eventos: Vec::new(),
        }
    }

    /// A saga that has come as far as the clean-up.
    fn limpiando() -> Self {
        let mut historia = Self::etiquetando();
        historia.oye(hecho(Paso::Etiquetado));
        historia
    }

    fn etiquetando() -> Self {
        let mut historia = Self::anonimizando();
        historia.oye(hecho(Paso::Anonimizado));
        historia
    }

    fn anonimizando() -> Self {
        let mut historia = Self::nueva();
        historia.oye(Oido::Dicho(verificada()));
        historia.oye(Oido::Dicho(Entrada::ProcesoIniciado));
        historia
    }

    fn alertada() -> Self {
        let mut historia = Self::limpiando();
        historia.oye(rechazado(Paso::Limpieza));
        historia
    }

    #[track_caller]
    fn oye(&mut self, oido: Oido) -> &mut Self {
        self.eventos = decide(&self.saga, oido, fecha()).expect("it is not refused");
        for event in self.eventos.clone() {
            apply(&mut self.saga, event);
        }
        self
    }

    fn tipos(&self) -> Vec<&'static str> {
        self.eventos.iter().map(SagaEvent::tipo).collect()
    }

    /// What the last events ask for, as words.
    fn pide(&self) -> Vec<String> {
        let todas = self.eventos.iter().flat_map(peticiones);
        let palabra = |peticion| match peticion {
            Peticion::Hacer(Accion::Comando { comando, .. }) => comando.to_string(),
            Peticion::Hacer(Accion::Orden { envio, .. }) => envio.nombre(),
            Peticion::PonerPlazo { plazo, despues } => {
                format!("+{plazo} {}ms", despues.as_millis())
            }
            Peticion::QuitarPlazo { plazo } => format!("-{plazo}"),
        };
        todas.map(palabra).collect()
    }

    #[track_caller]
    fn queda(&self, estado: EstadoSaga) -> &Self {
        assert_eq!(self.saga.estado(), Some(estado));
        self
    }
}

#[test]
fn b_34_all_steps_done_end_the_ingesta_well() {
    let mut saga = Historia::nueva();
    saga.oye(Oido::Dicho(verificada()))
        .queda(EstadoSaga::Iniciando);
    assert_eq!(saga.pide(), ["IniciarProceso"]);

    saga.oye(Oido::Dicho(Entrada::ProcesoIniciado));
    let espera = "+IniciarAnonimizado/1/1 1000ms";
    assert_eq!(saga.pide(), ["IniciarAnonimizado/1", espera]);

    saga.oye(hecho(Paso::Anonimizado))
        .queda(EstadoSaga::Etiquetando);
    let [quita, orden, _] = &saga.pide()[..] else {
        panic!("a timer goes, an order and its timer come")
    };
    assert_eq!(
        (quita.as_str(), orden.as_str()),
        ("-IniciarAnonimizado/1/1", "IniciarEtiquetado/1")
    );

    saga.oye(hecho(Paso::Etiquetado))
        .queda(EstadoSaga::Limpiando);
    saga.oye(hecho(Paso::Limpieza))
        .queda(EstadoSaga::Finalizando);
    assert_eq!(saga.pide(), ["-LimpiarIngesta/1/1", "FinalizarIngesta"]);

    saga.oye(termino(FinIngesta::Finalizada))
        .queda(EstadoSaga::Finalizada);
    assert!(saga.pide().is_empty());
}

#[test]
fn b_32_the_clean_up_is_asked_for_only_when_the_labels_are_there() {
    let mut saga = Historia::etiquetando();
    assert!(!saga.pide().contains(&"LimpiarIngesta/1".to_owned()));
    saga.oye(hecho(Paso::Etiquetado));
    assert!(saga.pide().contains(&"LimpiarIngesta/1".to_owned()));

    // A refused label leaves the raw data alone.
    let mut saga = Historia::etiquetando();
    saga.oye(rechazado(Paso::Etiquetado));
    saga.oye(revertido(Paso::Anonimizado));
    assert_eq!(saga.pide(), ["-RevertirAnonimizado/1/1", "RevertirIngesta"]);
    assert!(saga.oye(hecho(Paso::Limpieza)).eventos.is_empty());
    saga.queda(EstadoSaga::Revirtiendo);
}

#[test]
fn a_refused_step_has_the_steps_before_it_reverted_and_not_itself() {
    let mut saga = Historia::anonimizando();
    saga.oye(rechazado(Paso::Anonimizado))
        .queda(EstadoSaga::Revirtiendo);
    let tipos = ["PasoFallido", "CompensacionIniciada", "ComandoPedido"];
    assert_eq!(saga.tipos(), tipos);

    let mut saga = Historia::etiquetando();
    saga.oye(rechazado(Paso::Etiquetado))
        .queda(EstadoSaga::Compensando);
    assert_eq!(saga.pide()[1], "RevertirAnonimizado/1");
    saga.oye(revertido(Paso::Anonimizado))
        .queda(EstadoSaga::Revirtiendo);
    saga.oye(termino(FinIngesta::Fallida))
        .queda(EstadoSaga::Fallida);
    assert_eq!(saga.tipos(), ["IngestaTerminada", "SagaTerminada"]);
}

#[test]
fn b_35_a_step_without_an_answer_is_asked_for_again_and_then_reverted_too() {
    let mut saga = Historia::etiquetando();
    saga.oye(plazo("IniciarEtiquetado/1/1"));
    let otra_vez = [
        "-IniciarEtiquetado/1/1",
        "IniciarEtiquetado/1",
        "+IniciarEtiquetado/1/2 2000ms",
    ];
    assert_eq!(saga.pide(), otra_vez);
    saga.oye(plazo("IniciarEtiquetado/1/2"));
    assert_eq!(saga.pide()[2], "+IniciarEtiquetado/1/3 4000ms");
    // The timer of an earlier try says nothing about this one.
    assert!(saga.oye(plazo("IniciarEtiquetado/1/2")).eventos.is_empty());

    saga.oye(plazo("IniciarEtiquetado/1/3"))
        .queda(EstadoSaga::Compensando);
    assert_eq!(saga.pide()[1], "RevertirEtiquetado/1");
    // Late: it was reverted by its id and changes nothing.
    assert!(saga.oye(hecho(Paso::Etiquetado)).eventos.is_empty());
    saga.oye(revertido(Paso::Etiquetado));
    assert_eq!(saga.pide()[1], "RevertirAnonimizado/1");
    saga.oye(revertido(Paso::Anonimizado))
        .queda(EstadoSaga::Revirtiendo);
    let motivo = saga.saga.datos().unwrap().motivo.clone().unwrap();
    assert_eq!(
        (motivo.causa, motivo.paso),
        (Causa::SinRespuesta, Some(Paso::Etiquetado))
    );
}

#[test]
fn what_is_to_be_reverted_is_asked_for_until_it_is_answered_and_shown_as_stuck() {
    let mut saga = Historia::etiquetando();
    saga.oye(rechazado(Paso::Etiquetado));
    for intento in 1..=40 {
        let atascada = saga.saga.datos().unwrap().atascada();
        assert_eq!(atascada, intento > 3, "{intento}");
        saga.oye(plazo(&format!("RevertirAnonimizado/1/{intento}")))
            .queda(EstadoSaga::Compensando);
    }
    assert_eq!(saga.pide()[2], "+RevertirAnonimizado/1/41 300000ms");
    saga.oye(revertido(Paso::Anonimizado))
        .queda(EstadoSaga::Revirtiendo);
}

#[test]
fn a_refused_clean_up_waits_for_a_person_who_has_four_ways_out() {
    let mut saga = Historia::alertada();
    saga.queda(EstadoSaga::Alertada);
    assert_eq!(saga.pide(), ["-LimpiarIngesta/1/1", "AlertarIngesta"]);

    // A person ends it well.
    saga.oye(termino(FinIngesta::Finalizada))
        .queda(EstadoSaga::Finalizada);

    // A person undoes it, or withdraws it.
    for (fin, estado) in [
        (FinIngesta::Fallida, EstadoSaga::Fallida),
        (FinIngesta::Eliminada, EstadoSaga::Eliminada),
    ] {
        let mut saga = Historia::alertada();
        saga.oye(termino(fin)).queda(EstadoSaga::Compensando);
        assert_eq!(saga.pide()[0], "RevertirEtiquetado/1");
        saga.oye(revertido(Paso::Etiquetado));
        saga.oye(revertido(Paso::Anonimizado)).queda(estado);
        assert_eq!(saga.tipos(), ["PasoRevertido", "SagaTerminada"]);
    }

    // A person has it tried again: a new wish, of which the refusal of the first says nothing.
    let mut saga = Historia::alertada();
    saga.oye(Oido::Reintentar).queda(EstadoSaga::Limpiando);
    assert_eq!(saga.pide()[0], "LimpiarIngesta/2");
    let tarde = Entrada::Respondido {
        paso: Paso::Limpieza,
        respuesta: Respuesta::Rechazado { codigo: None },
        vuelta: Some(1),
    };
    assert!(saga.oye(Oido::Dicho(tarde)).eventos.is_empty());
    saga.oye(hecho(Paso::Limpieza))
        .queda(EstadoSaga::Finalizando);
}

#[test]
fn a_clean_up_without_an_answer_waits_for_a_person_too_and_a_late_one_ends_that() {
    let mut saga = Historia::limpiando();
    for intento in 1..=3 {
        saga.oye(plazo(&format!("LimpiarIngesta/1/{intento}")));
    }
    saga.queda(EstadoSaga::Alertada);
    assert_eq!(saga.tipos(), ["PasoFallido", "ComandoPedido"]);
    assert!(saga.oye(rechazado(Paso::Limpieza)).eventos.is_empty());
    saga.oye(hecho(Paso::Limpieza))
        .queda(EstadoSaga::Finalizando);
}

#[test]
fn an_ingesta_that_ended_in_the_middle_has_what_was_done_and_what_is_under_way_reverted() {
    let mut saga = Historia::etiquetando();
    saga.oye(termino(FinIngesta::Fallida))
        .queda(EstadoSaga::Compensando);
    let pide = saga.pide();
    assert_eq!(
        pide[..2],
        ["-IniciarEtiquetado/1/1", "RevertirEtiquetado/1"]
    );
    saga.oye(revertido(Paso::Etiquetado));
    saga.oye(revertido(Paso::Anonimizado))
        .queda(EstadoSaga::Fallida);
    // It has ended already, so it is not undone again.
    assert_eq!(saga.pide(), ["-RevertirAnonimizado/1/1"]);
}

#[test]
fn b_32_an_ingesta_that_is_undone_during_its_clean_up_keeps_one_copy_or_the_other() {
    // Asked for, and not known: nothing is reverted yet, and it is asked for until it is answered.
    let espera = || {
        let mut saga = Historia::limpiando();
        saga.oye(termino(FinIngesta::Fallida))
            .queda(EstadoSaga::Limpiando);
        assert!(saga.pide().is_empty());
        for intento in 1..=9 {
            saga.oye(plazo(&format!("LimpiarIngesta/1/{intento}")))
                .queda(EstadoSaga::Limpiando);
        }
        assert!(saga.saga.datos().unwrap().atascada());
        saga
    };
    // It was done: what is anonymised is all that is left, and stays.
    let mut saga = espera();
    saga.oye(hecho(Paso::Limpieza)).queda(EstadoSaga::Fallida);
    assert_eq!(saga.tipos(), ["PasoHecho", "SagaTerminada"]);
    assert_eq!(saga.saga.datos().unwrap().hechos, Paso::TODOS);

    // It was refused: the raw data is there, and all else is reverted.
    let mut saga = espera();
    saga.oye(rechazado(Paso::Limpieza))
        .queda(EstadoSaga::Compensando);
    assert_eq!(saga.pide()[1], "RevertirEtiquetado/1");
    saga.oye(revertido(Paso::Etiquetado));
    saga.oye(revertido(Paso::Anonimizado))
        .queda(EstadoSaga::Fallida);

    // Not answered, so that a person undid it: nobody knows, and it is asked for again.
    let mut saga = Historia::limpiando();
    for intento in 1..=3 {
        saga.oye(plazo(&format!("LimpiarIngesta/1/{intento}")));
    }
    saga.queda(EstadoSaga::Alertada);
    saga.oye(termino(FinIngesta::Fallida))
        .queda(EstadoSaga::Limpiando);
    assert_eq!(saga.pide()[0], "LimpiarIngesta/2");
    saga.oye(hecho(Paso::Limpieza)).queda(EstadoSaga::Fallida);

    // It had been done when the ingesta was undone.
    let mut saga = Historia::limpiando();
    saga.oye(hecho(Paso::Limpieza));
    saga.oye(termino(FinIngesta::Fallida))
        .queda(EstadoSaga::Fallida);
    assert_eq!(saga.tipos(), ["IngestaTerminada", "SagaTerminada"]);

    // Who withdraws it wants nothing of it kept.
    let mut saga = Historia::alertada();
    saga.oye(Oido::Reintentar);
    saga.oye(termino(FinIngesta::Eliminada))
        .queda(EstadoSaga::Compensando);
    saga.oye(revertido(Paso::Etiquetado));
    saga.oye(revertido(Paso::Anonimizado))
        .queda(EstadoSaga::Eliminada);

    // A person may give up waiting.
    let mut saga = espera();
    saga.oye(Oido::Abandonar { motivo: motivo() })
        .queda(EstadoSaga::Abandonada);
    assert_eq!(saga.tipos(), ["SagaAbandonada"]);
}

#[test]
fn an_ingesta_that_was_withdrawn_while_it_starts_leaves_nothing_to_do() {
    let rechazo = Oido::Rechazado {
        comando: ComandoSaga::IniciarProceso,
        codigo: codigo(),
    };
    for fin in [rechazo, termino(FinIngesta::Eliminada)] {
        let mut saga = Historia::nueva();
        saga.oye(Oido::Dicho(verificada()));
        saga.oye(fin).queda(EstadoSaga::SinEfecto);
        assert!(saga.pide().is_empty());
    }
}

#[test]
fn a_person_who_began_the_process_first_is_heard() {
    let mut saga = Historia::nueva();
    saga.oye(Oido::Dicho(Entrada::ProcesoIniciado));
    assert_eq!(saga.tipos(), ["ProcesoAdelantado"]);
    assert!(
        saga.oye(Oido::Dicho(Entrada::ProcesoIniciado))
            .eventos
            .is_empty()
    );
    saga.oye(Oido::Dicho(verificada()))
        .queda(EstadoSaga::Anonimizando);

    // One that was ended before the saga began is not gone on with.
    let mut saga = Historia::nueva();
    saga.oye(Oido::Dicho(Entrada::ProcesoIniciado));
    saga.oye(termino(FinIngesta::Finalizada));
    saga.oye(Oido::Dicho(verificada()))
        .queda(EstadoSaga::Iniciando);
    assert_eq!(saga.pide(), ["IniciarProceso"]);
}

#[test]
fn a_refused_command_is_remembered_and_can_be_asked_for_again() {
    let mut saga = Historia::limpiando();
    saga.oye(hecho(Paso::Limpieza));
    saga.oye(Oido::Rechazado {
        comando: ComandoSaga::FinalizarIngesta,
        codigo: codigo(),
    })
    .queda(EstadoSaga::Finalizando);
    assert_eq!(saga.saga.datos().unwrap().rechazo, Some(codigo()));
    saga.oye(Oido::Reintentar);
    assert_eq!(saga.pide(), ["FinalizarIngesta"]);
    assert_eq!(saga.saga.datos().unwrap().rechazo, None);
}

#[test]
fn an_abandoned_saga_writes_down_what_is_left_and_undoes_its_ingesta() {
    let mut saga = Historia::etiquetando();
    saga.oye(Oido::Abandonar { motivo: motivo() })
        .queda(EstadoSaga::Abandonada);
    assert_eq!(saga.pide(), ["RevertirIngesta", "-IniciarEtiquetado/1/1"]);
    let Some(SagaEvent::SagaAbandonada(e)) = saga.eventos.last() else {
        panic!("it is abandoned")
    };
    assert_eq!(e.sin_revertir, [Paso::Etiquetado, Paso::Anonimizado]);

    // In the middle of the way back: what is reverted is not left.
    let mut saga = Historia::etiquetando();
    saga.oye(termino(FinIngesta::Fallida));
    saga.oye(revertido(Paso::Etiquetado));
    saga.oye(Oido::Abandonar { motivo: motivo() });
    assert_eq!(saga.tipos(), ["SagaAbandonada"], "the ingesta has ended");
    let Some(SagaEvent::SagaAbandonada(e)) = saga.eventos.last() else {
        panic!("it is abandoned")
    };
    assert_eq!(e.sin_revertir, [Paso::Anonimizado]);
}

#[test]
fn a_person_is_refused_where_there_is_nothing_to_do() {
    let nada = SagaIngesta::default();
    let abandonar = || Oido::Abandonar { motivo: motivo() };
    for oido in [Oido::Reintentar, abandonar()] {
        let refused = decide(&nada, oido, fecha()).unwrap_err();
        assert_eq!(refused, SagaError::SagaNoExiste);
    }
    let mut saga = Historia::alertada();
    saga.oye(termino(FinIngesta::Finalizada));
    let estado = EstadoSaga::Finalizada;
    for oido in [Oido::Reintentar, abandonar()] {
        let refused = decide(&saga.saga, oido, fecha()).unwrap_err();
        assert_eq!(refused, SagaError::SagaYaTerminada { estado });
        assert_eq!(refused.code(), "saga_ya_terminada");
    }
    // Abandoned twice is abandoned once.
    let mut saga = Historia::alertada();
    saga.oye(abandonar());
    assert!(saga.oye(abandonar()).eventos.is_empty());
}
