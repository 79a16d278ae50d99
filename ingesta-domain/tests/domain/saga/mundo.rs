//! A world for a saga: its ingesta, two neighbours with books of their own, and a post that delays,
//! repeats, reorders and loses.
//!
//! It promises what the real one promises and no more: the events of one stream come in order, a
//! command or an answer of one name counts once, a neighbour that has reverted something remembers
//! it and never does it later. It asserts nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ingesta_domain::ingesta::{
    self, AlertarIngesta, EliminarIngesta, FinalizarIngesta, Ingesta, IngestaCommand, IngestaEvent,
    IniciarProceso, RechazarIngesta, RevertirIngesta,
};
use ingesta_domain::saga::{
    Accion, ComandoSaga, Entrada, Envio, FinIngesta, Oido, Orden, Paso, Peticion, Respuesta,
    SagaEvent, SagaIngesta, apply, decide, peticiones,
};
use ingesta_domain::valor::{Codigo, MotivoRechazo};

use super::muestra::verificada;
use crate::muestra::{crear, fecha, motivo};

/// What a neighbour's books say of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Registro {
    Hecho,
    Rechazado,
    Revertido,
}

/// Everything around one saga.
pub(super) struct Mundo {
    pub(super) ingesta: Ingesta,
    pub(super) saga: SagaIngesta,
    pub(super) eventos: Vec<SagaEvent>,
    /// What the neighbours refuse.
    pub(super) rechazan: BTreeSet<Paso>,
    pub(super) libros: BTreeMap<Paso, Registro>,
    /// What the log has to tell the saga, in order.
    log: VecDeque<Entrada>,
    comandos: VecDeque<(ComandoSaga, IngestaCommand)>,
    ordenes: Vec<Envio>,
    respuestas: Vec<(String, Entrada)>,
    oidas: BTreeSet<String>,
    plazos: BTreeSet<String>,
    pub(super) pedidas: Vec<Orden>,
}

impl Mundo {
    pub(super) fn nuevo(rechazan: BTreeSet<Paso>) -> Self {
        let mut mundo = Self {
            ingesta: Ingesta::default(),
            saga: SagaIngesta::default(),
            eventos: Vec::new(),
            rechazan,
            libros: BTreeMap::new(),
            log: VecDeque::from([verificada()]),
            comandos: VecDeque::new(),
            ordenes: Vec::new(),
            respuestas: Vec::new(),
            oidas: BTreeSet::new(),
            plazos: BTreeSet::new(),
            pedidas: Vec::new(),
        };
        mundo.comandar(crear().into()).unwrap();
        mundo
    }

