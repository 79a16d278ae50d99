//! Which partitions have taken something of a client already.
//!
//! A broker takes any first sequence number of a producer that it does not know on a partition. Were
//! the first batch there refused for its size while the next is under way, the later one would stand
//! before the earlier one; so the first message to each partition goes alone.
//! Where the number of partitions grows meanwhile this knows too few, and only then.

use std::collections::HashMap;

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
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            return partitions.contains(&false);
        };
        let hash = murmur2(key) & 0x7fff_ffff;
        let count = partitions.len().max(1);
        let begun = partitions.get_mut(hash as usize % count);
        begun.is_none_or(|begun| !std::mem::replace(begun, true))
    }
}

/// The hash of Java's client, by which the library chooses the partition of a key.
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut words = data.chunks_exact(4);
    // Longer than any message can be.
    let mut hash = 0x9747_b28c ^ u32::try_from(data.len()).unwrap_or(u32::MAX);
    for word in &mut words {
        let word: [u8; 4] = word.try_into().expect("four bytes");
        let mut k = u32::from_le_bytes(word).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let rest = words.remainder();
    for (at, byte) in rest.iter().enumerate() {
        hash ^= u32::from(*byte) << (8 * at);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
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
        begun.found("one", 1);
        assert!(begun.begins("one", None), "it may be any of them");
    }

    #[test]
    fn the_hash_is_javas() {
        // From Kafka's own `UtilsTest.testMurmur2`.
        assert_eq!(murmur2(b"21").cast_signed(), -973_932_308);
        assert_eq!(murmur2(b"foobar").cast_signed(), -790_332_482);
    }
}
