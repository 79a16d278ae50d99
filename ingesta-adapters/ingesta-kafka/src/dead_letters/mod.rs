//! Messages that no second try can help: put aside with their reason, listed, replayed, discarded.
//!
//! The dead letters of a topic are on `<topic>.dead`, a compacted topic that keeps the newest state
//! of each name `topic/partition/offset` for ever. A letter holds the original as it was, and besides
//! why it was put aside, by which group and when; of two groups that put the same message aside the
//! later one's reason is shown. Lists show no data; the topic itself does, so it needs the same
//! protection as the one beside it.
//!
//! It does not decide what is poison; handlers do.

mod id;
mod letter;
mod scan;
mod stretch;
mod window;
mod writer;

use tokio::task::spawn_blocking;

pub use self::id::{DeadLetterId, NoSuchName};
pub use self::letter::{DeadLetter, dead_topic};

pub(crate) use self::writer::Writer;

use self::letter::{name, open};
use self::scan::Scan;
use self::stretch::{Originals, Stretches, interrupted};
use self::window::Window;
use crate::connect::{KafkaError, KafkaOptions};
use crate::producer::Record;
use crate::topics::Copies;

/// Which dead letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(DeadLetterId),
    /// All that were there when it began, of the topic of this name (not of its dead one).
    Topic(String),
}

impl Which {
    fn topic(&self) -> &str {
        match self {
            Self::One(id) => &id.topic,
            Self::Topic(topic) => topic,
        }
    }
}

/// A stretch of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterPage {
    /// The letters, in the order of their names. There may be none although there are more.
    pub letters: Vec<DeadLetter>,
    /// Go on after this one; `None` at the end.
    pub next: Option<DeadLetterId>,
    /// Records on the dead topic that are no dead letters, over the whole topic: somebody else
    /// writes there.
    pub unreadable: u64,
}

/// The dead letters of a cluster.
pub struct DeadLetters {
    kafka: KafkaOptions,
    writer: Writer,
}

impl DeadLetters {
    /// Connects to nobody yet.
    ///
    /// # Errors
    /// [`KafkaError::Settings`] names what is wrong with the options.
    pub fn new(kafka: &KafkaOptions) -> Result<Self, KafkaError> {
        kafka.check()?;
        Ok(Self {
            // It makes no topic: it only writes back and deletes.
            writer: Writer::new(kafka, Copies::default())?,
            kafka: kafka.clone(),
        })
    }

    /// Lists up to `limit` dead letters of a topic, those after a given one. Each call reads the
    /// dead topic once and holds no more than `limit` letters, without their data.
    ///
    /// # Errors
    /// When the broker does not answer, or does not let this program read the dead topic. That
    /// nothing was ever put aside is no error.
    pub async fn list(
        &self,
        topic: &str,
        after: Option<DeadLetterId>,
        limit: usize,
    ) -> Result<DeadLetterPage, KafkaError> {
        let (kafka, dead) = (self.kafka.clone(), dead_topic(topic));
        let read = spawn_blocking(move || {
            let mut scan = Scan::new(&kafka, &dead)?;
            let ends = scan.ends()?;
            let mut window = Window::new(after, limit);
            let mut unreadable = 0;
            scan.rewind(&ends)?;
            while let Some(record) = scan.next()? {
                let (deleted, name) = (record.value.is_none(), name(&record));
                let letter = open(record).map(|(letter, _)| letter);
                if !deleted && letter.is_none() {
                    unreadable += 1;
                }
                if let Some(name) = name {
                    window.see(name, letter);
                }
            }
            let (letters, next) = window.close();
            Ok(DeadLetterPage {
                letters: letters.into_iter().map(|(_, letter)| letter).collect(),
                next,
                unreadable,
            })
        });
        read.await.map_err(|_| interrupted())?
    }

    /// Publishes the originals to the topics where they were, unchanged but for a header that counts
    /// replays, for `ce_id`, which becomes the letter's name where there was none, and for the
    /// timestamp, which is that of the replay; then deletes the letters. Tells how many; none where
    /// there is no such letter.
    ///
    /// In the order of the letters' names, so that those of one key keep theirs. A crash between the
    /// two steps makes a second replay possible, which is the same command a second time.
    ///
    /// # Errors
    /// When the broker does not answer or refuses; what was replayed until then stays replayed.
    pub async fn replay(&self, which: &Which) -> Result<u64, KafkaError> {
        let mut replayed = 0;
        let mut stretches = Stretches::of(which);
        while let Some(spots) = stretches.next(&self.kafka).await? {
            let mut originals = Originals::read(&self.kafka, which.topic(), spots);
            while let Some((id, original)) = originals.next().await? {
                let original = original.replayed(&id);
                let record = Record {
                    topic: &id.topic,
                    key: original.key.as_deref(),
                    value: original.value.as_deref(),
                    headers: &original.headers,
                    timestamp: None,
                };
                self.writer.send(record).await?;
                self.delete(&id).await?;
                replayed += 1;
            }
        }
        Ok(replayed)
    }

    /// Deletes letters, and with them the last copies of their messages once the topics where these
    /// were have let go of them. Tells how many; none where there is no such letter.
    ///
    /// # Errors
    /// When the broker does not answer or refuses; what was deleted until then stays deleted.
    pub async fn discard(&self, which: &Which) -> Result<u64, KafkaError> {
        let mut discarded = 0;
        let mut stretches = Stretches::of(which);
        while let Some(spots) = stretches.next(&self.kafka).await? {
            for (id, _) in spots {
                self.delete(&id).await?;
                discarded += 1;
            }
        }
        Ok(discarded)
    }

    async fn delete(&self, id: &DeadLetterId) -> Result<(), KafkaError> {
        let (topic, key) = (dead_topic(&id.topic), id.to_string());
        let tombstone = Record {
            topic: &topic,
            key: Some(key.as_bytes()),
            value: None,
            headers: &[],
            timestamp: None,
        };
        self.writer.send(tombstone).await
    }
}
