//! The unit of work where it is repeated, refused or held to a version.

use std::sync::Arc;

use ingesta_event_store::{
    AppendError, CommandContext, CommandError, EventCodec, EventStorage, MemoryStorage, Position,
    Storage, UnitOfWork,
};

use crate::support::{Add, Counter, Fixture, Meter, append, seen_now};

fn unit(storage: &Arc<dyn Storage>, context: CommandContext) -> UnitOfWork {
    UnitOfWork::new(Arc::clone(storage), EventCodec::default(), context)
}

#[tokio::test]
async fn a_repeated_unit_is_answered_also_where_its_aggregates_would_refuse_it_now() {
    let fixture = Fixture::migrated().await;
    let storage: Arc<dyn Storage> = Arc::new(fixture.storage.clone());
    let named = || CommandContext::default().idempotent("unit", &1);
    let mut first = unit(&storage, named());
    first
        .execute::<Meter>(&(), "z", Add(vec![1]))
        .await
        .unwrap();
    for id in ["m", "a", "q"] {
        first
            .execute::<Counter>(&(), id, Add(vec![1]))
            .await
            .unwrap();
    }
    let outcome = first.commit().await.unwrap();

    let mut repeat = unit(&storage, named());
    // A counter refuses a zero; the repeat is not decided at all.
    repeat
        .execute::<Counter>(&(), "m", Add(vec![0]))
        .await
        .unwrap();
    assert_eq!(repeat.commit().await.unwrap(), outcome);

    let mut other = unit(&storage, CommandContext::default().idempotent("unit", &2));
    let refused = other.execute::<Counter>(&(), "m", Add(vec![1])).await;
    assert!(
        matches!(refused, Err(CommandError::CommandIdReused)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_unit_in_which_a_command_was_refused_cannot_be_stored() {
    let memory = MemoryStorage::new();
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let mut spoiled = unit(&storage, CommandContext::default());
    spoiled
        .execute::<Meter>(&(), "m", Add(vec![1]))
        .await
        .unwrap();
    spoiled
        .execute::<Counter>(&(), "c", Add(vec![5, 0]))
        .await
        .unwrap_err();
    spoiled
        .execute::<Counter>(&(), "c", Add(vec![1]))
        .await
        .unwrap_err();
    assert!(matches!(
        spoiled.commit().await,
        Err(AppendError::NotStored(_))
    ));
    assert_eq!(seen_now(&memory, Position::START).await.events.len(), 0);
}

#[tokio::test]
async fn an_expected_version_is_that_of_the_units_first_aggregate() {
    let fixture = Fixture::migrated().await;
    fixture
        .storage
        .append(append("c", 0, &[1, 2]))
        .await
        .unwrap();
    let storage: Arc<dyn Storage> = Arc::new(fixture.storage.clone());
    let mut stale = unit(&storage, CommandContext::default().expecting(1));
    match stale.execute::<Counter>(&(), "c", Add(vec![3])).await {
        Err(CommandError::VersionMismatch {
            expected: 1,
            current: 2,
        }) => {}
        other => panic!("{other:?}"),
    }
    let mut right = unit(&storage, CommandContext::default().expecting(2));
    right
        .execute::<Counter>(&(), "c", Add(vec![3]))
        .await
        .unwrap();
    right
        .execute::<Meter>(&(), "m", Add(vec![1]))
        .await
        .unwrap();
    right.commit().await.unwrap();
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_tear_a_unit() {
    let fixture = Fixture::migrated().await;
    let storage: Arc<dyn Storage> = Arc::new(fixture.storage.clone());
    for index in 0..20 {
        let mut one = unit(&storage, CommandContext::default());
        one.execute::<Meter>(&(), &format!("m{index}"), Add(vec![1]))
            .await
            .unwrap();
        one.execute::<Counter>(&(), &format!("c{index}"), Add(vec![1]))
            .await
            .unwrap();
        let mut commit = Box::pin(one.commit());
        // Begun, and dropped before it can have been answered.
        assert!(futures_util::poll!(&mut commit).is_pending());
        drop(commit);
    }
    ingesta_testing::eventually("every dropped unit to be stored", async || {
        (fixture.number("select count(*) from events").await == 40).then_some(())
    })
    .await;
}
