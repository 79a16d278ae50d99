//! What effects promise: they take place with the checkpoint, or neither does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ingesta_event_store::subscription::{Commit, Effect, Lease, SqlEffect};
use ingesta_event_store::{Position, Storage, StoreError};

use super::sample::{acquired, commit, park, stream};

pub(super) async fn a_failing_effect_takes_all_with_it(storage: &dyn Storage) {
    let lease = acquired(storage, "failing-effect").await;
    let sql = "insert into no_such_table_anywhere (n) select 1 from own".to_owned();
    let failing = Commit {
        checkpoint: Some(Position::new(5, 5)),
        park: vec![park(&stream("failing-effect"), 1, None)],
        effects: vec![Effect::Sql(SqlEffect {
            sql,
            args: Vec::new(),
        })],
        ..Commit::default()
    };
    let refused = storage.commit(&lease, failing).await;
    assert!(
        refused.is_err(),
        "an effect that cannot take place is an error"
    );
    nothing_moved(storage, &lease).await;
    commit(storage, &lease, Commit::default()).await;
}

pub(super) async fn effects_and_checkpoint_are_one(storage: &dyn Storage) {
    let lease = acquired(storage, "effects").await;
    let done = Arc::new(AtomicBool::new(false));
    let with_effect = || {
        let done = Arc::clone(&done);
        let effect = Effect::InMemory(Box::new(move || done.store(true, Ordering::SeqCst)));
        let checkpoint = Some(Position::new(5, 5));
        Commit {
            checkpoint,
            effects: vec![effect],
            ..Commit::default()
        }
    };
    let old = Lease {
        epoch: lease.epoch - 1,
        ..lease.clone()
    };
    assert!(
        storage.commit(&old, with_effect()).await.is_err(),
        "the epoch is an old one"
    );
    assert!(
        !done.load(Ordering::SeqCst),
        "an old owner's effects do not take place"
    );
    nothing_moved(storage, &lease).await;

    match storage.commit(&lease, with_effect()).await {
        Ok(()) => {
            assert!(
                done.load(Ordering::SeqCst),
                "the effect took place with the checkpoint"
            );
            let checkpoint = storage
                .checkpoint(&lease.name)
                .await
                .expect("the store answers");
            assert_eq!(checkpoint, Some(Position::new(5, 5)));
        }
        Err(StoreError::Unsupported { .. }) => {
            assert!(
                !done.load(Ordering::SeqCst),
                "what is not supported does not take place"
            );
            nothing_moved(storage, &lease).await;
        }
        Err(error) => panic!("an effect in memory is done or not supported, not {error:?}"),
    }
}

async fn nothing_moved(storage: &dyn Storage, lease: &Lease) {
    let checkpoint = storage
        .checkpoint(&lease.name)
        .await
        .expect("the store answers");
    assert_eq!(
        checkpoint,
        Some(Position::START),
        "the checkpoint stays where it was"
    );
    let parked = storage
        .parked(&lease.name)
        .await
        .expect("the store answers");
    assert!(parked.is_empty(), "nothing is parked");
}
