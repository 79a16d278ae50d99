//! The topics, ensured in the background for as long as that takes.
//!
//! Promises: it never gives up and never asks in a hurry; each new kind of trouble is logged once;
//! a topic that is there is not changed, and how it differs is logged.

use std::time::Duration;

use chrono::{DateTime, Utc};
use ingesta_kafka::connect::{KafkaError, KafkaOptions};
use ingesta_kafka::topics::{Ensured, NotEnsured, RefusedTopic, TopicSpec, Was, ensure};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::standing::Trouble;

/// How long one attempt may go on while the broker is away or busy.
const ATTEMPT: Duration = Duration::from_secs(5);

const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// How it stands with the topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TopicsState {
    /// They were not asked for yet.
    Asking,
    /// All are there.
    Ready,
    /// Some are not, as far as is known.
    Waiting(Trouble),
}

/// The topics that are needed.
pub(super) struct Topics {
    kafka: KafkaOptions,
    specs: Vec<TopicSpec>,
    state: watch::Sender<TopicsState>,
}

impl Topics {
    pub(super) fn new(kafka: KafkaOptions, specs: Vec<TopicSpec>) -> Self {
        Self {
            kafka,
            specs,
            state: watch::Sender::new(TopicsState::Asking),
        }
    }

    pub(super) fn state(&self) -> watch::Receiver<TopicsState> {
        self.state.subscribe()
    }

    /// Comes back when the topics are there, or when the broker has refused one for a reason that
    /// somebody has to mend: the others may be there, and in the latter case it goes on trying.
    pub(super) async fn ready_or_refused(self, stop: &CancellationToken) {
        let (found, mut first) = tokio::sync::mpsc::channel(1);
        let stop = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.until_ready(found) => {}
            }
        });
        first.recv().await;
    }

    async fn until_ready(self, found: tokio::sync::mpsc::Sender<()>) {
        let mut pause = PAUSE_MIN;
        loop {
            match self.attempt().await {
                Ok(ensured) => {
                    ensured.iter().for_each(tell);
                    self.state.send_replace(TopicsState::Ready);
                    let _ = found.try_send(());
                    return;
                }
                Err(error) => {
                    if !error.passes() {
                        let _ = found.try_send(());
                    }
                    self.trouble(&error);
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// On a thread of its own: the future of `ensure` cannot go from one to another.
    async fn attempt(&self) -> Result<Vec<Ensured>, NotEnsured> {
        let (kafka, specs) = (self.kafka.clone(), self.specs.clone());
        let runtime = tokio::runtime::Handle::current();
        let made = spawn_blocking(move || runtime.block_on(ensure(&kafka, &specs, ATTEMPT)));
        made.await.unwrap_or_else(|_| Err(self.interrupted()))
    }

    fn interrupted(&self) -> NotEnsured {
        let refused = self.specs.iter().map(|spec| RefusedTopic {
            topic: spec.name.clone(),
            cause: KafkaError::Broken {
                attempted: "ensuring topics",
                code: "Interrupted".to_owned(),
            },
        });
        NotEnsured {
            ensured: Vec::new(),
            refused: refused.collect(),
        }
    }

    /// What is missing now is told; trouble of the same kind goes on since it began. It is logged
    /// when it is news: another kind, or another permission.
    fn trouble(&self, error: &NotEnsured) {
        let now: DateTime<Utc> = Utc::now();
        let (kind, message) = (error.kind(), error.to_string());
        self.state.send_modify(|state| {
            let known = match state {
                TopicsState::Waiting(known) if known.kind == kind => Some(&*known),
                TopicsState::Waiting(_) | TopicsState::Asking | TopicsState::Ready => None,
            };
            let permission = matches!(error.gravest(), Some(KafkaError::NotAuthorised { .. }));
            let news = known.is_none_or(|known| permission && known.message != message);
            if news {
                tracing::warn!(%error, "topics are not ready: trying on");
            }
            *state = TopicsState::Waiting(Trouble {
                kind,
                message,
                since: known.map_or(now, |known| known.since),
            });
        });
    }
}

fn tell(ensured: &Ensured) {
    let topic = ensured.topic.as_str();
    if ensured.was == Was::Created {
        tracing::info!(topic, "topic created");
    }
    for difference in &ensured.differences {
        tracing::warn!(topic, %difference, "a topic is not as it should be and was left so");
    }
}
