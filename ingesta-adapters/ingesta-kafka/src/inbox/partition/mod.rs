//! One partition in this member's hands: its messages in lanes by key, and its book of progress.
//!
//! It promises that a lane's messages come out one after the other; that once the partition is given
//! up nothing begins except what stands before a message that had begun, so that the finished run has
//! no holes if there is time; and that whoever waits for that sees it in the book before it counts as
//! ended. A message without a key shares its lane with all others without one.
//! It neither handles messages nor speaks to the broker.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::offsets::Place;
use super::progress::{Progress, Ticket};
use crate::message::IncomingMessage;

pub(in crate::inbox) type Key = Option<Vec<u8>>;

/// A message that waits in its lane.
pub(in crate::inbox) struct Held {
    pub(in crate::inbox) ticket: Ticket,
    pub(in crate::inbox) message: IncomingMessage,
}

pub(in crate::inbox) struct Partition {
    pub(in crate::inbox) place: Place,
    book: Mutex<Book>,
    /// Messages that wait for another try: nothing after them begins meanwhile.
    retrying: watch::Sender<BTreeSet<Ticket>>,
    /// Nothing new begins.
    given_up: CancellationToken,
    /// What is under way is dropped.
    dropped: CancellationToken,
}

#[derive(Default)]
struct Book {
    progress: Progress,
    /// A lane is here exactly as long as somebody works on it.
    lanes: HashMap<Key, VecDeque<Held>>,
    running: usize,
    paused: bool,
    /// The last message, in the order of reading, that has begun.
    begun: Option<Ticket>,
    /// A message that had its turn is left to the next owner: the run ends before it.
    left: bool,
}

impl Partition {
    pub(in crate::inbox) fn new(place: Place) -> Self {
        Self {
            place,
            book: Mutex::default(),
            retrying: watch::Sender::default(),
            given_up: CancellationToken::new(),
            dropped: CancellationToken::new(),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a message in; tells its key where nobody works on that lane yet.
    pub(in crate::inbox) fn take_in(&self, message: IncomingMessage) -> Option<Key> {
        let key = message.key.clone();
        let headers = message.headers.iter();
        let bytes = message.value.as_ref().map_or(0, Vec::len)
            + key.as_ref().map_or(0, Vec::len)
            + headers
                .map(|header| header.name.len() + header.value.len())
                .sum::<usize>();
        let mut book = self.book();
        let ticket = book.progress.begin(message.offset, bytes);
        let held = Held { ticket, message };
        if let Some(lane) = book.lanes.get_mut(&key) {
            lane.push_back(held);
            return None;
        }
        book.lanes.insert(key.clone(), VecDeque::from([held]));
        Some(key)
    }

    /// The next message of a lane; `None` ends the work on it.
    pub(in crate::inbox) fn next(&self, key: &Key) -> Option<Held> {
        let mut book = self.book();
        let may_begin = |held: &Held| self.may_begin(&book, held.ticket);
        let next = book.lanes.get(key).and_then(VecDeque::front);
        if !next.is_some_and(may_begin) {
            book.lanes.remove(key);
            return None;
        }
        book.lanes.get_mut(key).and_then(VecDeque::pop_front)
    }

    fn may_begin(&self, book: &Book, ticket: Ticket) -> bool {
        !self.given_up.is_cancelled() || (!book.left && Some(ticket) <= book.begun)
    }

    /// Counts a message as under way, unless the partition was given up before its turn.
    pub(in crate::inbox) fn begin(self: &Arc<Self>, ticket: Ticket) -> Option<Running> {
        let mut book = self.book();
        if !self.may_begin(&book, ticket) {
            return None;
        }
        book.running += 1;
        book.begun = book.begun.max(Some(ticket));
        Some(Running(Arc::clone(self)))
    }

    /// This message is not settled here. If it had its turn, the run ends before it.
    pub(in crate::inbox) fn leave(&self, ticket: Ticket) {
        let mut book = self.book();
        book.left |= Some(ticket) <= book.begun;
    }

    /// Its effect or its dead letter is durable.
    pub(in crate::inbox) fn finish(&self, ticket: Ticket) {
        self.book().progress.finish(ticket);
    }

    /// The offset of the last message of the finished run, if it grew.
    pub(in crate::inbox) fn advance(&self) -> Option<i64> {
        self.book().progress.advance()
    }

    /// Whether a handler is at work.
    pub(in crate::inbox) fn is_running(&self) -> bool {
        self.book().running > 0
    }

    /// Whether there is something to wait for after it was given up.
    pub(in crate::inbox) fn is_busy(&self) -> bool {
        let book = self.book();
        let holes = |last| !book.progress.is_finished_up_to(last);
        book.running > 0 || (!book.left && book.begun.is_some_and(holes))
    }

    pub(in crate::inbox) fn unfinished(&self) -> usize {
        self.book().progress.open()
    }

    /// Nothing new begins from here on, but for what stands before a message that has begun.
    pub(in crate::inbox) fn give_up(&self) {
        // Under the book's lock, so that `begin` is either before this or refused.
        let _book = self.book();
        self.given_up.cancel();
    }

    /// What is under way is dropped at its next await.
    pub(in crate::inbox) fn drop_all(&self) {
        self.dropped.cancel();
    }

    /// Ends when the partition is given up.
    pub(in crate::inbox) fn given_up(&self) -> WaitForCancellationFutureOwned {
        self.given_up.clone().cancelled_owned()
    }

    /// Ends when what is under way is to be dropped.
    pub(in crate::inbox) fn dropped(&self) -> WaitForCancellationFutureOwned {
        self.dropped.clone().cancelled_owned()
    }

    /// Waits until no message before this one waits for another try; false if the partition is given
    /// up while one does.
    pub(in crate::inbox) async fn calm(&self, ticket: Ticket) -> bool {
        let mut retrying = self.retrying.subscribe();
        let passed =
            |waiting: &BTreeSet<Ticket>| waiting.first().is_none_or(|first| ticket < *first);
        tokio::select! {
            biased;
            calm = retrying.wait_for(passed) => calm.is_ok(),
            () = self.given_up() => false,
        }
    }

    pub(in crate::inbox) fn retry_begins(&self, ticket: Ticket) {
        self.retrying.send_modify(|waiting| {
            waiting.insert(ticket);
        });
    }

    pub(in crate::inbox) fn retry_ends(&self, ticket: Ticket) {
        self.retrying.send_modify(|waiting| {
            waiting.remove(&ticket);
        });
    }

    /// Whether fetching should stop or go on, where that is not as it is: between full and half
    /// full it stays as it is, because a pause throws away what was fetched ahead.
    pub(in crate::inbox) fn wants_pause(&self, window: usize, window_bytes: usize) -> Option<bool> {
        let retrying = !self.retrying.borrow().is_empty();
        let mut book = self.book();
        let (open, bytes) = (book.progress.open(), book.progress.bytes());
        let full = open >= window || bytes >= window_bytes;
        let half = open > window / 2 || bytes > window_bytes / 2;
        let wanted = retrying || full || (book.paused && half);
        let changed = wanted != book.paused;
        book.paused = wanted;
        changed.then_some(wanted)
    }
}

/// A message is under way until this is dropped.
pub(in crate::inbox) struct Running(Arc<Partition>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.book().running -= 1;
    }
}

#[cfg(test)]
mod tests;
