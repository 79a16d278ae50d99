//! What a run does: its seed, its load, its faults, and how much it must have done to count.

use std::time::Duration;

use crate::plant::Mistake;
use crate::random::Random;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9` of the server, and a new one.
    KillServer,
    /// `kill -9` of PostgreSQL, and the same one again.
    KillPostgres,
}

impl Fault {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KillServer => "kill -9 of the server",
            Self::KillPostgres => "kill -9 of PostgreSQL",
        }
    }
}

/// Which faults strike.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Faults {
    These(Vec<Fault>),
    AnyFor(Duration),
}

/// A plan. The same seed makes the same choices; what the processes do in between is theirs.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// Clients side by side.
    pub clients: u64,
    /// Operations acknowledged between two faults, at least and at most.
    pub acknowledged_between: (u64, u64),
    /// A mistake to make in the table before the check.
    pub plant: Option<Mistake>,
    /// Fewer operations make no run.
    pub operations_min: u64,
    /// Fewer kills make no run.
    pub kills_min: u64,
    faults: Faults,
}

impl Plan {
    /// These faults, in this order.
    #[must_use]
    pub fn of(seed: u64, faults: Vec<Fault>) -> Self {
        Self {
            seed,
            clients: 8,
            acknowledged_between: (30, 150),
            plant: None,
            operations_min: 100,
            kills_min: faults.len() as u64,
            faults: Faults::These(faults),
        }
    }

    /// Three kills of each kind, in an order that the seed decides: about a minute.
    #[must_use]
    pub fn smoke(seed: u64) -> Self {
        use Fault::{KillPostgres, KillServer};
        let mut faults = vec![
            KillServer,
            KillPostgres,
            KillServer,
            KillPostgres,
            KillServer,
            KillPostgres,
        ];
        let mut random = Random::new(seed, u64::MAX);
        for place in (1..faults.len()).rev() {
            let other = usize::try_from(random.between(0, place as u64)).unwrap_or(place);
            faults.swap(place, other);
        }
        Self::of(seed, faults)
    }

    /// Faults as the seed decides, for this long; one at least.
    #[must_use]
    pub fn lasting(seed: u64, time: Duration) -> Self {
        let plan = Self::of(seed, Vec::new());
        let faults = Faults::AnyFor(time);
        Self {
            faults,
            kills_min: 1,
            acknowledged_between: (50, 1_500),
            ..plan
        }
    }

    /// The next fault, if there is to be one.
    pub(super) fn fault(
        &self,
        number: usize,
        elapsed: Duration,
        random: &mut Random,
    ) -> Option<Fault> {
        match &self.faults {
            Faults::These(faults) => faults.get(number).copied(),
            Faults::AnyFor(time) if number > 0 && elapsed >= *time => None,
            Faults::AnyFor(_) if random.percent(50) => Some(Fault::KillServer),
            Faults::AnyFor(_) => Some(Fault::KillPostgres),
        }
    }
}
