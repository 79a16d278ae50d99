//! Failures on purpose: which step fails how, decided by a hash, so that a run repeats.
//!
//! Promises: the same seed decides the same for the same id, in every process; nothing fails unless
//! it was asked for.
//! It decides only; those who do the step carry the failure out.

mod parse;

use std::collections::BTreeMap;
use std::time::Duration;

use ingesta_event_store::fingerprint;

pub use parse::FallosError;

/// What a neighbour does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Paso {
    /// Anonymise.
    Anonimizar,
    /// Label.
    Etiquetar,
    /// Clean up raw data.
    Limpiar,
    /// Undo.
    Revertir,
    /// Send an e-mail.
    Notificar,
}

/// How it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Modo {
    /// A passing failure: the first try of a delivery fails, the next one goes through.
    Fallar,
    /// The answer is no.
    Rechazar,
    /// It takes longer.
    Demorar,
    /// This delivery is left without an effect and without an answer.
    Callar,
    /// The answer is published twice.
    Repetir,
    /// The answer is stored and its message lost: only whoever asks again hears it.
    Perder,
    /// The process dies after the effect, before the message counts as handled.
    Caer,
}

/// The code of an answer that is no on purpose.
pub const INYECTADO: &str = "fallo_inyectado";

/// Which failures there are to be. None by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fallos {
    semilla: u64,
    demora: Duration,
    probabilidades: BTreeMap<(Paso, Modo), f64>,
}

impl Fallos {
    /// With this seed, and this long where something is to take longer.
    #[must_use]
    pub fn with(mut self, semilla: u64, demora: Duration) -> Self {
        (self.semilla, self.demora) = (semilla, demora);
        self
    }

    /// How long what is delayed is delayed.
    #[must_use]
    pub fn demora(&self) -> Duration {
        self.demora
    }

    /// True if this step is to go wrong in this way ever.
    #[must_use]
    pub fn hay(&self, paso: Paso, modo: Modo) -> bool {
        self.probabilidades.contains_key(&(paso, modo))
    }

    /// Whether this step goes wrong in this way for this id, the `vez`-th time that it is asked.
    #[must_use]
    pub fn toca(&self, paso: Paso, modo: Modo, id: &str, vez: u32) -> bool {
        let Some(probability) = self.probabilidades.get(&(paso, modo)) else {
            return false;
        };
        let hash = fingerprint(&(self.semilla, paso.word(), modo.word(), id, vez));
        let first = hash.iter().take(4);
        let number = first.fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        // The largest number is just below 1, so that 1 means always and 0 never.
        f64::from(number) / (f64::from(u32::MAX) + 1.0) < *probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_decides_the_same_and_about_as_often_as_it_was_asked_to() {
        let fallos: Fallos = "limpiar.rechazar=0.3".parse().expect("it is sound");
        let one = fallos.clone().with(7, Duration::ZERO);
        let other = fallos.with(8, Duration::ZERO);
        let draw = |fallos: &Fallos| -> Vec<bool> {
            let ids = (0..2_000).map(|id| id.to_string());
            ids.map(|id| fallos.toca(Paso::Limpiar, Modo::Rechazar, &id, 0))
                .collect()
        };
        assert_eq!(draw(&one), draw(&one));
        assert_ne!(draw(&one), draw(&other));
        let count = draw(&one).into_iter().filter(|drawn| *drawn).count();
        assert!((500..700).contains(&count), "{count} of 2,000");
    }

    #[test]
    fn always_is_always_and_what_was_not_asked_for_is_never() {
        let fallos: Fallos = "etiquetar.caer=1".parse().expect("it is sound");
        for id in ["", "a", "b"] {
            assert!(fallos.toca(Paso::Etiquetar, Modo::Caer, id, 0));
            assert!(!fallos.toca(Paso::Etiquetar, Modo::Callar, id, 0));
            assert!(!fallos.toca(Paso::Limpiar, Modo::Caer, id, 0));
        }
        let never: Fallos = "etiquetar.caer=0".parse().expect("it is sound");
        assert!(!never.toca(Paso::Etiquetar, Modo::Caer, "a", 0));
    }
}
