//! The appender: packs the commands that wait into one durable statement, and answers each caller.
//!
//! Callers speak to it by channel, so no caller can cancel what was begun, and its two writers own
//! their connections outside the pool. A lone caller waits for nobody: there is no timer, a batch
//! is what had gathered when a writer was free. What waits is bounded by number and by bytes;
//! beyond that callers wait to be let in.

mod batch;
mod loser;
mod pack;
mod queue;
mod request;
mod shared;
mod whole;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, TryAcquireError, oneshot};

pub(super) use self::batch::xid8;
use self::queue::Queue;
use self::request::{Answer, Request};
pub(super) use self::whole::{stored_fingerprint, stored_outcome};
use self::writer::Writer;
use super::Database;
use super::bell::Bell;
use crate::{Append, AppendError, CommandOutcome, StoreError};

/// One batch is prepared while the other is being flushed. More only make the batches smaller.
const WRITERS: usize = 2;
/// Commands that wait to be packed.
const WAITING_MAX: usize = 4_096;
/// Text of their events, in KiB.
const WAITING_KIB_MAX: usize = 64 * 1024;
/// What a command counts for at least, so that both bounds are one.
const KIB_MIN: usize = WAITING_KIB_MAX / WAITING_MAX;

/// A handle on the appender. Its writers begin with the first append and end with the last handle.
#[derive(Clone)]
pub(super) struct Appender {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    bell: Arc<Bell>,
    room: Arc<Semaphore>,
    door: Mutex<Option<Queue>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let door = self.door.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = door.take() {
            queue.end();
        }
    }
}

impl Appender {
    pub(super) fn new(database: Database, bell: Arc<Bell>) -> Self {
        let room = Arc::new(Semaphore::new(WAITING_KIB_MAX));
        let inner = Inner {
            database,
            bell,
            room,
            door: Mutex::new(None),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Has a command stored, with those of others.
    pub(super) async fn append(&self, append: Append) -> Result<CommandOutcome, AppendError> {
        append.check_shape()?;
        let kib = append.text_bytes() / 1024 + 1;
        let kib = u32::try_from(kib.clamp(KIB_MIN, WAITING_KIB_MAX)).unwrap_or(u32::MAX);
        let (answer, answered) = oneshot::channel();
        let room = Arc::clone(&self.inner.room);
        match room.try_acquire_many_owned(kib) {
            Ok(room) => self.hand_in(Request {
                append,
                answer,
                _room: room,
            }),
            Err(TryAcquireError::NoPermits) => self.hand_in_later(append, kib, answer),
            Err(TryAcquireError::Closed) => return Err(ended()),
        }
        // A writer that vanished with the request has perhaps sent it.
        answered.await.unwrap_or_else(|cause| {
            Err(AppendError::Unknown(StoreError::Unavailable {
                attempted: "waiting for the appender",
                cause: Box::new(cause),
            }))
        })
    }

    /// Waits for room in a task: a caller that is not polled would be given the room and keep it
    /// from everybody behind it.
    fn hand_in_later(&self, append: Append, kib: u32, answer: Answer) {
        let this = self.clone();
        tokio::spawn(async move {
            let room = Arc::clone(&this.inner.room);
            match room.acquire_many_owned(kib).await {
                Ok(room) => this.hand_in(Request {
                    append,
                    answer,
                    _room: room,
                }),
                // A caller that went away has nobody who could hear it.
                Err(_) => drop(answer.send(Err(ended()))),
            }
        });
    }

    /// Writers live on the runtime of the first caller; when that runtime has ended, the next
    /// caller's runtime carries on.
    fn hand_in(&self, request: Request) {
        let mut door = self
            .inner
            .door
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let refused = match &*door {
            Some(queue) => queue.push(request).err(),
            None => Some(request),
        };
        let Some(request) = refused else {
            return;
        };
        let queue = Queue::default();
        for _ in 0..WRITERS {
            let writer = Writer::new(self.inner.database.clone(), Arc::clone(&self.inner.bell));
            tokio::spawn(writer.run(queue.place()));
        }
        // Its writers have their places, so it is taken.
        drop(queue.push(request));
        *door = Some(queue);
    }
}

fn ended() -> AppendError {
    let attempted = "handing a command to the appender";
    let cause = "the appender has ended".into();
    AppendError::NotStored(StoreError::Unavailable { attempted, cause })
}
