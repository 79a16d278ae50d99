//! What keeping snapshots promises: one for each stream, never an older one in the place of a newer
//! one, and one that does not fit the stream is as good as none.

use ingesta_event_store::{FromSnapshot, SchemaHash, Storage, StreamId};

use super::sample::{load, stored, stream, to_one};

const MINE: SchemaHash = SchemaHash::new([1; 32]);
const OTHER: SchemaHash = SchemaHash::new([2; 32]);

async fn from(storage: &dyn Storage, stream: &StreamId, schema: SchemaHash) -> FromSnapshot {
    let from = storage.load_from_snapshot(stream, &schema).await;
    from.expect("the store answers")
}

async fn keeps(storage: &dyn Storage, of: &StreamId, schema: SchemaHash, version: u64) -> bool {
    let payload = format!("{{\"b\": {version},  \"a\":\"\\u00e1\"}}");
    let kept = storage.keep_snapshot(of, &schema, version, payload).await;
    kept.expect("the store answers")
}

/// Which version the snapshot has, and that the events go on from there.
async fn kept(storage: &dyn Storage, of: &StreamId, schema: SchemaHash) -> Option<u64> {
    let from = from(storage, of, schema).await;
    let version = from.snapshot.map(|snapshot| snapshot.version);
    let rest: Vec<_> = load(storage, of).await;
    let rest = &rest[usize::try_from(version.unwrap_or(0)).expect("small")..];
    assert!(from.events == rest, "the events go on after the snapshot");
    version
}

pub(super) async fn without_a_snapshot_it_is_the_whole_stream(storage: &dyn Storage) {
    let (some, nobody) = (stream("snap-none"), stream("snap-nobody"));
    stored(storage, to_one(&some, 0, 3)).await;
    assert_eq!(kept(storage, &some, MINE).await, None);
    assert_eq!(kept(storage, &nobody, MINE).await, None);
}

pub(super) async fn a_snapshot_comes_back_with_what_follows(storage: &dyn Storage) {
    let mine = stream("snap");
    stored(storage, to_one(&mine, 0, 3)).await;
    assert!(keeps(storage, &mine, MINE, 2).await);
    let events = load(storage, &mine).await;
    let from = from(storage, &mine, MINE).await;
    let snapshot = from.snapshot.expect("it was kept");
    assert_eq!(
        (snapshot.version, snapshot.position),
        (2, events[1].position)
    );
    assert_eq!(
        snapshot.payload, "{\"b\": 2,  \"a\":\"\\u00e1\"}",
        "it comes back letter by letter"
    );
    assert!(from.events == events[2..], "with the events after it");
    stored(storage, to_one(&mine, 3, 2)).await;
    assert_eq!(kept(storage, &mine, MINE).await, Some(2));
    assert!(keeps(storage, &mine, MINE, 5).await);
    assert_eq!(kept(storage, &mine, MINE).await, Some(5), "also with none");
    assert_eq!(kept(storage, &stream("snap-none"), MINE).await, None);
}

pub(super) async fn a_newer_snapshot_stays(storage: &dyn Storage) {
    let mine = stream("snap-newer");
    stored(storage, to_one(&mine, 0, 4)).await;
    assert!(keeps(storage, &mine, MINE, 3).await);
    for late in [1, 2, 3] {
        assert!(
            !keeps(storage, &mine, MINE, late).await,
            "a newer one is here"
        );
    }
    assert_eq!(kept(storage, &mine, MINE).await, Some(3));
    assert!(keeps(storage, &mine, MINE, 4).await);
    assert_eq!(kept(storage, &mine, MINE).await, Some(4));
}

pub(super) async fn another_schema_is_as_good_as_none(storage: &dyn Storage) {
    let mine = stream("snap-schema");
    stored(storage, to_one(&mine, 0, 4)).await;
    assert!(keeps(storage, &mine, MINE, 3).await);
    assert_eq!(kept(storage, &mine, OTHER).await, None);
    // The newest code is right, whatever version it has come to; there is one for each stream.
    assert!(keeps(storage, &mine, OTHER, 2).await);
    assert_eq!(kept(storage, &mine, OTHER).await, Some(2));
    assert_eq!(kept(storage, &mine, MINE).await, None);
}

pub(super) async fn what_is_not_stored_is_not_kept(storage: &dyn Storage) {
    let mine = stream("snap-beyond");
    stored(storage, to_one(&mine, 0, 2)).await;
    for beyond in [0, 3, 100] {
        assert!(
            !keeps(storage, &mine, MINE, beyond).await,
            "there is no event {beyond}"
        );
    }
    assert_eq!(kept(storage, &mine, MINE).await, None);
}

pub(super) async fn those_of_one_type_are_forgotten(storage: &dyn Storage) {
    let of = |kind: &'static str, id: &str| StreamId::new(kind, id.to_owned());
    let streams = [
        of("snap-sealed", "a"),
        of("snap-sealed", "b"),
        of("snap-open", "a"),
    ];
    for (stream, schema) in streams.iter().zip([MINE, OTHER, MINE]) {
        stored(storage, to_one(stream, 0, 2)).await;
        assert!(keeps(storage, stream, schema, 1).await);
    }
    for expected in [2, 0] {
        let forgotten = storage.forget_snapshots("snap-sealed").await;
        assert_eq!(forgotten.expect("the store answers"), expected);
    }
    let [one, other, open] = &streams;
    assert_eq!(kept(storage, one, MINE).await, None);
    assert_eq!(kept(storage, other, OTHER).await, None);
    assert_eq!(kept(storage, open, MINE).await, Some(1), "another type's");
    assert!(keeps(storage, one, MINE, 2).await, "it is no prohibition");
}
