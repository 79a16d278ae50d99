//! The topics against the log: every event is told, in the order of its stream.
//!
//! A stranger's reading: by the ids in the headers, whatever the values say.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::inbox::{HandleError, Handler, Inbox, InboxOptions, command_id};
use ingesta_kafka::message::IncomingMessage;
use tokio_util::sync::CancellationToken;

use crate::store::Event;

/// How long the reader may find nothing new before what it has not found is missing.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Events in the log.
    pub(super) events: u64,
    /// Events that no message tells of.
    pub(super) missing: u64,
    /// Messages that tell of an event for the first time, before an earlier one of its stream.
    pub(super) inverted: u64,
    /// Messages that tell of an event again.
    pub(super) repeated: u64,
}

/// A message: its partition and place, and the id of its event.
type Seen = ((String, i32, i64), String);

struct Reader(Arc<Mutex<Vec<Seen>>>);

#[async_trait]
impl Handler for Reader {
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
        let place = (message.topic.clone(), message.partition, message.offset);
        let seen = (place, command_id(message, None));
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(seen);
        Ok(())
    }
}

/// Reads both topics to their ends and compares.
pub(super) async fn compare(
    brokers: &str,
    events: &[Event],
    say: &dyn Fn(String),
) -> anyhow::Result<Told> {
    let stored: HashSet<String> = events
        .iter()
        .filter(|event| !event.aggregate_type.starts_with('$'))
        .map(|event| {
            format!(
                "{}/{}/{}",
                event.aggregate_type, event.aggregate_id, event.sequence
            )
        })
        .collect();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let group = format!("crisol-{}", uuid::Uuid::now_v7().simple());
    let options = InboxOptions::new(group, ["eventos-ingesta", "eventos-imagen"]);
    let (kafka, shutdown) = (KafkaOptions::new(brokers), CancellationToken::new());
    let reader = Arc::new(Reader(Arc::clone(&seen)));
    let inbox = Inbox::new(&kafka, options, reader)?.spawn(shutdown.clone())?;
    let (mut found, mut count, mut since) = (HashSet::new(), 0, Instant::now());
    while found.len() < stored.len() && since.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK_EVERY).await;
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() > count {
            since = Instant::now();
            let new = seen[count..].iter().map(|(_, id)| id.clone());
            found.extend(new.filter(|id| stored.contains(id)));
            count = seen.len();
        }
    }
    shutdown.cancel();
    inbox.join().await;
    let mut seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    say(format!("{} messages were read", seen.len()));
    seen.sort_unstable();
    let ids: Vec<_> = seen.into_iter().map(|(_, id)| id).collect();
    Ok(judge(&stored, &ids))
}

/// The log's ids against those of the messages in their order.
fn judge(stored: &HashSet<String>, ids: &[String]) -> Told {
    let mut told = Told {
        events: stored.len() as u64,
        ..Told::default()
    };
    let mut last: HashMap<&str, u64> = HashMap::new();
    let mut firsts = HashSet::new();
    for id in ids {
        if !firsts.insert(id.as_str()) {
            told.repeated += 1;
            continue;
        }
        let (stream, sequence) = id.rsplit_once('/').unwrap_or((id, ""));
        let sequence: u64 = sequence.parse().unwrap_or_default();
        let before = last.insert(stream, sequence).unwrap_or_default();
        told.inverted += u64::from(sequence != before + 1);
    }
    let missing = stored.iter().filter(|id| !firsts.contains(id.as_str()));
    told.missing = missing.count() as u64;
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(stored: &[&str], ids: &[&str]) -> (u64, u64, u64) {
        let owned = |all: &[&str]| -> Vec<String> { all.iter().map(|&id| id.to_owned()).collect() };
        let told = judge(&owned(stored).into_iter().collect(), &owned(ids));
        (told.missing, told.inverted, told.repeated)
    }

    #[test]
    fn what_is_missing_inverted_and_repeated_is_found() {
        let stored = ["I/a/1", "I/a/2", "I/b/1"];
        assert_eq!(judged(&stored, &["I/a/1", "I/b/1", "I/a/2"]), (0, 0, 0));
        let again = ["I/a/1", "I/a/1", "I/b/1", "I/a/2", "I/a/1"];
        assert_eq!(judged(&stored, &again), (0, 0, 2));
        assert_eq!(judged(&stored, &["I/a/1", "I/a/2"]), (1, 0, 0));
        assert_eq!(judged(&stored, &["I/a/2", "I/a/1", "I/b/1"]), (0, 2, 0));
    }
}
