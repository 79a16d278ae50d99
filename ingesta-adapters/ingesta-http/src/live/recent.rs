//! `Recent`: the last stretch of the log, told already, for everybody who is nearly up to date.
//!
//! Promises: it holds everything that was told after `from` and up to `reached`, and its weight
//! stays under a limit, by letting go of the oldest.

use std::collections::VecDeque;
use std::sync::Arc;

use ingesta_event_store::Position;

use super::frame::Told;

#[derive(Debug)]
pub(super) struct Recent {
    told: VecDeque<Arc<Told>>,
    from: Position,
    reached: Position,
    bytes: usize,
    bytes_max: usize,
}

/// What there is for a watcher at some place.
#[derive(Debug)]
pub(super) enum Stretch {
    /// Everything behind the place up to `reached`, or the first part of it.
    Here {
        told: Vec<Arc<Told>>,
        reached: Position,
    },
    /// Nothing is behind the place yet.
    UpToDate,
    /// The place lies before `from`, where what is held begins: the log itself must be asked, which
    /// is settled up to there.
    TooOld { from: Position },
}

impl Recent {
    pub(super) fn new(from: Position, bytes_max: usize) -> Self {
        Self {
            told: VecDeque::new(),
            from,
            reached: from,
            bytes: 0,
            bytes_max,
        }
    }

    /// Takes a page in: what was told of it, in order, and where it ends.
    pub(super) fn push(&mut self, told: Vec<Told>, reached: Position) {
        for one in told {
            self.bytes += one.bytes();
            self.told.push_back(Arc::new(one));
        }
        self.reached = self.reached.max(reached);
        while self.bytes > self.bytes_max
            && let Some(oldest) = self.told.pop_front()
        {
            self.bytes -= oldest.bytes();
            self.from = oldest.position;
        }
    }

    pub(super) fn reached(&self) -> Position {
        self.reached
    }

    /// At most `limit` entries behind `at`.
    pub(super) fn after(&self, at: Position, limit: usize) -> Stretch {
        if at >= self.reached {
            return Stretch::UpToDate;
        }
        if at < self.from {
            return Stretch::TooOld { from: self.from };
        }
        let first = self.told.partition_point(|told| told.position <= at);
        let told: Vec<_> = self.told.range(first..).take(limit).cloned().collect();
        let reached = match told.last() {
            Some(last) if first + told.len() < self.told.len() => last.position,
            _ => self.reached,
        };
        Stretch::Here { told, reached }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Frame;
    use super::*;

    fn at(place: i64) -> Position {
        Position::new(1, place)
    }

    fn told(place: i64) -> Told {
        let frame = Frame::new("t", "{}").expect("a frame");
        Told::new(at(place), vec![frame])
    }

    #[track_caller]
    fn here(stretch: Stretch) -> (Vec<i64>, Position) {
        let Stretch::Here { told, reached } = stretch else {
            panic!("nothing is here: {stretch:?}");
        };
        let places = told.iter().map(|told| told.position.identity());
        (places.collect(), reached)
    }

    #[test]
    fn a_watcher_gets_what_is_behind_it_and_the_end_of_what_was_looked_at() {
        let mut recent = Recent::new(at(0), usize::MAX);
        assert!(matches!(recent.after(at(0), 9), Stretch::UpToDate));
        recent.push(vec![told(2), told(4)], at(5));
        assert_eq!(here(recent.after(at(0), 9)), (vec![2, 4], at(5)));
        assert_eq!(here(recent.after(at(2), 9)), (vec![4], at(5)));
        assert_eq!(here(recent.after(at(4), 9)), (vec![], at(5)));
        assert!(matches!(recent.after(at(5), 9), Stretch::UpToDate));
        assert!(matches!(recent.after(at(7), 9), Stretch::UpToDate));
        assert_eq!(here(recent.after(at(0), 1)), (vec![2], at(2)));
    }

    #[test]
    fn it_lets_go_of_the_oldest_and_knows_where_it_begins() {
        let each = told(1).bytes();
        let mut recent = Recent::new(at(0), 3 * each);
        recent.push((1..=5).map(told).collect(), at(9));
        assert_eq!(here(recent.after(at(2), 9)), (vec![3, 4, 5], at(9)));
        assert!(matches!(recent.after(at(1), 9), Stretch::TooOld { .. }));
    }

    #[test]
    fn what_is_larger_than_the_limit_is_not_held_at_all() {
        let mut recent = Recent::new(at(0), 1);
        recent.push(vec![told(1)], at(1));
        assert!(matches!(recent.after(at(0), 9), Stretch::TooOld { .. }));
        assert!(matches!(recent.after(at(1), 9), Stretch::UpToDate));
    }
}
