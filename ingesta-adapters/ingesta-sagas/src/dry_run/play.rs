//! The run itself: every instance in memory, time going on from event to event.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate as _;
use ingesta_event_store::{RecordedEvent, StreamId};

use super::timeline::{Due, Timeline, later};
use super::{AT_ONCE, Answers, DryRunReport, DryRunSaga, HeldBack, WouldAct};
use crate::{Heard, HeardBy, Instance, ProcessManager, Request, Routes};

pub(super) struct Play<P: ProcessManager> {
    answers: Answers<P>,
    sagas: BTreeMap<String, Kept<P>>,
    timeline: Timeline<P>,
    held_back: BTreeMap<StreamId, HeldBack>,
    events: u64,
    now: Option<DateTime<Utc>>,
}

struct Kept<P: ProcessManager> {
    instance: Instance<P>,
    events: u64,
    acts: Vec<WouldAct<P::Action>>,
    timers: BTreeMap<String, DateTime<Utc>>,
    refused: Vec<String>,
}

impl<P: ProcessManager> Default for Kept<P> {
    fn default() -> Self {
        Self {
            instance: Instance::default(),
            events: 0,
            acts: Vec::new(),
            timers: BTreeMap::new(),
            refused: Vec::new(),
        }
    }
}

impl<P: ProcessManager> Play<P> {
    pub(super) fn new(answers: Answers<P>) -> Self {
        Self {
            answers,
            sagas: BTreeMap::new(),
            timeline: Timeline::new(),
            held_back: BTreeMap::new(),
            events: 0,
            now: None,
        }
    }

    /// The next event of the log.
    pub(super) fn event(&mut self, routes: &Routes<P::Input>, event: &RecordedEvent) {
        self.events += 1;
        // Adopted events have no time: they happened before those that have one.
        let before = self.now.unwrap_or(DateTime::UNIX_EPOCH);
        let now = event.recorded_at.map_or(before, |at| at.max(before));
        self.pass_time(now);
        if let Some(held) = self.held_back.get_mut(&event.stream) {
            held.behind += 1;
            return;
        }
        let told = match routes.of(event) {
            Ok(told) => told,
            Err(error) => return self.hold_back(event, format!("{error}: {}", error.cause)),
        };
        for (id, input) in told {
            if let Err(error) = self.hear(&id, Heard::Told(input), now) {
                return self.hold_back(event, format!("{} refused: {error}", P::TYPE));
            }
        }
    }

    /// The end, a while after the last event.
    pub(super) fn end(mut self, beyond: Duration) -> DryRunReport<P> {
        if let Some(now) = self.now {
            self.pass_time(later(now, beyond));
        }
        let ends = self.sagas.into_iter().filter(|(_, kept)| kept.events > 0);
        let ends = ends.map(|(id, kept)| {
            let saga = DryRunSaga {
                state: kept.instance.into_state(),
                events: kept.events,
                acts: kept.acts,
                timers: kept.timers,
                refused: kept.refused,
            };
            (id, saga)
        });
        DryRunReport {
            sagas: ends.collect(),
            held_back: self.held_back.into_values().collect(),
            events: self.events,
            complete: true,
            until: self.now,
        }
    }

    /// Lets everything happen that is due until then.
    fn pass_time(&mut self, until: DateTime<Utc>) {
        while let Some((at, due)) = self.timeline.next(until) {
            let (id, heard) = match due {
                Due::Answer { saga_id, heard } => (saga_id, heard),
                Due::Timer { saga_id, timer } => {
                    let kept = self.sagas.entry(saga_id.clone()).or_default();
                    if kept.timers.get(&timer) != Some(&at) {
                        continue;
                    }
                    kept.timers.remove(&timer);
                    (saga_id, Heard::TimerFired { timer })
                }
            };
            if let Err(error) = self.hear(&id, heard, at) {
                let kept = self.sagas.entry(id).or_default();
                kept.refused.push(error.to_string());
            }
        }
        self.now = Some(until);
    }

    fn hear(&mut self, id: &str, heard: HeardBy<P>, now: DateTime<Utc>) -> Result<(), P::Error> {
        let kept = self.sagas.entry(id.to_owned()).or_default();
        for event in kept.instance.hear(heard, now)? {
            kept.events += 1;
            for request in P::requests(&event) {
                match request {
                    Request::Act(action) => {
                        for (after, heard) in (self.answers)(id, &action) {
                            let saga_id = id.to_owned();
                            let answer = Due::Answer { saga_id, heard };
                            self.timeline.note(later(now, after.max(AT_ONCE)), answer);
                        }
                        kept.acts.push(WouldAct { at: now, action });
                    }
                    Request::SetTimer { timer, after } => {
                        let (at, saga_id) = (later(now, after.max(AT_ONCE)), id.to_owned());
                        kept.timers.insert(timer.clone(), at);
                        self.timeline.note(at, Due::Timer { saga_id, timer });
                    }
                    Request::CancelTimer { timer } => {
                        kept.timers.remove(&timer);
                    }
                }
            }
            kept.instance.apply(event);
        }
        Ok(())
    }

    fn hold_back(&mut self, event: &RecordedEvent, why: String) {
        let held = HeldBack {
            stream: event.stream.clone(),
            sequence: event.sequence,
            why,
            behind: 0,
        };
        self.held_back.insert(event.stream.clone(), held);
    }
}
