//! Reading the log for the main flow: page by page, and one page ahead of it.
//!
//! While a full page is processed and stored, a task of its own reads the next one, so that the
//! database and the subscriber work at the same time. One page is ahead at most, and none where the
//! one in hand is large. It is used only where the checkpoint stands exactly where it begins, and
//! forgotten wherever a step did not go its usual way: something was away, failed, parked or moved
//! on. A look ahead that failed says nothing; the log is read again when it is its turn.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::ended::Ended;
use super::term::{Term, in_time};
use crate::{Page, Position, RecordedEvent, Storage, StoreError, TypeFilter};

/// A page that is on its way before it is its turn.
pub(super) struct Ahead {
    from: Position,
    page: JoinHandle<Result<Page, StoreError>>,
}

/// One look at the log.
struct Look {
    storage: Arc<dyn Storage>,
    from: Position,
    types: TypeFilter,
    limit: usize,
    until: Option<Position>,
    answer_within: Duration,
}

impl Look {
    async fn page(self) -> Result<Page, StoreError> {
        // Asked before the log is read.
        let settled = self.is_settled().await;
        let read = self.storage.read_after(self.from, &self.types, self.limit);
        let page = in_time(self.answer_within, "reading the log", read).await?;
        Ok(match self.until {
            Some(end) => page.up_to(end, settled),
            None => page,
        })
    }

    /// Whether everything up to the end of the way is there to be read: then the end is reached
    /// although no event stands exactly there.
    async fn is_settled(&self) -> bool {
        let Some(end) = self.until else { return false };
        let horizon = in_time(
            self.answer_within,
            "asking how far the log is settled",
            self.storage.horizon(),
        );
        // A store that cannot tell makes the runner wait for an event behind the end.
        horizon.await.is_ok_and(|horizon| horizon.settles(end))
    }
}

impl Term<'_> {
    fn look(&self, from: Position) -> Look {
        Look {
            storage: Arc::clone(&self.storage),
            from,
            types: self.types.clone(),
            limit: self.options.batch_or_least(),
            until: self.until,
            answer_within: self.options.answer_within,
        }
    }

    /// The page behind the checkpoint. What `appended` tells from then on is not in it.
    pub(super) async fn page(
        &mut self,
        appended: &mut watch::Receiver<u64>,
    ) -> Result<Page, Ended> {
        let ahead = self.ahead.take();
        if let Some(ahead) = ahead.filter(|ahead| ahead.from == self.checkpoint)
            && let Ok(Ok(page)) = self.guard(ahead.page).await?
        {
            return Ok(page);
        }
        appended.borrow_and_update();
        let look = self.look(self.checkpoint);
        Ok(self.guard(look.page()).await??)
    }

    /// Begins to read what comes behind this page, where something does and there is room for it.
    pub(super) fn read_ahead(&mut self, page: &Page, appended: &mut watch::Receiver<u64>) {
        let room = self.options.read_ahead_bytes;
        if !page.more || room == 0 || page.events.iter().map(weight).sum::<usize>() > room {
            return;
        }
        appended.borrow_and_update();
        let look = self.look(page.reached);
        self.ahead = Some(Ahead {
            from: page.reached,
            page: tokio::spawn(look.page()),
        });
    }
}

fn weight(event: &RecordedEvent) -> usize {
    event.payload.len() + event.metadata.len()
}
