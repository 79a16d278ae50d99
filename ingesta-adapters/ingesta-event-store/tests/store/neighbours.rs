//! Followers of one process are told what another process has stored.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ingesta_event_store::subscription::{ConsumeError, Effect, Runner, RunnerOptions, Subscriber};
use ingesta_event_store::{EventStorage, Position, RecordedEvent};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::support::{Fixture, append};

struct Follower;

#[async_trait]
impl Subscriber for Follower {
    fn name(&self) -> &str {
        "follower"
    }

    async fn consume(&self, _: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        Ok(Vec::new())
    }
}

async fn told(seen: &watch::Receiver<Position>, position: Position, within: Duration) -> bool {
    let mut seen = seen.clone();
    let arrived = tokio::time::timeout(within, seen.wait_for(|at| *at >= position));
    arrived.await.is_ok_and(|seen| seen.is_ok())
}

#[tokio::test]
async fn a_follower_that_never_polls_is_woken_by_another_process() {
    let fixture = Fixture::migrated().await;
    let (writer, reader) = (&fixture.storage, fixture.another().await);
    let shutdown = CancellationToken::new();
    let tasks = [
        writer.listen(shutdown.clone()),
        reader.listen(shutdown.clone()),
    ];
    let never = Duration::from_secs(24 * 3600);
    let options = RunnerOptions {
        poll: never,
        // Renewing the lease makes a runner look, too.
        lease: never,
        ..RunnerOptions::default()
    };
    let runner = Runner::new(Arc::new(reader), Arc::new(Follower), options);
    let handle = runner.spawn(shutdown.clone());
    let seen = handle.position();
    let mut ids = (0..).map(|number: u32| number.to_string());
    let mut store_one = async || {
        let id = ids.next().unwrap();
        writer.append(append(&id, 0, &[1])).await.unwrap().position
    };
    // The first may be told by nobody: neither process knows of the other yet.
    ingesta_testing::eventually("the follower to be told", async || {
        let position = store_one().await;
        let soon = Duration::from_millis(200);
        told(&seen, position, soon).await.then_some(())
    })
    .await;
    for _ in 0..5 {
        let position = store_one().await;
        assert!(told(&seen, position, ingesta_testing::PATIENCE).await);
    }
    shutdown.cancel();
    handle.join().await;
    for task in tasks {
        task.await.unwrap();
    }
}
