//! The name of the command that a message brings, so that a second delivery has no second effect.
//!
//! It decides between names that others gave; it decodes nothing and remembers nothing.

use crate::message::IncomingMessage;

/// The header in which CloudEvents' binary mode says the id of an event.
pub(crate) const CE_ID: &str = "ce_id";

/// Names the command in a message: the id in its envelope, else the header `ce_id`, else its place
/// `topic/partition/offset`.
///
/// `envelope_id` is what the caller decoded, `None` where the shape has no id. An id of blanks
/// counts as none, and so does a `ce_id` that is not text.
///
/// - With an id of its producer's a command takes effect once, however often its producer sends it.
/// - Named by its place it takes effect once however often it is *delivered*; a producer that sends
///   it twice has sent two commands. A dead letter that is replayed keeps the name of its first
///   place: its replay carries it as `ce_id`. The places of a topic that is deleted and
///   created again start anew: do not do that to a topic whose messages have no ids.
/// - Pass `None` for a producer that is known to write one id into all its messages, as the first
///   systems do where they set none: all but its first command would be refused.
///
/// ```
/// use ingesta_kafka::inbox::command_id;
/// use ingesta_kafka::message::{Header, IncomingMessage};
///
/// let mut message = IncomingMessage {
///     topic: "comandos".into(), partition: 3, offset: 14,
///     key: None, value: None, headers: Vec::new(), timestamp: None,
/// };
/// assert_eq!(command_id(&message, None), "comandos/3/14");
/// message.headers.push(Header { name: "ce_id".into(), value: b"Ingesta/7/1".to_vec() });
/// assert_eq!(command_id(&message, Some(" ")), "Ingesta/7/1");
/// assert_eq!(command_id(&message, Some("4f1c")), "4f1c");
/// ```
#[must_use]
pub fn command_id(message: &IncomingMessage, envelope_id: Option<&str>) -> String {
    let named = |id: &&str| !id.trim().is_empty();
    let header = || {
        let found = message.headers.iter().find(|header| header.name == CE_ID)?;
        std::str::from_utf8(&found.value).ok().filter(named)
    };
    if let Some(id) = envelope_id.filter(named).or_else(header) {
        return id.to_owned();
    }
    format!("{}/{}/{}", message.topic, message.partition, message.offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Header;

    fn message(headers: &[(&str, &[u8])]) -> IncomingMessage {
        let header = |(name, value): &(&str, &[u8])| Header {
            name: (*name).to_owned(),
            value: value.to_vec(),
        };
        IncomingMessage {
            topic: "t".to_owned(),
            partition: 0,
            offset: 9,
            key: None,
            value: None,
            headers: headers.iter().map(header).collect(),
            timestamp: None,
        }
    }

    #[test]
    fn what_is_no_name_is_not_taken_for_one() {
        assert_eq!(command_id(&message(&[("ce_id", b"")]), None), "t/0/9");
        assert_eq!(command_id(&message(&[("ce_id", b"\xff")]), None), "t/0/9");
        assert_eq!(command_id(&message(&[("other", b"a")]), Some("")), "t/0/9");
    }

    #[test]
    fn the_first_of_several_headers_counts() {
        let twice = message(&[("ce_id", b"one"), ("ce_id", b"two")]);
        assert_eq!(command_id(&twice, None), "one");
    }
}
