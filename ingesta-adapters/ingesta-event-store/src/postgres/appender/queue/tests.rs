//! Who is woken, and who goes on, while callers keep the threads.

use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};

use super::*;
use crate::{Append, NewEvent, StreamAppend};

/// Longer than anything here takes: only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

fn request(id: &str) -> Request {
    let event = NewEvent {
        event_type: "Happened".into(),
        event_version: "1.0".into(),
        payload: "{}".into(),
        metadata: "{}".into(),
    };
    let streams = vec![StreamAppend {
        stream: StreamId::new("thing", id.to_owned()),
        expected_version: 0,
        events: vec![event],
    }];
    let append = Append {
        streams,
        command: None,
    };
    let room = Arc::new(Semaphore::new(1)).try_acquire_owned();
    Request {
        append,
        answer: oneshot::channel().0,
        _room: room.expect("it is empty"),
    }
}

fn hand_in(queue: &Queue, ids: &[&str]) {
    for id in ids {
        assert!(queue.push(request(id)).is_ok(), "there are writers");
    }
}

/// Goes on with it once; true if it is not done.
fn waits(work: Pin<&mut impl Future<Output = Option<Taken>>>) -> bool {
    work.poll(&mut Context::from_waker(Waker::noop()))
        .is_pending()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_lets_others_go_first_is_not_kept_by_them() {
    let queue = Queue::default();
    let mut place = queue.place();
    hand_in(&queue, &["a", "b"]);
    let (go, leave) = mpsc::channel();
    let writer = tokio::spawn(async move {
        // It is this thread's next, and computes until the writer is done.
        let computing = tokio::spawn(async move { leave.recv_timeout(PATIENCE) });
        let taken = place.take().await;
        // Whoever computed for too long does not listen any more.
        let _ = go.send(());
        let computed = computing.await.expect("it does not panic");
        (taken.map(|taken| taken.len()), computed)
    });
    let (taken, computed) = writer.await.expect("it does not panic");
    assert_eq!(taken, Some(2));
    assert_eq!(computed, Ok(()), "the writer waited for who computes");
}

#[tokio::test]
async fn who_is_kept_aside_is_not_relied_on_when_nobody_works_any_more() {
    let queue = Queue::default();
    let (mut kept, mut other) = (queue.place(), queue.place());
    hand_in(&queue, &["a"]);
    assert!(other.take().await.is_some());
    hand_in(&queue, &["b", "c"]);
    let mut aside = pin!(kept.take());
    assert!(waits(aside.as_mut()), "it lets others go first");
    // The other one is at work, and looks when it is done.
    other.about_to_look();
    assert_eq!(other.take().await.map(|taken| taken.len()), Some(2));
    let mut next = pin!(other.take());
    assert!(waits(next.as_mut()), "there is nothing");
    hand_in(&queue, &["d"]);
    let woken = tokio::time::timeout(PATIENCE, next).await;
    assert!(woken.is_ok_and(|taken| taken.is_some()), "nobody came");
}

#[tokio::test]
async fn who_is_woken_too_late_leaves_the_batch_to_who_came_first() {
    let queue = Queue::default();
    let (mut one, mut two) = (queue.place(), queue.place());
    let (mut first, mut second) = (Box::pin(one.take()), Box::pin(two.take()));
    assert!(
        waits(first.as_mut()) && waits(second.as_mut()),
        "there is nothing"
    );
    // Nobody runs yet, so both are woken.
    hand_in(&queue, &["a", "b"]);
    assert!(queue.state().idle.is_empty());
    assert!(waits(first.as_mut()), "it lets others go first");
    assert!(waits(second.as_mut()), "somebody came before it");
    hand_in(&queue, &["c"]);
    let taken = first.await;
    assert_eq!(taken.map(|taken| taken.len()), Some(3));
    assert_eq!(queue.state().idle.len(), 1, "the other one was woken again");
}
