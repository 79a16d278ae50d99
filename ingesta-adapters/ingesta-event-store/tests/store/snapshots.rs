//! Snapshots are a cache: with or without them, whatever becomes of them, states are the same.

use std::sync::Arc;

use ingesta_event_store::{
    CommandContext, Commands, EventCodec, FieldCodec, FieldError, FieldPlace, Loaded,
    MemoryStorage, PersonalFields, Snapshots, Storage, StoreError, StreamId, UnitOfWork,
};
use ingesta_testing::eventually;
use proptest::prelude::{Strategy, any, prop};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::support::{Add, Counter, CounterEvent, Fixture, Meter};

fn counters(storage: &Arc<dyn Storage>, snapshots: &Snapshots<Counter>) -> Commands<Counter> {
    let commands = Commands::new(Arc::clone(storage), EventCodec::default(), ());
    // Without memory every command loads, and so meets the snapshots.
    commands.with_cache(0).with_snapshots(snapshots.clone())
}

async fn add(counters: &Commands<Counter>, id: &str, numbers: &[i64]) {
    let command = Add(numbers.to_vec());
    let ended = counters.execute(id, command, CommandContext::default());
    ended.await.unwrap();
}

/// The truth: every event, from the first one on.
async fn folded(storage: &Arc<dyn Storage>, id: &str) -> Loaded<Counter> {
    let events = storage.load(&StreamId::of::<Counter>(id), 0).await.unwrap();
    Loaded::fold(&EventCodec::default(), &events).unwrap()
}

async fn agrees(counters: &Commands<Counter>, storage: &Arc<dyn Storage>, id: &str) {
    let (loaded, truth) = (counters.load(id).await.unwrap(), folded(storage, id).await);
    assert_eq!(loaded.state, truth.state);
    assert_eq!(
        (loaded.version, loaded.position),
        (truth.version, truth.position)
    );
}

/// Waits until there is a snapshot of this version.
async fn taken(storage: &Arc<dyn Storage>, snapshots: &Snapshots<Counter>, id: &str, at: u64) {
    let (stream, schema) = (StreamId::of::<Counter>(id), snapshots.schema().unwrap());
    eventually("a snapshot", async || {
        let from = storage.load_from_snapshot(&stream, &schema).await.unwrap();
        from.snapshot.filter(|snapshot| snapshot.version == at)
    })
    .await;
}

#[derive(Clone, Debug)]
enum Step {
    /// This process changes the aggregate.
    Adds(usize, Vec<i64>),
    /// A unit of work changes it together with another one.
    Unit(Vec<i64>),
    /// Both processes at once.
    Race(Vec<i64>),
    /// A process begins anew, perhaps with another pace.
    Restart(usize, u64),
}

fn steps() -> impl Strategy<Value = (u64, Vec<Step>)> {
    let numbers = || prop::collection::vec(1..9_i64, 1..6);
    let step =
        (any::<bool>(), 0..8_u8, numbers(), 1..8_u64).prop_map(|(second, kind, numbers, every)| {
            match kind {
                0 => Step::Restart(usize::from(second), every),
                1 => Step::Unit(numbers),
                2 => Step::Race(numbers),
                _ => Step::Adds(usize::from(second), numbers),
            }
        });
    (1..8_u64, prop::collection::vec(step, 1..20))
}

/// Takes the steps, and compares after each of them.
async fn walk(storage: Arc<dyn Storage>, id: &str, every: u64, steps: Vec<Step>) {
    let mut processes = [every, every].map(|n| counters(&storage, &Snapshots::every(n)));
    let mut count = 0;
    for step in steps {
        match step {
            Step::Adds(process, numbers) => {
                count += numbers.len();
                add(&processes[process], id, &numbers).await;
            }
            Step::Unit(numbers) => {
                count += numbers.len();
                let context = CommandContext::default();
                let unit = UnitOfWork::new(Arc::clone(&storage), EventCodec::default(), context);
                let mut unit = unit.with_snapshots::<Counter>(Snapshots::every(every));
                let meter = format!("m{id}");
                unit.execute::<Meter>(&(), &meter, Add(vec![1]))
                    .await
                    .unwrap();
                unit.execute::<Counter>(&(), id, Add(numbers))
                    .await
                    .unwrap();
                unit.commit().await.unwrap();
            }
            Step::Race(numbers) => {
                count += numbers.len() * 2;
                let [one, two] = &processes;
                tokio::join!(add(one, id, &numbers), add(two, id, &numbers));
            }
            Step::Restart(process, every) => {
                processes[process] = counters(&storage, &Snapshots::every(every));
            }
        }
        for process in &processes {
            agrees(process, &storage, id).await;
        }
    }
    assert_eq!(folded(&storage, id).await.state.seen.len(), count);
}

fn property(cases: u32, mut check: impl FnMut(u32, u64, Vec<Step>)) {
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let case = std::cell::Cell::new(0);
    let check = std::cell::RefCell::new(&mut check);
    runner
        .run(&steps(), |(every, steps)| {
            case.set(case.get() + 1);
            (check.borrow_mut())(case.get(), every, steps);
            Ok(())
        })
        .unwrap();
}

