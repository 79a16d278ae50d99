//! The client behind a producer: made, asked about topics, and let go without hanging anybody.
//!
//! The library's own drop may block for a second and more, and forgets what is queued; so letting
//! go is done here, on a thread that nobody waits for.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{Producer, PurgeConfig, ThreadedProducer};

use super::begun::Begun;
use super::deliveries::Deliveries;
use super::gauges::Gauges;
use crate::connect::{Code, KafkaError};

const PUBLISHING: &str = "publishing";

/// How long a question to the broker may take before it is asked again.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

pub(super) struct Native {
    pub(super) client: Arc<ThreadedProducer<Deliveries>>,
    /// Topics that were there when they were asked for, and what was sent there.
    pub(super) begun: Begun,
}

impl Native {
    pub(super) fn make(config: &ClientConfig, gauges: &Arc<Gauges>) -> Result<Self, KafkaError> {
        let client = config
            .create_with_context(Deliveries::new(Arc::clone(gauges)))
            .map_err(|cause| KafkaError::of("making the producer", &cause))?;
        gauges.client_made();
        Ok(Self {
            client: Arc::new(client),
            begun: Begun::default(),
        })
    }

    pub(super) fn deliveries(&self) -> &Deliveries {
        self.client.context()
    }

    /// Why a message of the batch will not arrive, if there is one.
    pub(super) fn failed(&self) -> Option<KafkaError> {
        let failure = self.deliveries().failure()?;
        let fatal = self.client.client().fatal_error();
        Some(failure.meaning(fatal.map(|(code, _)| code)))
    }

    /// True if it will deliver nothing any more.
    pub(super) fn is_broken(&self) -> bool {
        self.client.client().fatal_error().is_some()
    }

    pub(super) fn purge_queue(&self) {
        self.client.purge(PurgeConfig::default().queue());
    }

    pub(super) fn purge_all(&self) {
        self.client.purge(PurgeConfig::default().queue().inflight());
    }

    /// Asks for a topic until the broker answers.
    ///
    /// Before the first message, so that a missing topic fails them all: if it appeared in the
    /// middle, later messages could pass earlier ones.
    pub(super) async fn ask_for(&mut self, topic: &str, gauges: &Gauges) -> Result<(), KafkaError> {
        let mut pause = Duration::from_millis(50);
        loop {
            match self.once_for(topic).await {
                Err(error @ (KafkaError::Unreachable { .. } | KafkaError::Busy { .. })) => {
                    gauges.trouble(&error);
                }
                Err(error) => return Err(error),
                Ok(partitions) => {
                    self.begun.found(topic, partitions);
                    return Ok(());
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    async fn once_for(&self, topic: &str) -> Result<usize, KafkaError> {
        let (client, asked) = (Arc::clone(&self.client), topic.to_owned());
        let answer = tokio::task::spawn_blocking(move || {
            let metadata = client
                .client()
                .fetch_metadata(Some(&asked), ANSWER_WITHIN)?;
            let found = metadata.topics().iter().find(|found| found.name() == asked);
            Ok(found.map(|found| (found.error(), found.partitions().len())))
        });
        let answer = answer.await.map_err(|_| KafkaError::Broken {
            attempted: PUBLISHING,
            code: "Interrupted".to_owned(),
        })?;
        let meaning = |code| Code(Some(code)).meaning(PUBLISHING, Some(topic));
        match answer {
            Err(cause) => Err(Code::of(&cause).meaning(PUBLISHING, Some(topic))),
            Ok(None) => Err(meaning(RDKafkaErrorCode::UnknownTopicOrPartition)),
            Ok(Some((Some(code), _))) => Err(meaning(code.into())),
            Ok(Some((None, 0))) => Err(meaning(RDKafkaErrorCode::LeaderNotAvailable)),
            Ok(Some((None, partitions))) => Ok(partitions),
        }
    }

    /// Flushes what is under way, at most `within`, and lets go.
    pub(super) async fn close(self, within: Duration) {
        let client = Arc::clone(&self.client);
        let flushed = tokio::task::spawn_blocking(move || client.flush(within).is_ok()).await;
        if !matches!(flushed, Ok(true)) {
            tracing::warn!("the producer was closed with messages under way: they are sent again");
        }
        discard(Some(self));
    }
}

/// Lets a client go: nothing that it holds is sent any more.
pub(super) fn discard(native: Option<Native>) {
    let Some(native) = native else { return };
    native.purge_all();
    // A thread, because the drop of the library blocks, and no runtime may be left to block on.
    let spawned = std::thread::Builder::new()
        .name("kafka-producer-drop".to_owned())
        .spawn(move || drop(native));
    if spawned.is_err() {
        tracing::debug!("no thread to drop the producer on: it was dropped here");
    }
}
