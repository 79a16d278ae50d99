//! `Tail`: the log read on and on from a place, without a lease and without a checkpoint.
//!
//! Promises: every wanted event behind the place, once and in log order; news of this process come
//! at once, those of others with the poll at the latest; a look that failed moves nothing on.
//! Does not: keep its place anywhere, or share work with others; a [`crate::subscription::Runner`]
//! does.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::{EventStorage, Page, Position, StoreError, TypeFilter};

/// The first look after news: what was announced may not be readable for a moment, while an older
/// transaction is open.
const FIRST_LOOK: Duration = Duration::from_millis(2);

/// A reader that stays at the end of the log.
///
/// ```
/// # use std::sync::Arc;
/// # use ingesta_event_store::{MemoryStorage, Position, Tail, TypeFilter};
/// # async fn follow() -> Result<(), ingesta_event_store::StoreError> {
/// let storage = Arc::new(MemoryStorage::default());
/// let mut tail = Tail::new(storage, Position::START, TypeFilter::All);
/// loop {
///     // Waits for events; an error is the store's, and the next call tries the same place again.
///     for event in tail.next().await?.events {
///         println!("{}", event.id());
///     }
/// }
/// # }
/// ```
pub struct Tail {
    storage: Arc<dyn EventStorage>,
    appended: watch::Receiver<u64>,
    types: TypeFilter,
    at: Position,
    page_max: usize,
    poll: Duration,
    pause: Duration,
}

impl Tail {
    /// Reads what comes after `from`.
    #[must_use]
    pub fn new(storage: Arc<dyn EventStorage>, from: Position, types: TypeFilter) -> Self {
        let poll = Duration::from_millis(100);
        Self {
            appended: storage.appended(),
            storage,
            types,
            at: from,
            page_max: 500,
            poll,
            pause: FIRST_LOOK.min(poll),
        }
    }

    /// Looks for the news of other processes so often. Default 100 ms, at least 1 ms.
    #[must_use]
    pub fn with_poll(mut self, poll: Duration) -> Self {
        self.poll = poll.max(Duration::from_millis(1));
        self
    }

    /// At most so many log entries in one page. Default 500, at least 1.
    #[must_use]
    pub fn with_page_max(mut self, entries: usize) -> Self {
        self.page_max = entries.max(1);
        self
    }

    /// The last place that was looked at: everything up to it has been given out.
    #[must_use]
    pub fn at(&self) -> Position {
        self.at
    }

    /// The next stretch of the log, which may hold entries that are not wanted and no other. Waits
    /// until there is one; a call that is dropped while it waits loses nothing.
    ///
    /// # Errors
    /// When the store does not answer, or the log is out of order. The place stays; it is the
    /// caller's to pause before it tries again.
    pub async fn next(&mut self) -> Result<Page, StoreError> {
        loop {
            self.appended.borrow_and_update();
            let page = self
                .storage
                .read_after(self.at, &self.types, self.page_max)
                .await?;
            if page.reached > self.at {
                self.at = page.reached;
                self.pause = FIRST_LOOK.min(self.poll);
                return Ok(page);
            }
            self.wait().await;
        }
    }

    async fn wait(&mut self) {
        let news = async {
            if self.appended.changed().await.is_err() {
                // Nobody can append here any more; other processes still can.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = news => self.pause = FIRST_LOOK.min(self.poll),
            () = sleep_until(Instant::now() + self.pause) => {
                self.pause = self.pause.saturating_mul(2).min(self.poll);
            }
        }
    }
}
