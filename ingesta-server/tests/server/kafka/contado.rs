//! What was told once, and what again.
//!
//! Promises: a repetition that differs from its first in a byte of its key, its value or its headers
//! is found; so is one that is not behind its first.

use std::collections::BTreeMap;

use super::stage::Leido;

/// All of a topic, sorted.
pub(crate) struct Contado<'t> {
    /// The first message of each id, in the order in which they were read.
    pub(crate) firsts: Vec<&'t Leido>,
    /// How many more there are.
    pub(crate) repetitions: usize,
}

/// Sorts the messages of a topic, partition by partition in its order.
pub(crate) fn contar(told: &[Leido]) -> Contado<'_> {
    let mut known: BTreeMap<&str, &Leido> = BTreeMap::new();
    let mut firsts = Vec::new();
    for one in told {
        let Some(first) = known.get(one.ce_id.as_str()) else {
            known.insert(&one.ce_id, one);
            firsts.push(one);
            continue;
        };
        assert_eq!(first.partition, one.partition, "{} moved", one.ce_id);
        assert_eq!(first.key, one.key, "a repetition differs from its first");
        assert_eq!(
            first.value, one.value,
            "a repetition differs from its first"
        );
        assert_eq!(
            first.headers, one.headers,
            "a repetition differs from its first"
        );
    }
    Contado {
        repetitions: told.len() - firsts.len(),
        firsts,
    }
}