    fn comandar(&mut self, comando: IngestaCommand) -> Result<(), &'static str> {
        let eventos = ingesta::decide(&self.ingesta, comando).map_err(|error| error.code())?;
        for evento in eventos {
            let fin = match &evento {
                IngestaEvent::ProcesoIniciado(_) => Some(Entrada::ProcesoIniciado),
                IngestaEvent::IngestaFinalizada(_) => termino(FinIngesta::Finalizada),
                IngestaEvent::IngestaRevertida(_) => termino(FinIngesta::Fallida),
                IngestaEvent::IngestaEliminada(_) => termino(FinIngesta::Eliminada),
                IngestaEvent::IngestaRechazada(_) => termino(FinIngesta::Rechazada),
                IngestaEvent::IngestaCreada(_) | IngestaEvent::IngestaAlertada(_) => None,
            };
            self.log.extend(fin);
            ingesta::apply(&mut self.ingesta, evento);
        }
        Ok(())
    }

    /// What a person, or another door, does to the ingesta or the saga.
    pub(super) fn persona(&mut self, que: usize) {
        let (fecha, motivo) = (fecha(), motivo());
        let motivos = vec![MotivoRechazo::BytesInvalidos];
        let comando: IngestaCommand = match que % 7 {
            0 => EliminarIngesta { fecha }.into(),
            1 => RevertirIngesta { motivo, fecha }.into(),
            2 => FinalizarIngesta { fecha }.into(),
            3 => RechazarIngesta { motivos, fecha }.into(),
            4 => IniciarProceso { fecha }.into(),
            5 => return self.decir(Oido::Reintentar),
            _ => return self.decir(Oido::Abandonar { motivo }),
        };
        // Refused where the state forbids it: nothing happens then.
        let _ = self.comandar(comando);
    }

    fn decir(&mut self, oido: Oido) {
        for evento in decide(&self.saga, oido, fecha()).unwrap_or_default() {
            for peticion in peticiones(&evento) {
                self.atender(peticion);
            }
            apply(&mut self.saga, evento.clone());
            self.eventos.push(evento);
        }
    }

    fn atender(&mut self, peticion: Peticion) {
        let fecha = fecha();
        match peticion {
            Peticion::Hacer(Accion::Orden { envio, .. }) => {
                self.pedidas.push(envio.orden);
                self.ordenes.push(envio);
            }
            Peticion::Hacer(Accion::Comando { comando, motivo }) => {
                let motivo = || motivo.expect("these two have a reason").texto();
                let al_log: IngestaCommand = match comando {
                    ComandoSaga::IniciarProceso => IniciarProceso { fecha }.into(),
                    ComandoSaga::FinalizarIngesta => FinalizarIngesta { fecha }.into(),
                    ComandoSaga::AlertarIngesta => {
                        let motivo = motivo();
                        AlertarIngesta { motivo, fecha }.into()
                    }
                    ComandoSaga::RevertirIngesta => {
                        let motivo = motivo();
                        RevertirIngesta { motivo, fecha }.into()
                    }
                };
                self.comandos.push_back((comando, al_log));
            }
            Peticion::PonerPlazo { plazo, .. } => {
                self.plazos.insert(plazo);
            }
            Peticion::QuitarPlazo { plazo } => {
                self.plazos.remove(&plazo);
            }
        }
    }

    /// The log tells the next thing. False: there is none.
    pub(super) fn contar(&mut self) -> bool {
        let Some(entrada) = self.log.pop_front() else {
            return false;
        };
        self.decir(Oido::Dicho(entrada));
        true
    }

    /// The ingesta gets the next command of the saga.
    pub(super) fn obedecer(&mut self) -> bool {
        let Some((comando, al_log)) = self.comandos.pop_front() else {
            return false;
        };
        if let Err(codigo) = self.comandar(al_log) {
            let codigo = Codigo::recibido(codigo).unwrap();
            self.decir(Oido::Rechazado { comando, codigo });
        }
        true
    }

    /// A neighbour gets one of the orders that are on their way; `otra_vez`: it stays on its way.
    pub(super) fn ordenar(&mut self, cual: usize, otra_vez: bool) -> bool {
        if self.ordenes.is_empty() {
            return false;
        }
        let cual = cual % self.ordenes.len();
        let envio = self.ordenes[cual];
        if !otra_vez {
            self.ordenes.remove(cual);
        }
        let paso = envio.orden.paso();
        let antes = self.libros.get(&paso).copied();
        let (despues, respuesta) = if envio.orden.hace() {
            match antes {
                // It remembers what it has reverted, and says nothing.
                Some(Registro::Revertido) => return true,
                Some(Registro::Hecho) => (Registro::Hecho, Respuesta::Hecho),
                Some(Registro::Rechazado) | None if self.rechazan.contains(&paso) => {
                    let respuesta = Respuesta::Rechazado { codigo: None };
                    (Registro::Rechazado, respuesta)
                }
                Some(Registro::Rechazado) | None => (Registro::Hecho, Respuesta::Hecho),
            }
        } else {
            let habia = antes == Some(Registro::Hecho);
            (Registro::Revertido, Respuesta::Revertido { habia })
        };
        self.libros.insert(paso, despues);
        let nombre = format!("{}/{}", envio.nombre(), self.respuestas.len());
        let entrada = Entrada::Respondido {
            paso,
            respuesta,
            vuelta: Some(envio.vuelta),
        };
        self.respuestas.push((nombre, entrada));
        true
    }

    /// The saga gets one of the answers that are on their way; `otra_vez`: it comes again later.
    pub(super) fn responder(&mut self, cual: usize, otra_vez: bool) -> bool {
        if self.respuestas.is_empty() {
            return false;
        }
        let cual = cual % self.respuestas.len();
        let (nombre, entrada) = self.respuestas[cual].clone();
        if otra_vez {
            // Under another name: the neighbour has said it twice.
            self.respuestas[cual].0.push('+');
        } else {
            self.respuestas.remove(cual);
        }
        if self.oidas.insert(nombre) {
            self.decir(Oido::Dicho(entrada));
        }
        true
    }

    /// The time of one wait is over.
    pub(super) fn vencer(&mut self, cual: usize) -> bool {
        let Some(plazo) = self.plazos.iter().nth(cual % self.plazos.len().max(1)) else {
            return false;
        };
        let plazo = plazo.clone();
        self.plazos.remove(&plazo);
        self.decir(Oido::Plazo(plazo));
        true
    }

    /// An order or an answer is lost on its way.
    pub(super) fn perder(&mut self, cual: usize) {
        if cual.is_multiple_of(2) && !self.ordenes.is_empty() {
            self.ordenes.swap_remove(cual % self.ordenes.len());
        } else if !self.respuestas.is_empty() {
            self.respuestas.swap_remove(cual % self.respuestas.len());
        }
    }

    /// Delivers whatever is on its way, and lets time pass only where nothing is.
    pub(super) fn seguir(&mut self) -> bool {
        self.contar()
            || self.obedecer()
            || self.ordenar(0, false)
            || self.responder(0, false)
            || self.vencer(0)
    }
}

fn termino(fin: FinIngesta) -> Option<Entrada> {
    Some(Entrada::IngestaTerminada(fin))
}
