//! The newest state of a bounded stretch of names, from one pass over all that was ever written.
//!
//! It promises the first `limit` names after a given one, each with its newest state, whatever the
//! order in which they come, and never holds more than `limit` of them. Names whose newest state is
//! "deleted" take a place: otherwise one that was cut off would have to come back when another goes.

use std::collections::BTreeMap;

pub(super) struct Window<K, S> {
    after: Option<K>,
    limit: usize,
    states: BTreeMap<K, Option<S>>,
    cut: bool,
}

impl<K: Ord + Clone, S> Window<K, S> {
    pub(super) fn new(after: Option<K>, limit: usize) -> Self {
        Self {
            after,
            limit: limit.max(1),
            states: BTreeMap::new(),
            cut: false,
        }
    }

    /// Something was written under this name: a state, or that it is deleted.
    pub(super) fn see(&mut self, name: K, state: Option<S>) {
        if self.after.as_ref().is_some_and(|after| name <= *after) {
            return;
        }
        self.states.insert(name, state);
        if self.states.len() > self.limit {
            self.states.pop_last();
            self.cut = true;
        }
    }

    /// What is there, in order, and where to go on if there may be more.
    pub(super) fn close(self) -> (Vec<(K, S)>, Option<K>) {
        let last = self.states.keys().next_back().cloned();
        let next = last.filter(|_| self.cut);
        let there = self
            .states
            .into_iter()
            .filter_map(|(name, state)| Some((name, state?)));
        (there.collect(), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::{BuildHasher, RandomState};

    /// All pages of a history, and the most names that were held.
    fn pages(history: &[(u64, Option<u64>)], limit: usize) -> (Vec<(u64, u64)>, usize) {
        let (mut all, mut after, mut most) = (Vec::new(), None, 0);
        loop {
            let mut window = Window::new(after, limit);
            for (name, state) in history {
                window.see(*name, *state);
                most = most.max(window.states.len());
            }
            let (page, next) = window.close();
            all.extend(page);
            after = next;
            if after.is_none() {
                return (all, most);
            }
        }
    }

    #[test]
    fn all_pages_together_are_the_newest_states_whatever_was_written() {
        for round in 0..300_u64 {
            let chance = RandomState::new();
            let dice = |salt: u64| chance.hash_one((round, salt));
            let history: Vec<_> = (0..60)
                .map(|at| {
                    let deleted = dice(at * 2).is_multiple_of(3);
                    (dice(at * 2 + 1) % 20, (!deleted).then_some(at))
                })
                .collect();
            let newest: BTreeMap<_, _> = history.iter().copied().collect();
            let there: Vec<_> = newest
                .into_iter()
                .filter_map(|(k, s)| Some((k, s?)))
                .collect();
            for limit in [1, 2, 7, 20, 100] {
                let (found, most) = pages(&history, limit);
                assert_eq!(found, there, "limit {limit}, history {history:?}");
                assert!(most <= limit);
            }
        }
    }

    #[test]
    fn it_ends_where_nothing_was_cut() {
        let mut window = Window::new(None, 2);
        window.see(1, Some(()));
        window.see(2, None);
        assert_eq!(window.close(), (vec![(1, ())], None));
    }
}
