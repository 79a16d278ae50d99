//! A dead letter as a message: the original inside, the reason around it, and back again.
//!
//! It promises that the original comes out as it went in: key, value, headers, and whether there was
//! a key and a value at all. The dead letter's own value is never absent, because an absent value
//! means "deleted" on a compacted topic; its own headers stand behind those of the original, counted,
//! so that an original may have headers of the same names.

use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};

use super::DeadLetterId;
use crate::inbox::CE_ID;
use crate::message::{Header, IncomingMessage, OutgoingMessage};

/// What is appended to a topic's name for that of its dead letters.
const SUFFIX: &str = ".dead";

/// How often a message was replayed.
const REPLAYS: &str = "ingesta-replays";

const CODE: &str = "dead-letter-code";
const REASON: &str = "dead-letter-reason";
const GROUP: &str = "dead-letter-group";
const AT: &str = "dead-letter-at";
const TOPIC: &str = "dead-letter-topic";
const PARTITION: &str = "dead-letter-partition";
const OFFSET: &str = "dead-letter-offset";
const TIMESTAMP: &str = "dead-letter-timestamp";
const TIMES: &str = "dead-letter-replays";
const KEY: &str = "dead-letter-key";
const TOMBSTONE: &str = "dead-letter-tombstone";
/// The last one: how many headers of the original stand before ours.
const HEADERS: &str = "dead-letter-headers";

/// The topic of the dead letters of a topic.
#[must_use]
pub fn dead_topic(topic: &str) -> String {
    format!("{topic}{SUFFIX}")
}

/// A message that was put aside, without its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its name: where its message was.
    pub id: DeadLetterId,
    /// Why, as a short word.
    pub code: String,
    /// Why, as a sentence.
    pub reason: String,
    /// The consumer group that put it aside.
    pub group: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The timestamp of its message.
    pub timestamp: Option<DateTime<Utc>>,
    /// How often its message had been replayed before.
    pub replays: u32,
    /// Bytes of its message's key; `None` where it had none.
    pub key_bytes: Option<usize>,
    /// Bytes of its message's value; `None`: a tombstone.
    pub value_bytes: Option<usize>,
    /// The names of its message's headers.
    pub headers: Vec<String>,
}

/// The message inside a dead letter.
pub(super) struct Original {
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: Vec<Header>,
}

impl Original {
    /// With one more replay counted, and where nobody gave it an id, under the name of its letter:
    /// a second replay, or one of a message that had its effect after all, is then the same command.
    pub(super) fn replayed(mut self, letter: &DeadLetterId) -> Self {
        let times = replays(&self.headers).saturating_add(1);
        if !self.headers.iter().any(|header| header.name == CE_ID) {
            self.headers.push(text(CE_ID, letter.to_string()));
        }
        self.headers.retain(|header| header.name != REPLAYS);
        self.headers.push(text(REPLAYS, times.to_string()));
        self
    }
}

fn text(name: &str, value: impl Into<Vec<u8>>) -> Header {
    Header {
        name: name.to_owned(),
        value: value.into(),
    }
}

