//! The topics, ensured in the background for as long as that takes.
//!
//! Promises: it never gives up and never asks in a hurry; a new kind of trouble is logged once; a
//! topic that is there is left as it is.

use std::time::Duration;

use ingesta_kafka::connect::{KafkaError, KafkaOptions};
use ingesta_kafka::topics::{TopicSpec, ensure};
use tokio::task::spawn_blocking;

/// How long one attempt may go on while the broker is away or busy.
const ATTEMPT: Duration = Duration::from_secs(5);
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Comes back when all topics are there.
pub(super) async fn ready(kafka: &KafkaOptions, specs: &[TopicSpec]) {
    let (mut pause, mut said) = (PAUSE_MIN, "");
    loop {
        match attempt(kafka, specs).await {
            Ok(()) => return,
            Err(error) => {
                if error.kind() != said {
                    tracing::warn!(%error, "topics are not ready: trying on");
                    said = error.kind();
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// On a thread of its own: the future of `ensure` cannot go from one to another.
async fn attempt(kafka: &KafkaOptions, specs: &[TopicSpec]) -> Result<(), KafkaError> {
    let (kafka, specs) = (kafka.clone(), specs.to_vec());
    let runtime = tokio::runtime::Handle::current();
    let made = spawn_blocking(move || runtime.block_on(ensure(&kafka, &specs, ATTEMPT)));
    let made = made.await.map_err(|_| KafkaError::Broken {
        attempted: "ensuring topics",
        code: "Interrupted".to_owned(),
    })?;
    made?;
    Ok(())
}
