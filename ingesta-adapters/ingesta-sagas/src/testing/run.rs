//! One run: what is under way, which timers are set, and one random step after the other.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate as _;

use super::{Counterexample, Dice, Explored, Explorer, Sent, World};
use crate::{Heard, HeardBy, Instance, ProcessManager, Request, RequestBy};

/// How often, in a hundred, something that may be lost is lost, and anything else repeated.
const LOST: usize = 15;
const REPEATED: usize = 15;

/// The manager, the world, and what is between them.
pub(super) struct Run<P: ProcessManager, W> {
    seed: u64,
    dice: Dice,
    world: W,
    saga: Instance<P>,
    now: DateTime<Utc>,
    /// Asked for and not carried out: in order, as [`crate::Actions`] do it, but later.
    asked: VecDeque<RequestBy<P>>,
    under_way: Vec<Sent<P>>,
    timers: BTreeMap<String, DateTime<Utc>>,
    steps: Vec<String>,
}

/// What happens next.
enum Next {
    CarryOut,
    Arrive(usize),
    Fire(String),
}

impl<P, W> Run<P, W>
where
    P: ProcessManager,
    P::Input: Debug,
    P::Action: Debug,
    W: World<P>,
{
    pub(super) fn new(seed: u64, world: W) -> Self {
        Self {
            seed,
            dice: Dice::new(seed),
            world,
            saga: Instance::default(),
            now: DateTime::UNIX_EPOCH,
            asked: VecDeque::new(),
            under_way: Vec::new(),
            timers: BTreeMap::new(),
            steps: Vec::new(),
        }
    }

    pub(super) fn play(
        mut self,
        limits: &Explorer,
        explored: &mut Explored,
    ) -> Result<(), Counterexample> {
        self.under_way = self.world.begin(&mut self.dice);
        for step in 0..limits.steps_max {
            if step == limits.storm {
                self.dice.calm_down();
                self.steps.push("from here on nothing fails".to_owned());
            }
            let Some(next) = self.next() else {
                return self.check(true);
            };
            match next {
                Next::CarryOut => self.carry_out(explored),
                Next::Arrive(at) => self.arrive(at, explored)?,
                Next::Fire(timer) => self.fire(timer, explored)?,
            }
            self.check(false)?;
        }
        Err(self.found(format!("no end after {} steps", limits.steps_max)))
    }

    fn next(&mut self) -> Option<Next> {
        let mut choices = Vec::new();
        if !self.asked.is_empty() {
            choices.push(Next::CarryOut);
        }
        let lanes: Vec<_> = self.under_way.iter().map(|sent| sent.lane).collect();
        // Of a lane, only the first one may arrive.
        let first = |at: usize| lanes[at].is_none() || !lanes[..at].contains(&lanes[at]);
        choices.extend((0..lanes.len()).filter(|at| first(*at)).map(Next::Arrive));
        choices.extend(self.timers.keys().cloned().map(Next::Fire));
        let chosen = self.dice.below(choices.len());
        (!choices.is_empty()).then(|| choices.swap_remove(chosen))
    }

    fn carry_out(&mut self, explored: &mut Explored) {
        match self.asked.pop_front() {
            None => {}
            Some(Request::Act(action)) => {
                explored.acts += 1;
                let times = if self.dice.fault(REPEATED) { 2 } else { 1 };
                for _ in 0..times {
                    self.steps.push(format!("{action:?} is carried out"));
                    let sent = self.world.act(&action, &mut self.dice);
                    let refused = sent.iter().any(Sent::is_refusal);
                    self.under_way.extend(sent);
                    // A refusal that was told stands: it is not asked for again.
                    if refused {
                        break;
                    }
                }
            }
            Some(Request::SetTimer { timer, after }) => {
                self.steps.push(format!("timer {timer} is set"));
                let due = chrono::TimeDelta::from_std(after).ok();
                let due = due.and_then(|after| self.now.checked_add_signed(after));
                self.timers
                    .insert(timer, due.unwrap_or(DateTime::<Utc>::MAX_UTC));
            }
            Some(Request::CancelTimer { timer }) => {
                self.steps.push(format!("timer {timer} is cancelled"));
                self.timers.remove(&timer);
            }
        }
    }

    fn arrive(&mut self, at: usize, explored: &mut Explored) -> Result<(), Counterexample> {
        let sent = &self.under_way[at];
        let (may_be_lost, may_repeat) = (sent.may_be_lost, sent.lane.is_none());
        if may_be_lost && self.dice.fault(LOST) {
            let sent = self.under_way.remove(at);
            self.steps.push(format!("lost: {:?}", sent.heard));
            explored.lost += 1;
            return Ok(());
        }
        let heard = if may_repeat && self.dice.fault(REPEATED) {
            explored.repeated += 1;
            self.under_way[at].heard.clone()
        } else {
            self.under_way.remove(at).heard
        };
        explored.heard += 1;
        self.hear(heard)
    }

    fn fire(&mut self, timer: String, explored: &mut Explored) -> Result<(), Counterexample> {
        if let Some(due) = self.timers.remove(&timer) {
            self.now = self.now.max(due);
        }
        explored.fired += 1;
        self.hear(Heard::TimerFired { timer })
    }

    fn hear(&mut self, heard: HeardBy<P>) -> Result<(), Counterexample> {
        let what = format!("heard: {heard:?}");
        let events = match self.saga.hear(heard, self.now) {
            Ok(events) => events,
            Err(error) => {
                self.steps.push(what);
                return Err(self.found(format!("{} refused: {error}", P::TYPE)));
            }
        };
        self.steps.push(format!("{what} -> {events:?}"));
        for event in events {
            self.asked.extend(P::requests(&event));
            self.saga.apply(event);
        }
        Ok(())
    }

    fn check(&mut self, over: bool) -> Result<(), Counterexample> {
        let held = self.world.check(self.saga.state(), over);
        held.map_err(|why| self.found(why))
    }

    fn found(&mut self, why: String) -> Counterexample {
        let steps = std::mem::take(&mut self.steps);
        let seed = self.seed;
        Counterexample { why, seed, steps }
    }
}
