//! Which events are in a committed transaction: decided from the places, purely.
//!
//! An event of a held stream is published if it comes before the next one of that stream; any other
//! is published if it stands at or before the place reached. A stream is held from the moment at
//! which one of its events is refused, because the place reached moves on past it.

use std::collections::{BTreeMap, BTreeSet};

use ingesta_event_store::{Position, RecordedEvent, StreamId};

use super::places::{Mark, Place};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) reached: Option<Mark>,
    held: BTreeMap<StreamId, u64>,
}

impl Ledger {
    /// Takes in a place that was read.
    pub(super) fn read(&mut self, place: Place) {
        match place {
            Place::Reached(mark) => self.reached = Some(mark),
            Place::Held { stream, next } => {
                self.held.insert(stream, next);
            }
            Place::Free { stream } => {
                self.held.remove(&stream);
            }
        }
    }

    /// A stream that is parked and that no place tells of: it was parked before this mode began.
    pub(super) fn adopt(&mut self, stream: StreamId, next: u64) {
        self.held.entry(stream).or_insert(next);
    }

    /// True if the event is published.
    pub(super) fn holds(&self, event: &RecordedEvent) -> bool {
        match self.held.get(&event.stream) {
            Some(next) => event.sequence < *next,
            None => event.position <= self.position(),
        }
    }

    fn position(&self) -> Position {
        self.reached
            .as_ref()
            .map_or(Position::START, |mark| mark.position)
    }

    /// The event was refused: its stream is held there. `None`: that is written already.
    pub(super) fn hold(&mut self, event: &RecordedEvent) -> Option<Place> {
        let (stream, next) = (event.stream.clone(), event.sequence);
        if self.held.insert(stream.clone(), next) == Some(next) {
            return None;
        }
        Some(Place::Held { stream, next })
    }

    /// The batch is published; the places to write with it.
    ///
    /// What this says must be written, or the ledger thrown away.
    pub(super) fn advance(&mut self, batch: &[RecordedEvent]) -> Vec<Place> {
        let before = self.position();
        let mut touched = BTreeSet::new();
        for event in batch {
            let Some(next) = self.held.get_mut(&event.stream) else {
                continue;
            };
            if event.sequence >= *next {
                *next = event.sequence + 1;
                touched.insert(event.stream.clone());
            }
            // The main flow has come to this stream again, behind the place reached.
            if event.position > before {
                self.held.remove(&event.stream);
            }
        }
        let streams = touched
            .into_iter()
            .map(|stream| match self.held.get(&stream) {
                Some(next) => Place::Held {
                    stream,
                    next: *next,
                },
                None => Place::Free { stream },
            });
        let mut places: Vec<_> = streams.collect();
        if let Some(last) = batch.last().filter(|last| last.position > before) {
            let mark = Mark::of(last);
            self.reached = Some(mark.clone());
            places.push(Place::Reached(mark));
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, sequence: u64, identity: i64) -> RecordedEvent {
        RecordedEvent {
            position: Position::new(1, identity),
            stream: StreamId::new("t", id),
            sequence,
            event_type: "E".into(),
            event_version: "1".into(),
            payload: "{}".into(),
            metadata: "{}".into(),
            recorded_at: None,
        }
    }

    /// What a successor knows that reads the places.
    fn successor(written: &[Vec<Place>]) -> Ledger {
        let mut ledger = Ledger::default();
        written
            .iter()
            .flatten()
            .cloned()
            .for_each(|place| ledger.read(place));
        ledger
    }

    #[test]
    fn what_is_at_or_before_the_place_reached_is_published() {
        let mut ledger = Ledger::default();
        let written = [ledger.advance(&[event("a", 1, 1), event("b", 1, 2)])];
        let next = successor(&written);
        assert!(next.holds(&event("a", 1, 1)) && next.holds(&event("b", 1, 2)));
        assert!(!next.holds(&event("a", 2, 3)));
    }

    #[test]
    fn an_event_that_was_refused_is_not_published_although_the_place_is_behind_it() {
        let mut ledger = Ledger::default();
        let refused = ledger.hold(&event("a", 1, 1)).unwrap();
        let written = [vec![refused], ledger.advance(&[event("b", 1, 2)])];
        let next = successor(&written);
        assert_eq!(next, ledger);
        assert!(!next.holds(&event("a", 1, 1)), "parked, never published");
        assert!(!next.holds(&event("a", 2, 3)), "queued behind it");
        assert!(next.holds(&event("b", 1, 2)));
    }

    #[test]
    fn a_parked_stream_that_was_published_later_is_not_published_twice() {
        let mut ledger = Ledger::default();
        let mut written = vec![vec![ledger.hold(&event("a", 1, 1)).unwrap()]];
        written.push(ledger.advance(&[event("b", 1, 3)]));
        // Retried: the events up to the checkpoint, at positions that the place has passed.
        let retried = [event("a", 1, 1), event("a", 2, 2)];
        assert!(retried.iter().all(|event| !ledger.holds(event)));
        written.push(ledger.advance(&retried));
        let next = successor(&written);
        assert!(
            retried.iter().all(|event| next.holds(event)),
            "the runner did not store it"
        );
        assert!(!next.holds(&event("a", 3, 4)));

        // The main flow reaches the stream again: nothing of it is remembered any more.
        written.push(ledger.advance(&[event("a", 3, 4)]));
        let next = successor(&written);
        assert!(next.holds(&event("a", 1, 1)) && next.holds(&event("a", 3, 4)));
        assert!(next.held.is_empty());
    }

    #[test]
    fn a_stream_that_was_parked_before_this_mode_began_is_published_when_it_is_retried() {
        let mut ledger = Ledger::default();
        ledger.adopt(StreamId::new("t", "a"), 1);
        let written = [ledger.advance(&[event("b", 1, 2)])];
        assert!(!ledger.holds(&event("a", 1, 1)));
        // The successor adopts it in turn, because the store still has it parked.
        let mut next = successor(&written);
        next.adopt(StreamId::new("t", "a"), 1);
        assert!(!next.holds(&event("a", 1, 1)));
    }

    #[test]
    fn refusing_the_same_event_again_writes_nothing_new() {
        let mut ledger = Ledger::default();
        assert!(ledger.hold(&event("a", 1, 1)).is_some());
        assert_eq!(ledger.hold(&event("a", 1, 1)), None);
    }
}
