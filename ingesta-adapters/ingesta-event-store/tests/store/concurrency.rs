//! Many writers from two processes on few and many aggregates: what is acknowledged is stored,
//! what is not acknowledged is not, nothing is torn, nobody is left untold.

use std::collections::{BTreeMap, HashMap};
use std::process::{Command, Stdio};
use std::sync::Arc;

use ingesta_event_store::{
    CommandContext, CommandError, Commands, Database, DatabaseOptions, EventCodec, Position,
    PostgresStorage,
};
use serde::{Deserialize, Serialize};

use crate::support::{Add, Counter, Fixture, decoded, page};

const WRITERS: i64 = 32;

const TASK: &str = "INGESTA_TEST_STORE_WORKER";

/// What one process is to do, handed over by environment.
#[derive(Serialize, Deserialize)]
struct Task {
    url: String,
    process: i64,
    aggregates: i64,
    commands: i64,
}

/// What one command was answered, written to the worker's standard output.
#[derive(Serialize, Deserialize)]
struct Answer {
    aggregate: String,
    numbers: Vec<i64>,
    /// The version told; `None`: told that others were faster.
    version: Option<u64>,
}

/// The body of a worker process: this test, run again by name with a task in its environment.
/// Without a task there is nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Ok(task) = std::env::var(TASK) else {
        return;
    };
    let task: Task = serde_json::from_str(&task).unwrap();
    let options = DatabaseOptions {
        // Nobody is refused for want of a connection here, however busy the machine.
        acquire_timeout: ingesta_testing::PATIENCE,
        ..DatabaseOptions::default()
    };
    let database = Database::connect(&task.url, options).await.unwrap();
    let storage = Arc::new(PostgresStorage::new(database));
    let counters = Commands::<Counter>::new(storage, EventCodec::default(), ());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(
            counters.clone(),
            task.process * WRITERS + writer,
            task.aggregates,
            task.commands,
        ));
    }
    for answer in writers.join_all().await.into_iter().flatten() {
        println!("answer {}", serde_json::to_string(&answer).unwrap());
    }
}

async fn write(
    counters: Commands<Counter>,
    writer: i64,
    aggregates: i64,
    commands: i64,
) -> Vec<Answer> {
    let mut answers = Vec::new();
    for command in 0..commands {
        let aggregate = ((writer * 31 + command * 17) % aggregates).to_string();
        // Every number is written once by one command, so its place in the log tells its fate.
        let base = (writer * commands + command) * 10 + 1;
        let numbers: Vec<i64> = (base..=base + command % 4).collect();
        let context = CommandContext::default();
        let told = counters
            .execute(&aggregate, Add(numbers.clone()), context)
            .await;
        let version = match told {
            Ok(executed) => Some(executed.version),
            Err(CommandError::Conflict { .. }) => None,
            Err(other) => panic!("{other:?}"),
        };
        answers.push(Answer {
            aggregate,
            numbers,
            version,
        });
    }
    answers
}

/// Every command on one aggregate reads it whole, so fewer of them show the same in less time.
async fn race(aggregates: i64, commands: i64) {
    let fixture = Fixture::migrated().await;
    let spawn = |process: i64| {
        let task = Task {
            url: fixture.url.clone(),
            process,
            aggregates,
            commands,
        };
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "concurrency::worker", "--nocapture"])
            .env(TASK, serde_json::to_string(&task).unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let workers = [spawn(0), spawn(1)];
    let mut answers: Vec<Answer> = Vec::new();
    for worker in workers {
        let output = tokio::task::spawn_blocking(|| worker.wait_with_output())
            .await
            .unwrap();
        let output = output.unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text
            .lines()
            .filter_map(|l| l.split_once("answer ").map(|(_, json)| json));
        answers.extend(lines.map(|json| serde_json::from_str::<Answer>(json).unwrap()));
    }
    assert_eq!(
        answers.len() as i64,
        2 * WRITERS * commands,
        "everybody was told something"
    );
    judge(&fixture, &answers).await;
}

/// The checker: the log against what was told.
async fn judge(fixture: &Fixture, answers: &[Answer]) {
    let codec = EventCodec::default();
    let mut streams: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut after = Position::START;
    loop {
        let page = page(&fixture.storage, after).await;
        for event in &page.events {
            let envelope = decoded::<Counter>(&codec, event).unwrap().remove(0);
            let crate::support::CounterEvent::Added { number } = envelope.payload;
            let stream = streams
                .entry(event.stream.aggregate_id.clone())
                .or_default();
            stream.push(number);
            assert_eq!(
                stream.len() as u64,
                event.sequence,
                "no gap in {}",
                event.stream
            );
        }
        after = page.reached;
        if !page.more {
            break;
        }
    }
    let mut stored: HashMap<i64, usize> = HashMap::new();
    for number in streams.values().flatten() {
        *stored.entry(*number).or_default() += 1;
    }
    for answer in answers {
        match answer.version {
            Some(version) => {
                let end = usize::try_from(version).unwrap();
                let start = end - answer.numbers.len();
                let stream = &streams[&answer.aggregate];
                assert_eq!(
                    stream[start..end],
                    answer.numbers[..],
                    "whole and where it was told"
                );
            }
            None => assert!(
                answer.numbers.iter().all(|n| !stored.contains_key(n)),
                "told a loser"
            ),
        }
    }
    let acknowledged: usize = answers
        .iter()
        .filter(|a| a.version.is_some())
        .map(|a| a.numbers.len())
        .sum();
    assert_eq!(
        stored.values().sum::<usize>(),
        acknowledged,
        "stored equals acknowledged"
    );
    assert!(acknowledged > 0);
}

#[tokio::test]
async fn t_07_sixty_four_writers_on_one_aggregate() {
    race(1, 3).await;
}

#[tokio::test]
async fn t_07_sixty_four_writers_on_eight_aggregates() {
    race(8, 12).await;
}

#[tokio::test]
async fn t_07_sixty_four_writers_on_a_thousand_aggregates() {
    race(1_000, 12).await;
}
