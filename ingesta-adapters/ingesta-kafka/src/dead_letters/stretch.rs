//! Which letters a replay or a discard is about, stretch by stretch, and their originals one by one.
//!
//! It promises an end: letters that come while it goes on, those of replayed messages among them, are
//! not its business. It holds the names of one stretch and a few originals.

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::letter::{Original, name, open};
use super::scan::{Ends, Scan, Spot};
use super::window::Window;
use super::{DeadLetterId, Which, dead_topic};
use crate::connect::{KafkaError, KafkaOptions};

/// Letters in one stretch.
const STRETCH: usize = 1_000;

/// Originals that are read ahead of what is done with them.
const AHEAD: usize = 2;

type Found = Vec<(DeadLetterId, Spot)>;

pub(super) struct Stretches {
    which: Which,
    /// Where the dead topic ended when this began.
    ends: Option<Ends>,
    after: Option<DeadLetterId>,
    over: bool,
}

impl Stretches {
    pub(super) fn of(which: &Which) -> Self {
        Self {
            which: which.clone(),
            ends: None,
            after: None,
            over: false,
        }
    }

    /// The next stretch: names that have a letter, and where it is. `None` after the last.
    pub(super) async fn next(&mut self, kafka: &KafkaOptions) -> Result<Option<Found>, KafkaError> {
        if self.over {
            return Ok(None);
        }
        let (kafka, which) = (kafka.clone(), self.which.clone());
        let (ends, after) = (self.ends.take(), self.after.take());
        let read = spawn_blocking(move || stretch(&kafka, &which, ends, after));
        let (found, ends, next) = read.await.map_err(|_| interrupted())??;
        self.over = next.is_none();
        (self.ends, self.after) = (Some(ends), next);
        Ok(Some(found))
    }
}

fn stretch(
    kafka: &KafkaOptions,
    which: &Which,
    ends: Option<Ends>,
    after: Option<DeadLetterId>,
) -> Result<(Found, Ends, Option<DeadLetterId>), KafkaError> {
    let mut scan = Scan::new(kafka, &dead_topic(which.topic()))?;
    let ends = ends.map_or_else(|| scan.ends(), Ok)?;
    scan.rewind(&ends)?;
    let mut window = Window::new(after, STRETCH);
    while let Some(record) = scan.next()? {
        let spot = (record.partition, record.offset);
        let Some(name) = name(&record) else { continue };
        if matches!(which, Which::One(id) if *id != name) {
            continue;
        }
        let there = open(record).is_some();
        window.see(name, there.then_some(spot));
    }
    let (found, next) = window.close();
    Ok((found, ends, next))
}

/// The originals of a stretch, in its order.
pub(super) struct Originals {
    read: mpsc::Receiver<(DeadLetterId, Original)>,
    reader: JoinHandle<Result<(), KafkaError>>,
}

impl Originals {
    pub(super) fn read(kafka: &KafkaOptions, topic: &str, found: Found) -> Self {
        let (kafka, dead) = (kafka.clone(), dead_topic(topic));
        let (give, read) = mpsc::channel(AHEAD);
        let reader = spawn_blocking(move || {
            let mut scan = Scan::new(&kafka, &dead)?;
            for (id, spot) in found {
                // Gone: compaction took it, because there is something newer under its name.
                let Some((_, original)) = scan.get(spot)?.and_then(open) else {
                    tracing::info!(%id, "a dead letter went while letters were read");
                    continue;
                };
                if give.blocking_send((id, original)).is_err() {
                    break;
                }
            }
            Ok(())
        });
        Self { read, reader }
    }

    /// The next one; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<(DeadLetterId, Original)>, KafkaError> {
        if let Some(next) = self.read.recv().await {
            return Ok(Some(next));
        }
        // It has ended: whether because it was through is for it to say.
        (&mut self.reader)
            .await
            .map_err(|_| interrupted())?
            .map(|()| None)
    }
}

pub(super) fn interrupted() -> KafkaError {
    KafkaError::Broken {
        attempted: "reading dead letters",
        code: "Interrupted".to_owned(),
    }
}