fn replays(headers: &[Header]) -> u32 {
    let counted = headers.iter().rfind(|header| header.name == REPLAYS);
    let text = counted.and_then(|header| std::str::from_utf8(&header.value).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The dead letter of a message.
pub(super) fn wrap(
    message: &IncomingMessage,
    group: &str,
    code: &str,
    reason: &str,
) -> OutgoingMessage {
    let id = DeadLetterId {
        topic: message.topic.clone(),
        partition: message.partition,
        offset: message.offset,
    };
    let mut headers = message.headers.clone();
    headers.extend([
        text(CODE, code),
        text(REASON, reason),
        text(GROUP, group),
        text(AT, rfc3339(SystemTime::now().into())),
        text(TOPIC, message.topic.as_str()),
        text(PARTITION, message.partition.to_string()),
        text(OFFSET, message.offset.to_string()),
        text(TIMES, replays(&message.headers).to_string()),
    ]);
    headers.extend(message.timestamp.map(|at| text(TIMESTAMP, rfc3339(at))));
    headers.extend(message.key.clone().map(|key| text(KEY, key)));
    if message.value.is_none() {
        headers.push(text(TOMBSTONE, "true"));
    }
    headers.push(text(HEADERS, message.headers.len().to_string()));
    OutgoingMessage {
        topic: dead_topic(&message.topic),
        key: id.to_string().into_bytes(),
        value: Some(message.value.clone().unwrap_or_default()),
        headers,
        timestamp: None,
    }
}

/// The name of the dead letter that a record on a dead topic is about.
pub(super) fn name(record: &IncomingMessage) -> Option<DeadLetterId> {
    std::str::from_utf8(record.key.as_deref()?)
        .ok()?
        .parse()
        .ok()
}

/// The dead letter and the original in a record that is no tombstone; `None` where somebody else
/// wrote it.
pub(super) fn open(record: IncomingMessage) -> Option<(DeadLetter, Original)> {
    let id = name(&record)?;
    let mut headers = record.headers;
    let last = headers.last().filter(|header| header.name == HEADERS)?;
    let own: usize = std::str::from_utf8(&last.value).ok()?.parse().ok()?;
    if own >= headers.len() {
        return None;
    }
    let ours = headers.split_off(own);
    let bytes = |wanted: &str| {
        let found = ours.iter().find(|header| header.name == wanted);
        found.map(|header| header.value.clone())
    };
    let word = |wanted: &str| String::from_utf8(bytes(wanted)?).ok();
    let instant = |wanted: &str| {
        let at = DateTime::parse_from_rfc3339(&word(wanted)?).ok()?;
        Some(at.with_timezone(&Utc))
    };
    let original = Original {
        key: bytes(KEY),
        value: record.value.filter(|_| bytes(TOMBSTONE).is_none()),
        headers,
    };
    let letter = DeadLetter {
        id,
        code: word(CODE)?,
        reason: word(REASON)?,
        group: word(GROUP)?,
        at: instant(AT)?,
        timestamp: instant(TIMESTAMP),
        replays: word(TIMES)?.parse().ok()?,
        key_bytes: original.key.as_ref().map(Vec::len),
        value_bytes: original.value.as_ref().map(Vec::len),
        headers: original
            .headers
            .iter()
            .map(|header| header.name.clone())
            .collect(),
    };
    Some((letter, original))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::command_id;

    fn message(key: Option<&[u8]>, value: Option<&[u8]>, headers: Vec<Header>) -> IncomingMessage {
        IncomingMessage {
            topic: "comandos".to_owned(),
            partition: 3,
            offset: 14,
            key: key.map(<[u8]>::to_vec),
            value: value.map(<[u8]>::to_vec),
            headers,
            timestamp: DateTime::from_timestamp_millis(1_740_787_200_123),
        }
    }

    /// As it is read back from the dead topic.
    fn written(letter: OutgoingMessage) -> IncomingMessage {
        IncomingMessage {
            topic: letter.topic,
            partition: 0,
            offset: 0,
            key: Some(letter.key),
            value: letter.value,
            headers: letter.headers,
            timestamp: None,
        }
    }

    #[test]
    fn the_original_comes_out_as_it_went_in() {
        let keys: [Option<&[u8]>; 3] = [None, Some(b""), Some(b"\xff\x00")];
        let values: [Option<&[u8]>; 3] = [None, Some(b""), Some(b"\x00\x01data")];
        // An original may be called as ours are.
        let theirs = || vec![text("ce_id", "1"), text(HEADERS, "7"), text(KEY, "theirs")];
        for (key, value) in keys
            .into_iter()
            .flat_map(|key| values.map(|value| (key, value)))
        {
            let message = message(key, value, theirs());
            let letter = wrap(&message, "g", "not-avro", "it is not");
            assert!(letter.value.is_some(), "an absent value would delete it");
            assert_eq!(letter.topic, "comandos.dead");
            let (letter, original) = open(written(letter)).expect("a dead letter");
            assert_eq!(original.key, message.key);
            assert_eq!(original.value, message.value);
            assert_eq!(original.headers, message.headers);
            assert_eq!(letter.id.to_string(), "comandos/3/14");
            assert_eq!(
                (letter.code.as_str(), letter.group.as_str()),
                ("not-avro", "g")
            );
            assert_eq!(letter.timestamp, message.timestamp);
            assert_eq!(letter.value_bytes, value.map(<[u8]>::len));
        }
    }

    #[test]
    fn a_replay_without_an_id_has_that_of_its_first_place_for_ever() {
        let first = message(None, Some(b"v"), Vec::new());
        let (letter, original) = open(written(wrap(&first, "g", "c", "r"))).expect("a letter");
        let replayed = original.replayed(&letter.id);
        let mut again = message(None, Some(b"v"), replayed.headers);
        again.offset = 99;
        assert_eq!(command_id(&again, None), command_id(&first, None));
        let (letter, original) = open(written(wrap(&again, "g", "c", "r"))).expect("a letter");
        let mut twice = message(None, Some(b"v"), original.replayed(&letter.id).headers);
        twice.offset = 100;
        assert_eq!(command_id(&twice, None), "comandos/3/14");
    }

    #[test]
    fn a_replay_counts_and_changes_nothing_else() {
        let first = message(None, Some(b"v"), vec![text("ce_id", "1")]);
        let wrapped = |message: &IncomingMessage| written(wrap(message, "g", "c", "r"));
        let (letter, original) = open(wrapped(&first)).expect("a dead letter");
        assert_eq!(letter.replays, 0);
        let replayed = original.replayed(&letter.id);
        assert_eq!(replayed.headers, [text("ce_id", "1"), text(REPLAYS, "1")]);
        let again = message(None, Some(b"v"), replayed.headers);
        let (letter, original) = open(wrapped(&again)).expect("a dead letter");
        assert_eq!(letter.replays, 1);
        let twice = original.replayed(&letter.id);
        assert_eq!(twice.headers, [text("ce_id", "1"), text(REPLAYS, "2")]);
    }

    #[test]
    fn what_others_write_there_is_no_dead_letter() {
        let good = || written(wrap(&message(None, None, Vec::new()), "g", "c", "r"));
        assert!(open(good()).is_some());
        let mut record = good();
        record.key = Some(b"other".to_vec());
        assert!(open(record).is_none());
        let mut record = good();
        record.headers.pop();
        assert!(open(record).is_none());
        let mut record = good();
        record.headers.last_mut().expect("ours").value = b"99".to_vec();
        assert!(open(record).is_none());
        let mut record = good();
        record.headers.remove(0);
        assert!(open(record).is_none(), "without its code");
    }
}
