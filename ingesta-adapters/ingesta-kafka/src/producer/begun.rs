//! Which partitions have taken something of a client already.
//!
//! A broker takes any first sequence number of a producer that it does not know on a partition. Were
//! the first batch there refused for its size while the next is under way, the later one would stand
//! before the earlier one; so the first message to each partition goes alone.
//! Where the number of partitions grows meanwhile this knows too few, and only then.

use std::collections::HashMap;

use super::partition_of;

/// The partitions of the topics that a client has asked for.
#[derive(Default)]
pub(super) struct Begun {
    topics: HashMap<String, Vec<bool>>,
}

impl Begun {
    /// The topic was there, with so many partitions.
    pub(super) fn found(&mut self, topic: &str, partitions: usize) {
        self.topics
            .insert(topic.to_owned(), vec![false; partitions]);
    }

    pub(super) fn knows(&self, topic: &str) -> bool {
        self.topics.contains_key(topic)
    }

    /// True for the first message to its partition. Without a key it may go to any.
    pub(super) fn begins(&mut self, topic: &str, key: Option<&[u8]>) -> bool {
        let Some(partitions) = self.topics.get_mut(topic) else {
            return true;
        };
        let Some(key) = key else {
            return partitions.contains(&false);
        };
        let place = partition_of(key, partitions.len());
        let begun = partitions.get_mut(place);
        begun.is_none_or(|begun| !std::mem::replace(begun, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_to_each_partition_begins_it_and_no_other_does() {
        let mut begun = Begun::default();
        assert!(!begun.knows("t") && begun.begins("t", Some(b"k")));
        begun.found("t", 6);
        let keys: Vec<_> = (0..200).map(|n| format!("key-{n}")).collect();
        let first = |begun: &mut Begun| {
            let begins = |key: &&String| begun.begins("t", Some(key.as_bytes()));
            keys.iter().filter(begins).count()
        };
        assert_eq!((first(&mut begun), first(&mut begun)), (6, 0));
        assert!(!begun.begins("t", None));
        begun.found("empty", 6);
        let mut empty = || begun.begins("empty", Some(b""));
        assert_eq!(
            [empty(), empty()],
            [true, false],
            "it has a partition like any other key"
        );
        begun.found("one", 1);
        assert!(begun.begins("one", None), "it may be any of them");
    }
}
