//! Whatever two processes do, and whenever they begin anew: states are those of a full fold.

use std::sync::Arc;

use ingesta_event_store::{
    CommandContext, EventCodec, MemoryStorage, Snapshots, Storage, UnitOfWork,
};
use proptest::prelude::{Strategy, any, prop};
use proptest::test_runner::{Config, TestRunner};

use super::{add, agrees, counters, folded};
use crate::support::{Add, Counter, Fixture, Meter};

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
