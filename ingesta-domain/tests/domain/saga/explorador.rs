//! Every saga ends, whatever the world does, and what it leaves behind is in order.
//!
//! Many worlds are played from random scripts: orders and answers are delayed, repeated, reordered
//! and lost, timers fire too early, persons interfere. Then the world becomes kind, and the saga has
//! to come to an end.

use std::collections::BTreeSet;

use ingesta_domain::saga::{Causa, EstadoSaga, Orden, Paso, SagaEvent, SagaIngesta, apply};
use ingesta_domain::valor::EstadoIngesta;
use proptest::prelude::*;

use super::muestra::eventos_saga;
use super::mundo::{Mundo, Registro};

/// Steps that a kind world needs at most: far more than any saga has.
const BASTANTE: usize = 2_000;

fn jugar(mundo: &mut Mundo, guion: &[(u8, u8)], personas: bool) {
    for (que, cual) in guion {
        let cual = usize::from(*cual);
        match que % 10 {
            0 | 1 => _ = mundo.contar(),
            2 => _ = mundo.obedecer(),
            3 | 4 => _ = mundo.ordenar(cual, cual % 5 == 0),
            5 | 6 => _ = mundo.responder(cual, cual % 5 == 0),
            7 => _ = mundo.vencer(cual),
            8 => mundo.perder(cual),
            _ if personas => mundo.persona(cual),
            _ => {}
        }
    }
}

/// Until nothing is on its way, or a person is waited for.
fn terminar(mundo: &mut Mundo) -> bool {
    let fin = |mundo: &Mundo| {
        let estado = mundo.saga.estado();
        estado.is_some_and(|estado| estado.es_final() || estado == EstadoSaga::Alertada)
    };
    for _ in 0..BASTANTE {
        if !mundo.seguir() {
            return fin(mundo);
        }
    }
    false
}

fn pasos(mundo: &Mundo, de: impl Fn(&SagaEvent) -> Option<Paso>) -> Vec<Paso> {
    mundo.eventos.iter().filter_map(de).collect()
}

fn hechos(mundo: &Mundo) -> Vec<Paso> {
    pasos(mundo, |evento| {
        let SagaEvent::PasoHecho(e) = evento else {
            return None;
        };
        Some(e.envio.orden.paso())
    })
}

fn revertidos(mundo: &Mundo) -> Vec<Paso> {
    pasos(mundo, |evento| {
        let SagaEvent::PasoRevertido(e) = evento else {
            return None;
        };
        Some(e.envio.orden.paso())
    })
}

/// The end of the saga is the end of its ingesta.
fn fin_de(estado: EstadoSaga) -> Option<EstadoIngesta> {
    let alike = EstadoIngesta::TODOS.into_iter();
    let mut alike = alike.filter(|fin| fin.es_terminal() && estado.es_final());
    alike.find(|fin| fin.as_str() == estado.as_str())
}

/// Whether the raw data was removed.
fn limpio(mundo: &Mundo) -> bool {
    mundo.libros.get(&Paso::Limpieza) == Some(&Registro::Hecho)
}

fn comprobar(mundo: &Mundo, personas: bool) -> Result<(), TestCaseError> {
    let estado = mundo.saga.estado().expect("it has begun");
    if let Some(fin) = fin_de(estado) {
        prop_assert_eq!(
            mundo.ingesta.estado(),
            Some(fin),
            "saga and ingesta end alike"
        );
    }
    let quedan: Vec<_> = [Paso::Anonimizado, Paso::Etiquetado]
        .into_iter()
        .filter(|paso| mundo.libros.get(paso) == Some(&Registro::Hecho))
        .collect();
    match estado {
        // Where the raw data is gone, what is anonymised stays: one copy or the other, never none.
        EstadoSaga::Fallida | EstadoSaga::Rechazada if limpio(mundo) => {
            prop_assert_eq!(
                quedan,
                [Paso::Anonimizado, Paso::Etiquetado],
                "both are lost"
            );
            prop_assert!(revertidos(mundo).is_empty());
        }
        EstadoSaga::Fallida | EstadoSaga::Eliminada | EstadoSaga::Rechazada => {
            prop_assert!(quedan.is_empty(), "left behind: {quedan:?}");
            compensado(mundo)?;
        }
        EstadoSaga::SinEfecto => prop_assert!(mundo.pedidas.is_empty()),
        EstadoSaga::Abandonada => {
            let Some(SagaEvent::SagaAbandonada(e)) = mundo.eventos.last() else {
                panic!("the last event of an abandoned saga says what is left")
            };
            let escritos = quedan.iter().all(|paso| e.sin_revertir.contains(paso));
            prop_assert!(
                escritos,
                "{quedan:?} is left, {:?} written down",
                e.sin_revertir
            );
        }
        EstadoSaga::Finalizada if !personas => {
            prop_assert_eq!(hechos(mundo), Paso::TODOS.to_vec());
            let hecho = |paso| mundo.libros.get(paso) == Some(&Registro::Hecho);
            prop_assert!(Paso::TODOS.iter().all(hecho));
        }
        EstadoSaga::Finalizada | EstadoSaga::Alertada => {}
        EstadoSaga::Iniciando
        | EstadoSaga::Anonimizando
        | EstadoSaga::Etiquetando
        | EstadoSaga::Limpiando
        | EstadoSaga::Finalizando
        | EstadoSaga::Compensando
        | EstadoSaga::Revirtiendo => prop_assert!(false, "{estado} is no end"),
    }
    Ok(())
}