#[test]
fn states_are_those_of_a_full_fold_in_memory() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    property(96, |_, every, steps| {
        runtime.block_on(walk(Arc::new(MemoryStorage::new()), "c", every, steps));
    });
}

#[test]
fn states_are_those_of_a_full_fold_on_postgres() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fixture = runtime.block_on(Fixture::migrated());
    property(24, |case, every, steps| {
        let storage = Arc::new(fixture.storage.clone());
        runtime.block_on(walk(storage, &case.to_string(), every, steps));
    });
    runtime.block_on(async {
        let kept = fixture
            .number("select count(*) from ingesta_snapshots")
            .await;
        assert!(kept > 0, "snapshots were taken");
        drop(fixture);
    });
}

#[tokio::test]
async fn a_snapshot_is_taken_at_its_pace_and_folded_on_from() {
    let fixture = Fixture::migrated().await;
    let storage: Arc<dyn Storage> = Arc::new(fixture.storage.clone());
    let snapshots = Snapshots::every(4);
    let ours = counters(&storage, &snapshots);
    add(&ours, "c", &[1, 2, 3]).await;
    assert_eq!(
        fixture
            .number("select count(*) from ingesta_snapshots")
            .await,
        0
    );
    add(&ours, "c", &[4, 5]).await;
    taken(&storage, &snapshots, "c", 5).await;
    add(&ours, "c", &[6]).await;
    // It does count: a state that is not the truth shows.
    fixture
        .execute(r#"update ingesta_snapshots set payload = '{"sum": 1000, "seen": []}'"#)
        .await;
    assert_eq!(ours.load("c").await.unwrap().state.sum, 1006);
}

#[tokio::test]
async fn a_snapshot_that_does_not_fit_is_passed_over() {
    let fixture = Fixture::migrated().await;
    let storage: Arc<dyn Storage> = Arc::new(fixture.storage.clone());
    let snapshots = Snapshots::every(3);
    let ours = counters(&storage, &snapshots);
    let wrong = r#"payload = '{"sum": 1000, "seen": []}'"#;
    for (case, tampered) in [
        "payload = '{\"sum\": \"many\"}'".to_owned(),
        "payload = '[]'".to_owned(),
        format!("{wrong}, version = 100"),
        format!("{wrong}, version = 1"),
        format!("{wrong}, position = position + 100"),
        format!("{wrong}, xact = '3'"),
        format!("{wrong}, schema_hash = '\\x00'"),
    ]
    .iter()
    .enumerate()
    {
        let id = format!("c{case}");
        add(&ours, &id, &[1, 2, 3]).await;
        taken(&storage, &snapshots, &id, 3).await;
        let only = format!("where aggregate_id = '{id}'");
        fixture
            .execute(&format!("update ingesta_snapshots set {tampered} {only}"))
            .await;
        agrees(&ours, &storage, &id).await;
        // And the next one stands in its place, whatever it said of itself.
        add(&ours, &id, &[4, 5, 6]).await;
        taken(&storage, &snapshots, &id, 6).await;
        agrees(&ours, &storage, &id).await;
    }
}

#[tokio::test]
async fn a_rebase_makes_snapshots_begin_anew() {
    let fixture = Fixture::migrated().await;
    let storage: Arc<dyn Storage> = Arc::new(fixture.storage.clone());
    let snapshots = Snapshots::every(2);
    let ours = counters(&storage, &snapshots);
    add(&ours, "c", &[1, 2]).await;
    taken(&storage, &snapshots, "c", 2).await;
    fixture.database.rebase().await.unwrap();
    assert_eq!(
        fixture
            .number("select count(*) from ingesta_snapshots")
            .await,
        0
    );
    agrees(&ours, &storage, "c").await;
    add(&ours, "c", &[3, 4]).await;
    taken(&storage, &snapshots, "c", 4).await;
    agrees(&ours, &storage, "c").await;
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_kept_is_nobodys_failure() {
    let memory = MemoryStorage::new();
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let snapshots = Snapshots::every(1);
    let ours = counters(&storage, &snapshots);
    memory.faults().fail_keep_snapshot(StoreError::Unavailable {
        attempted: "testing",
        cause: "a fault on order".into(),
    });
    add(&ours, "c", &[1]).await;
    add(&ours, "c", &[2]).await;
    agrees(&ours, &storage, "c").await;
    taken(&storage, &snapshots, "c", 2).await;
}

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

#[tokio::test]
async fn code_with_another_schema_folds_the_stream_itself() {
    let fixture = Fixture::migrated().await;
    let storage: Arc<dyn Storage> = Arc::new(fixture.storage.clone());
    let first = Snapshots::every(2);
    let before = counters(&storage, &first);
    add(&before, "c", &[1, 2]).await;
    taken(&storage, &first, "c", 2).await;
    fixture
        .execute(r#"update ingesta_snapshots set payload = '{"sum": 1000, "seen": []}'"#)
        .await;
    let event = CounterEvent::Added { number: 1 };
    for other in [
        Snapshots::every(2).version(2),
        Snapshots::every(2).probed_by(vec![vec![event]]),
    ] {
        agrees(&counters(&storage, &other), &storage, "c").await;
    }
    assert_eq!(before.load("c").await.unwrap().state.sum, 1000);
}
