//! Processes killed on purpose while everything runs: whom, and when.
//!
//! Promises: the same seed kills the same ones in the same order; pauses are between half of and one
//! and a half times what was asked for.
//! Does not: look whether it is a good moment. Any moment must do.

use std::time::Duration;

use ingesta_event_store::fingerprint;
use tokio::time::Instant;

use super::ground::Quien;

pub(super) struct Muerte {
    semilla: u64,
    cada: Option<Duration>,
    vez: u64,
    next: Instant,
}

impl Muerte {
    /// One about every `cada`; `None`: nobody is killed.
    pub(super) fn new(semilla: u64, cada: Option<Duration>) -> Self {
        let mut this = Self {
            semilla,
            cada,
            vez: 0,
            next: Instant::now(),
        };
        this.wait();
        this
    }

    /// Whom to kill now, if anybody.
    pub(super) fn due(&mut self) -> Option<Quien> {
        if self.cada.is_none() || Instant::now() < self.next {
            return None;
        }
        let victim = usize::try_from(self.draw("victim") % 4).unwrap_or_default();
        self.vez += 1;
        self.wait();
        Quien::TODOS.get(victim).copied()
    }

    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.vez
    }

    fn wait(&mut self) {
        let cada = self.cada.unwrap_or_default();
        let permille = u32::try_from(500 + self.draw("pause") % 1_000).unwrap_or(1_000);
        self.next = Instant::now() + cada * permille / 1_000;
    }

    fn draw(&self, what: &str) -> u64 {
        let hash = fingerprint(&(self.semilla, what, self.vez));
        let first = hash.iter().take(8);
        first.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_its_victims_and_all_of_them_are_met() {
        let victims = |semilla| -> Vec<Quien> {
            let mut muerte = Muerte::new(semilla, Some(Duration::ZERO));
            (0..40).filter_map(|_| muerte.due()).collect()
        };
        assert_eq!(victims(1), victims(1));
        assert_ne!(victims(1), victims(2));
        for quien in Quien::TODOS {
            assert!(victims(1).contains(&quien), "{}", quien.nombre());
        }
        assert_eq!(Muerte::new(1, None).due(), None);
    }
}
