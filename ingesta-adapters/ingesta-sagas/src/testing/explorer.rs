//! Plays a manager against a world that is slow, repeats itself and loses things.
//!
//! It looks for a run in which a promise of the world is broken, the manager refuses, or nothing
//! comes to an end. It proves nothing; it tries many orders that nobody would write down.

use std::fmt::Debug;

use super::run::Run;
use super::{Counterexample, World};
use crate::ProcessManager;

/// Many random runs of one manager.
///
/// ```
/// use ingesta_sagas::testing::{Dice, Explorer, Sent, World};
/// # use chrono::{DateTime, Utc};
/// # use cqrs_es::DomainEvent;
/// # use ingesta_sagas::{Heard, HeardBy, ProcessManager, Request};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Default, Serialize, Deserialize)]
/// # struct Ringer { rung: u32 }
/// # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # struct Rang;
/// # impl DomainEvent for Rang {
/// #     fn event_type(&self) -> String { "Rang".into() }
/// #     fn event_version(&self) -> String { "1".into() }
/// # }
/// # impl ProcessManager for Ringer {
/// #     const TYPE: &'static str = "Ringer";
/// #     type Input = &'static str; type Event = Rang; type Action = &'static str;
/// #     type Error = std::fmt::Error;
/// #     fn decide(&self, heard: HeardBy<Self>, _: DateTime<Utc>) -> Result<Vec<Rang>, std::fmt::Error> {
/// #         Ok(match heard { Heard::Told("somebody at the door") => vec![Rang], _ => vec![] })
/// #     }
/// #     fn apply(&mut self, _: Rang) { self.rung += 1; }
/// #     fn requests(_: &Rang) -> Vec<Request<&'static str>> { vec![Request::Act("ring")] }
/// # }
/// struct House;
///
/// impl World<Ringer> for House {
///     fn begin(&mut self, _: &mut Dice) -> Vec<Sent<Ringer>> {
///         vec![Sent::surely("somebody at the door")]
///     }
///     fn act(&mut self, _: &&'static str, _: &mut Dice) -> Vec<Sent<Ringer>> { vec![] }
///     fn check(&self, saga: &Ringer, _: bool) -> Result<(), String> {
///         if saga.rung > 1 { return Err("it rang twice for one visitor".into()); }
///         Ok(())
///     }
/// }
///
/// // The ringer does not remember its visitors, and a message may come twice: that is found.
/// let found = Explorer::default().explore::<Ringer, _>(|| House).unwrap_err();
/// assert_eq!(found.why, "it rang twice for one visitor");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Explorer {
    seed: u64,
    runs: u32,
    pub(super) storm: usize,
    pub(super) steps_max: usize,
}

/// 200 runs from seed 1; faults in the first 60 steps of each; an end within 5,000 steps.
impl Default for Explorer {
    fn default() -> Self {
        Self {
            seed: 1,
            runs: 200,
            storm: 60,
            steps_max: 5_000,
        }
    }
}

/// What was tried, so that a test can make sure that it was enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Explored {
    /// Runs that came to an end.
    pub runs: u64,
    /// Things that the manager heard.
    pub heard: u64,
    /// Things that it heard again.
    pub repeated: u64,
    /// Things that it never heard.
    pub lost: u64,
    /// Timers that fired.
    pub fired: u64,
    /// Actions that were asked for, each counted once.
    pub acts: u64,
}

impl Explorer {
    /// The seed of the first run; the next run has the next number.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many runs.
    #[must_use]
    pub fn runs(mut self, runs: u32) -> Self {
        self.runs = runs;
        self
    }

    /// How many steps of each run have faults; what comes behind them is calm.
    #[must_use]
    pub fn storm(mut self, steps: usize) -> Self {
        self.storm = steps;
        self
    }

    /// Within how many steps a run must come to an end.
    #[must_use]
    pub fn steps_max(mut self, steps: usize) -> Self {
        self.steps_max = steps;
        self
    }

    /// Runs them, each with a fresh world.
    ///
    /// # Errors
    /// The first run in which something does not hold.
    pub fn explore<P, W>(&self, world: impl Fn() -> W) -> Result<Explored, Counterexample>
    where
        P: ProcessManager,
        P::Input: Debug,
        P::Action: Debug,
        W: World<P>,
    {
        let mut explored = Explored::default();
        for number in 0..u64::from(self.runs) {
            let seed = self.seed.wrapping_add(number);
            Run::new(seed, world()).play(self, &mut explored)?;
            explored.runs += 1;
        }
        Ok(explored)
    }
}
