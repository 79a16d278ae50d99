//! Where personal fields are sealed there are no snapshots: they would hold them in the open.

use std::sync::Arc;

use ingesta_event_store::{
    Commands, EventCodec, FieldCodec, FieldError, FieldPlace, MemoryStorage, PersonalFields,
    Snapshots, Storage, StreamId,
};
use ingesta_testing::eventually;
use serde_json::Value;

use super::{add, agrees, counters, taken};
use crate::support::{Counter, Fixture};

struct Sealing;

impl FieldCodec for Sealing {
    fn seal(&self, _: FieldPlace<'_>, _: &str, value: Value) -> Result<Value, FieldError> {
        Ok(value)
    }

    fn open(&self, _: FieldPlace<'_>, value: Value) -> Result<Value, FieldError> {
        Ok(value)
    }
}

fn sealing(storage: &Arc<dyn Storage>, snapshots: &Snapshots<Counter>) -> Commands<Counter> {
    let codec = EventCodec::default().with_personal_fields(PersonalFields::default(), Sealing);
    let commands = Commands::new(Arc::clone(storage), codec, ());
    commands.with_snapshots(snapshots.clone())
}

#[tokio::test]
async fn what_was_kept_before_the_codec_sealed_is_deleted() {
    let fixture = Fixture::migrated().await;
    let stores: [Arc<dyn Storage>; 2] = [
        Arc::new(MemoryStorage::new()),
        Arc::new(fixture.storage.clone()),
    ];
    for storage in stores {
        let snapshots = Snapshots::every(1);
        add(&counters(&storage, &snapshots), "c", &[1]).await;
        taken(&storage, &snapshots, "c", 1).await;
        let sealed = sealing(&storage, &snapshots);
        let (stream, schema) = (StreamId::of::<Counter>("c"), snapshots.schema().unwrap());
        eventually("the end of the old snapshot", async || {
            let from = storage.load_from_snapshot(&stream, &schema).await.unwrap();
            from.snapshot.is_none().then_some(())
        })
        .await;
        agrees(&sealed, &storage, "c").await;
    }
    let left = fixture.number("select count(*) from ingesta_snapshots");
    assert_eq!(left.await, 0);
}

#[tokio::test]
async fn no_snapshot_holds_what_the_codec_seals() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let snapshots = Snapshots::every(1);
    let sealed = sealing(&storage, &snapshots);
    add(&sealed, "c", &[1]).await;
    // One that may take snapshots comes after it, and is the only one that does.
    let plain = counters(&storage, &snapshots);
    add(&plain, "d", &[1]).await;
    taken(&storage, &snapshots, "d", 1).await;
    let (stream, schema) = (StreamId::of::<Counter>("c"), snapshots.schema().unwrap());
    let from = storage.load_from_snapshot(&stream, &schema).await.unwrap();
    assert!(from.snapshot.is_none());
}
