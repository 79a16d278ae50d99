//! The life table: every state crossed with every command, and nothing left out.
//!
//! It promises that `decide` is exactly the table of the design: each allowed step with its event and
//! its new state, each repeat as already done, each other cell as a refusal that names the state.
//! The stored forms and the values inside are tested elsewhere.

use ingesta_domain::ingesta::{IngestaCommand, IngestaError, apply, decide};
use ingesta_domain::valor::EstadoIngesta;

use crate::muestra;

/// What a cell of the table answers.
#[derive(Clone, Copy)]
enum Celda {
    /// This event, to this state.
    A(&'static str, EstadoIngesta),
    /// Already done.
    Ya,
    /// Refused with the current state.
    No,
    /// Refused: there is no ingesta.
    NoExiste,
    /// Refused: there is one.
    YaExiste,
}
use Celda::{A, No, NoExiste, Ya, YaExiste};
use EstadoIngesta::{Alertada, Creada, Eliminada, Fallida, Finalizada, Pendiente, Rechazada};

const INI: Celda = A("ProcesoIniciado", Pendiente);
const REC: Celda = A("IngestaRechazada", Rechazada);
const FIN: Celda = A("IngestaFinalizada", Finalizada);
const REV: Celda = A("IngestaRevertida", Fallida);
const ELI: Celda = A("IngestaEliminada", Eliminada);
const ALE: Celda = A("IngestaAlertada", Alertada);
const CRE: Celda = A("IngestaCreada", Creada);

/// Rows: state. Columns: `IngestaCommand::TIPOS`, that is Crear, Iniciar, Rechazar, Finalizar,
/// Revertir, Eliminar, Alertar.
#[rustfmt::skip]
const TABLA: [(Option<EstadoIngesta>, [Celda; 7]); 8] = [
    (None,             [CRE,      NoExiste, NoExiste, NoExiste, NoExiste, NoExiste, NoExiste]),
    (Some(Creada),     [YaExiste, INI,      REC,      No,       REV,      ELI,      No]),
    (Some(Pendiente),  [YaExiste, Ya,       REC,      FIN,      REV,      No,       ALE]),
    (Some(Rechazada),  [YaExiste, No,       Ya,       No,       No,       No,       No]),
    (Some(Finalizada), [YaExiste, No,       No,       Ya,       No,       No,       No]),
    (Some(Eliminada),  [YaExiste, No,       No,       No,       No,       Ya,       No]),
    (Some(Fallida),    [YaExiste, No,       No,       No,       Ya,       No,       No]),
    (Some(Alertada),   [YaExiste, No,       No,       FIN,      REV,      ELI,      Ya]),
];

#[test]
fn b_28_every_state_answers_every_command_as_the_life_table_says() {
    for (estado, fila) in TABLA {
        for (comando, celda) in muestra::comandos().into_iter().zip(fila) {
            comprobar(estado, comando, celda);
        }
    }
}

fn comprobar(estado: Option<EstadoIngesta>, comando: IngestaCommand, celda: Celda) {
    let antes = muestra::en_estado(estado);
    let nombre = comando.tipo();
    let decision = decide(&antes, comando);
    let caso = format!("{nombre} in {estado:?}");
    match celda {
        A(tipo, destino) => {
            let eventos = decision.unwrap_or_else(|e| panic!("{caso}: refused: {e}"));
            assert_eq!(eventos.len(), 1, "{caso}: one event");
            assert_eq!(eventos[0].tipo(), tipo, "{caso}");
            assert_eq!(
                eventos[0].fecha(),
                muestra::fecha(),
                "{caso}: time of the command"
            );
            let mut despues = antes;
            eventos.into_iter().for_each(|e| apply(&mut despues, e));
            assert_eq!(despues.estado(), Some(destino), "{caso}");
        }
        Ya => assert_eq!(decision, Ok(Vec::new()), "{caso}: already done"),
        No => {
            let estado = estado.expect("a refusal by state has a state");
            let esperado = IngestaError::TransicionInvalida {
                estado,
                comando: nombre,
            };
            assert_eq!(decision, Err(esperado), "{caso}");
        }
        NoExiste => assert_eq!(decision, Err(IngestaError::IngestaNoExiste), "{caso}"),
        YaExiste => {
            let estado = estado.expect("what exists has a state");
            assert_eq!(
                decision,
                Err(IngestaError::IngestaYaExiste { estado }),
                "{caso}"
            );
        }
    }
}

#[test]
fn the_table_has_every_state_and_every_command() {
    let estados: Vec<_> = TABLA.iter().filter_map(|(estado, _)| *estado).collect();
    assert_eq!(estados, EstadoIngesta::TODOS);
    let comandos = muestra::comandos();
    let nombres: Vec<_> = comandos.iter().map(IngestaCommand::tipo).collect();
    assert_eq!(nombres, IngestaCommand::TIPOS);
}

#[test]
fn a_terminal_state_is_one_that_no_command_leaves() {
    for (estado, fila) in TABLA {
        let Some(estado) = estado else { continue };
        let sale = fila.iter().any(|celda| matches!(celda, A(..)));
        assert_eq!(estado.es_terminal(), !sale, "{estado}");
    }
}
