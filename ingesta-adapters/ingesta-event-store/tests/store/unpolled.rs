//! Commands whose caller looks elsewhere for a while, as the body of a loop over `buffer_unordered`
//! does: they wait, and nobody else does.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::{
    CommandContext, Commands, Database, DatabaseOptions, EventCodec, EventStorage, PostgresStorage,
};
use ingesta_testing::{PATIENCE, eventually};
use sqlx::Executor;

use crate::support::{Add, Counter, Fixture, append};

type Command = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Goes on with each of them once, as far as it goes; answers with those that are not done.
async fn polled(commands: Vec<Command>) -> Vec<Command> {
    // Within a task's own budget all but the first hundred would be sent back before they began.
    tokio::task::unconstrained(async { once(commands) }).await
}

fn once(commands: Vec<Command>) -> Vec<Command> {
    let waker = futures_util::task::noop_waker();
    let mut context = std::task::Context::from_waker(&waker);
    let pending = |mut command: Command| {
        let polled = command.as_mut().poll(&mut context);
        polled.is_pending().then_some(command)
    };
    commands.into_iter().filter_map(pending).collect()
}

#[tokio::test]
async fn commands_that_nobody_polls_keep_no_connection() {
    let fixture = Fixture::migrated().await;
    let options = DatabaseOptions {
        acquire_timeout: Duration::from_secs(2),
        connections_max: 4,
        ..DatabaseOptions::default()
    };
    let database = Database::connect(&fixture.url, options).await.unwrap();
    let store = PostgresStorage::new(database.clone());
    let counters = Commands::<Counter>::new(Arc::new(store.clone()), EventCodec::default(), ());
    // Refused commands with a name are looked up through the pool.
    let refused = (0..8).map(|number| -> Command {
        let counters = counters.clone();
        Box::pin(async move {
            let context = CommandContext::default().idempotent(format!("k{number}"), &number);
            counters.execute("a", Add(vec![0]), context).await.is_err()
        })
    });
    let mut commands: Vec<Command> = refused.collect();
    for _ in 0..2_000 {
        commands = polled(commands).await;
        tokio::task::yield_now().await;
        if commands.is_empty() || database.pool().num_idle() == 0 && database.pool().size() == 4 {
            break;
        }
    }
    // Nobody goes on with the rest now.
    let head = tokio::spawn(async move { store.head().await });
    assert!(
        head.await.unwrap().is_ok(),
        "somebody else got no connection"
    );
    drop(commands);
}

#[tokio::test]
async fn commands_that_nobody_polls_keep_no_room() {
    let fixture = Fixture::migrated().await;
    let counters = fixture.counters();
    let mut block = fixture.database.pool().acquire().await.unwrap();
    block
        .execute("begin; lock table events in share mode")
        .await
        .unwrap();
    let creations = (0..8_192).map(|number| -> Command {
        let counters = counters.clone();
        Box::pin(async move {
            let (id, context) = (format!("c{number}"), CommandContext::default().creating());
            counters.execute(&id, Add(vec![1]), context).await.is_ok()
        })
    });
    let waiting = polled(creations.collect()).await;
    assert_eq!(waiting.len(), 8_192, "nothing can be stored");
    block.execute("rollback").await.unwrap();
    // Twice as many as may wait at once: the writers make room, and it goes to whoever uses it.
    let stored = async || {
        let stored = fixture.number("select count(*) from events").await;
        (stored == 8_192).then_some(())
    };
    eventually("every command is stored, although nobody asks", stored).await;
    drop(waiting);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_computes_after_its_command_keeps_nobody_waiting() {
    let fixture = Fixture::migrated().await;
    let store = fixture.storage.clone();
    // From now on the writers wait for work.
    store.append(append("first", 0, &[1])).await.unwrap();
    let (go, leave) = std::sync::mpsc::channel::<()>();
    let (tell, told) = tokio::sync::oneshot::channel();
    let computing = tokio::spawn(async move {
        let mut command = Box::pin(store.append(append("computing", 0, &[1])));
        let waker = futures_util::task::noop_waker();
        let polled = command
            .as_mut()
            .poll(&mut std::task::Context::from_waker(&waker));
        assert!(polled.is_pending(), "it was handed in");
        tell.send(()).unwrap();
        // It computes: no other task of this thread goes on, its next one least of all.
        leave.recv().unwrap();
        command.await
    });
    told.await.unwrap();
    let other = fixture.storage.append(append("other", 0, &[1]));
    let stored = tokio::time::timeout(PATIENCE, other).await;
    go.send(()).unwrap();
    assert!(stored.is_ok_and(|stored| stored.is_ok()), "it waited");
    computing.await.unwrap().unwrap();
}
