//! A worker's own part of one job: the rows whose keys fall to it, as typed states in memory.
//!
//! A row is wrong as soon as an event fails on it; it is then left alone, for the pass is made
//! again without that event. Rows at and above the bound of the job are dropped.

mod trial;

use std::collections::{HashMap, HashSet};
use std::hint::black_box;
use std::sync::Arc;

use ingesta_event_store::{RecordedEvent, TypeFilter};

use super::failure::{Failures, Fault, call, text};
use super::hash::Seed;
use super::key::Key;
use super::plan::Plan;
use super::shard::{Part, Shard};
use super::suspects::Suspicion;
use super::weight::weight;
use crate::Projection;
use crate::fold::{fits, valid};
use crate::live_row::{LiveRow, Taken};
use crate::rebuild::RebuildError;
use crate::row::StoredRow;
use trial::Trials;

/// From so many events on a row is weighed by itself, each time their number has doubled.
const HEAVY: u32 = 64;
/// How many of the other rows are weighed for an average.
const SAMPLE: usize = 64;

struct Kept<S> {
    row: LiveRow<S>,
    events: u32,
    /// Its weight when it was last weighed by itself; 0: never.
    weighed: u64,
}

pub(super) struct Rows<P: Projection> {
    projection: Arc<P>,
    plan: Arc<Plan>,
    types: TypeFilter,
    worker: usize,
    rows: HashMap<Key, Kept<P::State>, Seed>,
    below: Option<Arc<str>>,
    seen: u64,
    failures: Failures,
    spoiled: HashSet<Box<str>>,
    unwritable: Vec<String>,
    trials: Trials,
    /// Bytes of long keys; of the heavy rows, and how many these are; of an average other row.
    key_bytes: u64,
    heavy_bytes: u64,
    heavy: usize,
    other_bytes: u64,
    since_weighed: usize,
}

impl<P: Projection> Rows<P> {
    pub(super) fn new(projection: Arc<P>, plan: Arc<Plan>, worker: usize) -> Self {
        Self {
            types: projection.types(),
            rows: HashMap::with_hasher(plan.seed),
            projection,
            plan,
            worker,
            below: None,
            seen: 0,
            failures: Failures::default(),
            spoiled: HashSet::new(),
            unwritable: Vec::new(),
            trials: Trials::default(),
            key_bytes: 0,
            heavy_bytes: 0,
            heavy: 0,
            other_bytes: 0,
            since_weighed: 0,
        }
    }

    fn wanted(&self, key: &str) -> bool {
        self.plan.wanted(key) && self.below.as_deref().is_none_or(|below| key < below)
    }

    fn fail(
        &mut self,
        event: &RecordedEvent,
        fault: Fault,
        on_row: Option<u64>,
    ) -> Result<(), RebuildError> {
        self.failures
            .note(self.projection.name(), event, fault, on_row)
    }

    /// Folds the event into one row.
    fn fold(&mut self, key: &str, event: &RecordedEvent) -> Result<(), Fault> {
        if !self.spoiled.is_empty() && self.spoiled.contains(key) {
            return Ok(());
        }
        self.guard(key, event)?;
        self.since_weighed += 1;
        let projection = &*self.projection;
        let taken = if let Some(kept) = self.rows.get_mut(key.as_bytes()) {
            let taken = take_in(projection, &self.plan, &mut kept.row, key, event);
            kept.events = kept.events.saturating_add(1);
            if kept.events >= HEAVY && kept.events.is_power_of_two() {
                let before = kept.weighed;
                kept.weighed = weight(&kept.row.state).max(1);
                self.heavy += usize::from(before == 0);
                self.heavy_bytes = self.heavy_bytes - before + kept.weighed;
            }
            // It may have been past writing before this event, which is then not to blame.
            let broken = taken.is_err()
                && !self.plan.keyed_by_aggregate
                && !self.plan.doubted.contains(key)
                && text(&kept.row.state).is_err();
            if taken.is_err() || !kept.row.there {
                self.drop_row(key);
            }
            if broken {
                self.unwritable.push(key.to_owned());
                self.spoiled.insert(key.into());
                return Ok(());
            }
            taken
        } else {
            let mut row = LiveRow::absent();
            let taken = take_in(projection, &self.plan, &mut row, key, event);
            if taken.is_ok() && row.there {
                let key = Key::new(key);
                self.key_bytes += key.heap();
                let kept = Kept {
                    row,
                    events: 1,
                    weighed: 0,
                };
                self.rows.insert(key, kept);
            }
            taken
        };
        if taken.is_err() {
            self.spoiled.insert(key.into());
        }
        taken
    }

    fn drop_row(&mut self, key: &str) {
        if let Some((key, kept)) = self.rows.remove_entry(key.as_bytes()) {
            self.key_bytes -= key.heap();
            self.heavy_bytes -= kept.weighed;
            self.heavy -= usize::from(kept.weighed > 0);
        }
    }

    fn drop_from(&mut self, below: Arc<str>) {
        let (mut keys, mut heavy, mut heavy_bytes) = (0, 0, 0);
        self.rows.retain(|key, kept| {
            let stays = key.bytes() < below.as_bytes();
            if stays {
                keys += key.heap();
                heavy += usize::from(kept.weighed > 0);
                heavy_bytes += kept.weighed;
            }
            stays
        });
        self.rows.shrink_to_fit();
        (self.key_bytes, self.heavy, self.heavy_bytes) = (keys, heavy, heavy_bytes);
        self.below = Some(below);
    }

