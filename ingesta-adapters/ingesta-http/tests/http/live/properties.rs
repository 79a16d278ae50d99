//! Whatever the window, the pauses and the reconnections: each watcher's story is the log's.

use ingesta_http::live::{FeedOptions, WatchFrom};
use proptest::prelude::*;
use tokio::runtime::Builder;

use super::stage::{Stage, calm, numbers, tell};

#[derive(Clone, Debug)]
enum Step {
    /// So many events are stored.
    Tell(usize),
    /// The watcher takes so many, where there are so many.
    Take(usize),
    /// It goes, and comes back with its cursor.
    Reconnect,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..80_usize).prop_map(Step::Tell),
        (1..50_usize).prop_map(Step::Take),
        Just(Step::Reconnect),
    ];
    prop::collection::vec(step, 1..20)
}

async fn story(steps: &[Step], recent_bytes: usize) {
    let options = FeedOptions {
        recent_bytes,
        ..calm()
    };
    let stage = Stage::with(options).await;
    let mut watch = stage.watch(WatchFrom::Now).await;
    let (mut stored, mut seen) = (0, Vec::new());
    for step in steps {
        match step {
            Step::Tell(count) => {
                for _ in 0..*count {
                    tell(&stage.storage, "a", stored).await;
                    stored += 1;
                }
            }
            Step::Take(count) => {
                let there = (*count).min(stored - seen.len());
                seen.extend(numbers(&mut watch, there).await);
            }
            Step::Reconnect => {
                let cursor = WatchFrom::After(watch.at());
                drop(watch);
                watch = stage.watch(cursor).await;
            }
        }
    }
    let rest = stored - seen.len();
    seen.extend(numbers(&mut watch, rest).await);
    assert_eq!(seen, (0..stored).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_watcher_sees_the_log_once_and_in_order(
        steps in steps(),
        recent_bytes in prop_oneof![Just(0), 500..20_000_usize, Just(usize::MAX)],
    ) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(story(&steps, recent_bytes));
    }
}