/// What was reverted is what was done, the latest first, and before it at most the step that was
/// under way.
fn compensado(mundo: &Mundo) -> Result<(), TestCaseError> {
    let mut al_reves = hechos(mundo);
    al_reves.retain(|paso| paso.reversion().is_some());
    al_reves.reverse();
    let revertidos = revertidos(mundo);
    let en_curso = revertidos.len() - al_reves.len();
    prop_assert!(en_curso <= 1, "{revertidos:?} of {al_reves:?}");
    prop_assert_eq!(&revertidos[en_curso..], &al_reves[..]);
    Ok(())
}

fn replay(eventos: &[SagaEvent]) -> SagaIngesta {
    let mut saga = SagaIngesta::default();
    for evento in eventos.iter().cloned() {
        apply(&mut saga, evento);
    }
    saga
}

fn rechazan() -> impl Strategy<Value = BTreeSet<Paso>> {
    let pasos = proptest::sample::select(Paso::TODOS.to_vec());
    proptest::collection::btree_set(pasos, 0..2)
}

fn guion() -> impl Strategy<Value = Vec<(u8, u8)>> {
    proptest::collection::vec(any::<(u8, u8)>(), 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn b_35_every_saga_ends_whatever_the_world_does(
        guion in guion(), rechazan in rechazan(), personas in any::<bool>(),
    ) {
        let mut mundo = Mundo::nuevo(rechazan);
        jugar(&mut mundo, &guion, personas);
        prop_assert!(terminar(&mut mundo), "it hangs in {:?}", mundo.saga.estado());
        comprobar(&mundo, personas)?;
        prop_assert_eq!(&replay(&mundo.eventos), &mundo.saga, "the log alone gives the state");
    }

    #[test]
    fn a_clean_up_is_the_only_thing_that_waits_for_a_person(
        guion in guion(), rechazan in rechazan(),
    ) {
        let limpieza = rechazan.contains(&Paso::Limpieza);
        let mut mundo = Mundo::nuevo(rechazan);
        jugar(&mut mundo, &guion, false);
        prop_assert!(terminar(&mut mundo), "it hangs in {:?}", mundo.saga);
        if mundo.saga.estado() == Some(EstadoSaga::Alertada) {
            let mudo = |evento: &SagaEvent| {
                matches!(evento, SagaEvent::PasoFallido(e) if e.causa == Causa::SinRespuesta)
            };
            prop_assert!(limpieza || mundo.eventos.iter().any(mudo));
            // Whatever the person decides, it ends.
            mundo.persona(1);
            prop_assert!(terminar(&mut mundo), "it hangs in {:?}", mundo.saga);
            prop_assert_eq!(mundo.saga.estado(), Some(EstadoSaga::Fallida));
            comprobar(&mundo, true)?;
        }
        let limpio = mundo.pedidas.iter().position(|orden| *orden == Orden::LimpiarIngesta);
        let etiquetado = mundo.pedidas.iter().position(|orden| *orden == Orden::IniciarEtiquetado);
        prop_assert!(limpio.is_none_or(|limpio| etiquetado.is_some_and(|antes| antes < limpio)));
    }

    #[test]
    fn any_sequence_of_stored_events_of_a_saga_folds_without_a_panic(
        indices in proptest::collection::vec(0_usize..12, 0..16),
    ) {
        let muestras = eventos_saga();
        let log: Vec<_> = indices.iter().map(|i| muestras[*i].clone()).collect();
        prop_assert_eq!(replay(&log).datos().is_some(), indices.contains(&1));
        for evento in &log {
            let json = serde_json::to_string(evento).unwrap();
            prop_assert_eq!(&serde_json::from_str::<SagaEvent>(&json).unwrap(), evento);
        }
    }
}
