//! `Copies`: how safe the messages of a topic are against the loss of a broker.

/// Copies of each partition. What is not said is as the brokers are set.
///
/// ```
/// use ingesta_kafka::topics::{Copies, TopicSpec};
///
/// // A message counts when two of three brokers have it: one may be lost, and writing goes on.
/// let copies = Copies { replication: Some(3), min_insync: Some(2) };
/// assert!(TopicSpec::new("orders", 6).with_copies(copies).check().is_ok());
/// // Nothing could ever be written here.
/// let copies = Copies { replication: Some(2), min_insync: Some(3) };
/// assert!(TopicSpec::new("orders", 6).with_copies(copies).check().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// How many there are, at least 1.
    pub replication: Option<i32>,
    /// How many of them must have a message before it counts, at least 1.
    pub min_insync: Option<u32>,
}
