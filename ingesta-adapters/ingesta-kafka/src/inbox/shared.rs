//! What the reader, the lanes and whoever asks for the status have in common.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Thread;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::assignment::Assignment;
use super::board::Board;
use super::{Handler, InboxOptions, InboxStatus};
use crate::dead_letters::Writer;

pub(super) struct Shared {
    pub(super) options: InboxOptions,
    pub(super) board: Board,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) dead_letters: Writer,
    /// As many messages are handled at the same time as there are places.
    pub(super) places: Arc<Semaphore>,
    /// Where lanes are worked on.
    pub(super) runtime: Handle,
    /// Ends it in order.
    pub(super) shutdown: CancellationToken,
    /// Ends it as a crash would.
    pub(super) aborted: CancellationToken,
    assignment: Mutex<Arc<Assignment>>,
    reader: OnceLock<Thread>,
}

impl Shared {
    pub(super) fn new(
        options: InboxOptions,
        handler: Arc<dyn Handler>,
        dead_letters: Writer,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            board: Board::new(&options.group, &options.topics),
            places: Arc::new(Semaphore::new(options.concurrency)),
            runtime: Handle::current(),
            aborted: CancellationToken::new(),
            assignment: Mutex::default(),
            reader: OnceLock::new(),
            options,
            handler,
            dead_letters,
            shutdown,
        }
    }

    /// Somebody has something for the reader.
    pub(super) fn wake(&self) {
        if let Some(reader) = self.reader.get() {
            reader.unpark();
        }
    }

    /// The thread that calls this is the reader.
    pub(super) fn i_am_the_reader(&self) {
        // A second call changes nothing: there is one reader.
        let _ = self.reader.set(std::thread::current());
    }

    pub(super) fn is_ending(&self) -> bool {
        self.shutdown.is_cancelled() || self.aborted.is_cancelled()
    }

    /// The partitions of the consumer that reads from now on.
    pub(super) fn new_assignment(&self) -> Arc<Assignment> {
        let fresh = Arc::new(Assignment::default());
        let mut current = self
            .assignment
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *current = Arc::clone(&fresh);
        fresh
    }

    pub(super) fn status(&self) -> InboxStatus {
        let current = self
            .assignment
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.board.status(current.unfinished())
    }
}