    /// Weighs rows from everywhere in the map.
    fn weigh(&mut self) {
        let step = (self.rows.len() / SAMPLE).max(1);
        let (mut count, mut bytes) = (0, 0);
        for kept in self.rows.values().step_by(step) {
            if kept.weighed == 0 {
                count += 1;
                bytes += weight(&kept.row.state);
            }
        }
        self.other_bytes = bytes / count.max(1);
        self.since_weighed = 0;
    }
}

/// The fold itself, and the proof that the row can be written where there is a doubt.
fn take_in<P: Projection>(
    projection: &P,
    plan: &Plan,
    row: &mut LiveRow<P::State>,
    key: &str,
    event: &RecordedEvent,
) -> Result<(), Fault> {
    let taken = call(|| row.take(projection, key, event))?;
    if taken == Taken::Changed && plan.doubted.contains(key) && row.there {
        text(&row.state)?;
    }
    Ok(())
}

impl<P: Projection> Shard for Rows<P> {
    fn take(&mut self, event: &RecordedEvent, number: u64, mine: bool) -> Result<(), RebuildError> {
        let keyed = self.plan.keyed_by_aggregate;
        if keyed && !(mine && self.wanted(&event.stream.aggregate_id)) {
            return Ok(());
        }
        let stream = &event.stream;
        let suspicion = self.plan.suspicion(event);
        if suspicion == Suspicion::Suspect && self.types.admits(&stream.aggregate_type) {
            return self.try_out(event);
        }
        if !self.types.admits(&stream.aggregate_type)
            || suspicion == Suspicion::Behind
            || self.plan.put_aside(event)
            || (!self.failures.is_empty() && self.failures.holds(event))
        {
            return Ok(());
        }
        if keyed {
            // What its event breaks is one row, and all of that row.
            let folded = match stream.aggregate_id.as_str() {
                id if fits(id) => self.fold(id, event),
                id => call(|| valid(vec![id.to_owned()]).map(|_| ())),
            };
            return folded.or_else(|fault| self.fail(event, fault, None));
        }
        let keys = match call(|| self.projection.keys(event).and_then(valid)) {
            Ok(keys) => keys,
            Err(fault) => return self.fail(event, fault, None),
        };
        for key in keys {
            if self.plan.owner(&key) == self.worker
                && self.wanted(&key)
                && let Err(fault) = self.fold(&key, event)
            {
                return self.fail(event, fault, Some(number));
            }
        }
        Ok(())
    }

    fn warm(&self, ids: &[&[u8]]) {
        if self.plan.keyed_by_aggregate {
            let found = ids.iter().filter_map(|id| self.rows.get(*id));
            black_box(found.fold(0_u64, |sum, kept| sum.wrapping_add(kept.row.version)));
        }
    }

    fn settle(&mut self) {
        if let Some(below) = self.plan.bound.lowered(&mut self.seen) {
            self.drop_from(below);
        }
        let never = self.other_bytes == 0 && self.since_weighed > 0;
        if never || self.since_weighed >= (self.rows.len() / 2).max(1_024) {
            self.weigh();
        }
    }

    fn bytes(&self) -> u64 {
        let row = size_of::<(Key, Kept<P::State>)>() as u64 + 1;
        let (rows, capacity) = (self.rows.len() as u64, self.rows.capacity() as u64);
        // A full map is moved to one twice as large, and both are there for a moment.
        let tables = if rows + rows / 8 >= capacity { 3 } else { 1 };
        let others = rows - self.heavy as u64;
        tables * row * (capacity + capacity / 7)
            + self.key_bytes
            + self.heavy_bytes
            + self.other_bytes * others
    }

    fn lower(&mut self) -> bool {
        let mut keys: Vec<&[u8]> = self.rows.keys().map(Key::bytes).collect();
        if keys.len() < 2 {
            return false;
        }
        let place = (keys.len() * 3 / 4).max(1);
        let (_, key, _) = keys.select_nth_unstable(place);
        let key = std::str::from_utf8(key).expect("made of a text");
        self.plan.bound.lower(key);
        if let Some(below) = self.plan.bound.lowered(&mut self.seen) {
            self.drop_from(below);
        }
        true
    }

    fn too_many_failures(&self) -> bool {
        self.failures.too_many()
    }

    fn failures(self: Box<Self>) -> Failures {
        self.failures
    }

    fn finish(self: Box<Self>) -> Part {
        let mut part = Part {
            rows: Vec::with_capacity(self.rows.len()),
            failures: self.failures,
            unwritable: self.unwritable,
            confirmed: self.trials.confirmed,
            // What is keyed by its aggregate fails by itself, and is certain.
            fragile: if self.plan.keyed_by_aggregate {
                HashSet::new()
            } else {
                self.spoiled
            },
        };
        for (key, kept) in self.rows {
            let (key, version) = (key.text().to_owned(), kept.row.version);
            match text(&kept.row.state) {
                Ok(payload) => part.rows.push((key, StoredRow { version, payload })),
                Err(_) => part.unwritable.push(key),
            }
        }
        part.rows
            .sort_unstable_by(|(one, _), (two, _)| one.cmp(two));
        part
    }
}
