//! The schema's own history: applied once, by one at a time, and refused where it is not ours.

use ingesta_event_store::{SCHEMA_VERSION, StoreError};

use crate::support::Fixture;

#[tokio::test]
async fn an_empty_database_is_too_old_and_a_migrated_one_is_right() {
    let fixture = Fixture::empty().await;
    match fixture.database.check_schema().await {
        Err(StoreError::SchemaTooOld { found: 0, needed }) => assert_eq!(needed, SCHEMA_VERSION),
        other => panic!("{other:?}"),
    }
    fixture.database.migrate().await.unwrap();
    fixture.database.check_schema().await.unwrap();
}

#[tokio::test]
async fn ten_programs_may_migrate_at_once() {
    let fixture = Fixture::empty().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let database = fixture.database.clone();
        tasks.spawn(async move { database.migrate().await });
    }
    let applied = tasks
        .join_all()
        .await
        .into_iter()
        .map(|done| done.unwrap().applied.len());
    assert_eq!(
        applied.sum::<usize>(),
        3,
        "each step was applied by one of them"
    );
}

#[tokio::test]
async fn a_newer_and_a_changed_schema_are_refused() {
    let fixture = Fixture::migrated().await;
    fixture
        .execute("update ingesta_migrations set checksum = 'x' where version = 1")
        .await;
    let changed = fixture.database.check_schema().await;
    assert!(
        matches!(changed, Err(StoreError::MigrationChanged { version: 1 })),
        "{changed:?}"
    );

    let fixture = Fixture::migrated().await;
    fixture
        .execute("insert into ingesta_migrations values (99, 'future', 'x')")
        .await;
    for refused in [
        fixture.database.check_schema().await,
        fixture.database.migrate().await.map(|_| ()),
    ] {
        assert!(
            matches!(refused, Err(StoreError::SchemaTooNew { found: 99, .. })),
            "{refused:?}"
        );
    }
}
