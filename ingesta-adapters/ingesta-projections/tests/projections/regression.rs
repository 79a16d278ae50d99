//! What the view path of cqrs-es 0.5 and postgres-es 0.5 loses, and ours does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use ingesta_event_store::subscription::{ConsumeError, Effect, Subscriber};
use ingesta_event_store::{CommandContext, Commands, EventCodec, RecordedEvent, Storage};

use ingesta_testing::eventually;

use crate::accounts::{Account, Deposit, balances, folded};
use crate::place::{Following, Place, parked, quick};

fn commands(place: &Place) -> Commands<Account> {
    let storage: Arc<dyn Storage> = place.storage.clone();
    Commands::new(storage, EventCodec::default(), ())
}

async fn execute(commands: &Commands<Account>, amount: i64) {
    let deposit = Deposit {
        amount,
        holder: "ana",
    };
    commands
        .execute("a", deposit, CommandContext::default())
        .await
        .unwrap();
}

/// Counts the batches that could not be projected.
struct Watched<S> {
    inner: S,
    failures: AtomicU32,
}

#[async_trait]
impl<S: Subscriber> Subscriber for Watched<S> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        let consumed = self.inner.consume(batch).await;
        self.failures
            .fetch_add(u32::from(consumed.is_err()), Ordering::SeqCst);
        consumed
    }
}

/// There `Query::dispatch` answers `()`: a view that could not be updated stays behind for good.
#[tokio::test]
async fn regression_a_failed_view_update_is_not_swallowed() {
    let place = Place::new().await;
    let commands = commands(&place);
    let inner = place.subscriber(balances());
    inner.prepare().await.unwrap();
    let view = inner.view();
    let watched = Arc::new(Watched {
        inner,
        failures: AtomicU32::new(0),
    });
    let following = Following::spawn(place.storage.clone(), watched.clone(), quick());
    execute(&commands, 1).await;
    following.reaches(place.head().await).await;

    place
        .sql("alter table balance_v1 rename column payload to away")
        .await;
    execute(&commands, 2).await;
    execute(&commands, 3).await;
    eventually("a failure", async || {
        (watched.failures.load(Ordering::SeqCst) >= 2).then_some(())
    })
    .await;
    assert!(
        parked(&place, "balance-v1").await.is_empty(),
        "no event is to blame"
    );
    place
        .sql("alter table balance_v1 rename column away to payload")
        .await;

    following.reaches(place.head().await).await;
    let row = view.get("a").await.unwrap().unwrap();
    assert_eq!(row.state.seen, [1, 2, 3]);
    assert_eq!(row.state, folded(&*place.storage, "a").await);
    following.stop().await;
}

/// There each writer loads the view, changes it and stores it after its own commit, in any order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn regression_six_writers_of_one_aggregate_lose_no_view_update() {
    let place = Place::new().await;
    let (following, view) = place.follow(balances(), quick());
    let writers: Vec<_> = (0..6)
        .map(|writer| {
            let commands = commands(&place);
            tokio::spawn(async move {
                for amount in 0..30 {
                    let deposit = Deposit {
                        amount: writer * 100 + amount,
                        holder: "ana",
                    };
                    // So many rivals exhaust the retries now and then; nothing was stored then.
                    while commands
                        .execute("a", deposit.clone(), CommandContext::default())
                        .await
                        .is_err()
                    {}
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    following.reaches(place.head().await).await;
    let row = view.get("a").await.unwrap().unwrap();
    assert_eq!((row.version, row.state.seen.len()), (180, 180));
    assert_eq!(row.state, folded(&*place.storage, "a").await);
    following.stop().await;
}
