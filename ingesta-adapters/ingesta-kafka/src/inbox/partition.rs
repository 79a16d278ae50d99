//! One partition in this member's hands: its messages in lanes by key, and its book of progress.
//!
//! It promises that a lane's messages come out one after the other, that nothing new begins once the
//! partition is given up, and that whoever waits for what is under way sees it finished in the book
//! before it counts as ended. A message without a key shares its lane with all others without one.
//! It neither handles messages nor speaks to the broker.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::offsets::Place;
use super::progress::{Progress, Ticket};
use crate::message::IncomingMessage;

pub(super) type Key = Option<Vec<u8>>;

/// A message that waits in its lane.
pub(super) struct Held {
    pub(super) ticket: Ticket,
    pub(super) message: IncomingMessage,
}

pub(super) struct Partition {
    pub(super) place: Place,
    book: Mutex<Book>,
    /// How many messages wait for another try: nothing new begins meanwhile.
    retrying: watch::Sender<usize>,
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
}

impl Partition {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            book: Mutex::default(),
            retrying: watch::Sender::new(0),
            given_up: CancellationToken::new(),
            dropped: CancellationToken::new(),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a message in; tells its key where nobody works on that lane yet.
    pub(super) fn take_in(&self, message: IncomingMessage) -> Option<Key> {
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
    pub(super) fn next(&self, key: &Key) -> Option<Held> {
        let mut book = self.book();
        let given_up = self.given_up.is_cancelled();
        let next = book.lanes.get_mut(key).and_then(VecDeque::pop_front);
        if next.is_none() || given_up {
            book.lanes.remove(key);
            return None;
        }
        next
    }

    /// Counts a message as under way, unless the partition was given up.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Running> {
        let mut book = self.book();
        if self.given_up.is_cancelled() {
            return None;
        }
        book.running += 1;
        Some(Running(Arc::clone(self)))
    }

    /// Its effect or its dead letter is durable.
    pub(super) fn finish(&self, ticket: Ticket) {
        self.book().progress.finish(ticket);
    }

    /// The offset of the last message of the finished run, if it grew.
    pub(super) fn advance(&self) -> Option<i64> {
        self.book().progress.advance()
    }

    pub(super) fn running(&self) -> usize {
        self.book().running
    }

    pub(super) fn unfinished(&self) -> usize {
        self.book().progress.open()
    }

    /// Nothing new begins from here on.
    pub(super) fn give_up(&self) {
        // Under the book's lock, so that `begin` is either before this or refused.
        let _book = self.book();
        self.given_up.cancel();
    }

    /// What is under way is dropped at its next await.
    pub(super) fn drop_all(&self) {
        self.dropped.cancel();
    }

    /// Ends when the partition is given up.
    pub(super) fn given_up(&self) -> WaitForCancellationFutureOwned {
        self.given_up.clone().cancelled_owned()
    }

    /// Ends when what is under way is to be dropped.
    pub(super) fn dropped(&self) -> WaitForCancellationFutureOwned {
        self.dropped.clone().cancelled_owned()
    }

    /// Waits until no message waits for another try; false if the partition was given up.
    pub(super) async fn calm(&self) -> bool {
        let mut retrying = self.retrying.subscribe();
        tokio::select! {
            biased;
            () = self.given_up() => false,
            calm = retrying.wait_for(|waiting| *waiting == 0) => calm.is_ok(),
        }
    }

    pub(super) fn retry_begins(&self) {
        self.retrying.send_modify(|waiting| *waiting += 1);
    }

    pub(super) fn retry_ends(&self) {
        self.retrying.send_modify(|waiting| *waiting -= 1);
    }

    /// Whether fetching should stop or go on, where that is not as it is: between full and half
    /// full it stays as it is, because a pause throws away what was fetched ahead.
    pub(super) fn wants_pause(&self, window: usize, window_bytes: usize) -> Option<bool> {
        let retrying = *self.retrying.borrow() > 0;
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
pub(super) struct Running(Arc<Partition>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.book().running -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(offset: i64, key: &str, bytes: usize) -> IncomingMessage {
        IncomingMessage {
            topic: "t".to_owned(),
            partition: 0,
            offset,
            key: Some(key.as_bytes().to_vec()),
            value: Some(vec![0; bytes]),
            headers: Vec::new(),
            timestamp: None,
        }
    }

    fn partition() -> Arc<Partition> {
        Arc::new(Partition::new(("t".to_owned(), 0)))
    }

    #[test]
    fn a_lane_has_one_worker_until_it_is_empty() {
        let partition = partition();
        let a = partition.take_in(message(0, "a", 1)).expect("a new lane");
        assert!(partition.take_in(message(1, "a", 1)).is_none());
        let b = partition.take_in(message(2, "b", 1)).expect("another lane");
        let offset = |key| partition.next(key).map(|held| held.message.offset);
        assert_eq!(
            (offset(&a), offset(&b), offset(&a)),
            (Some(0), Some(2), Some(1))
        );
        assert_eq!(offset(&a), None);
        assert!(
            partition.take_in(message(3, "a", 1)).is_some(),
            "its worker has left"
        );
    }

    #[test]
    fn nothing_begins_after_it_was_given_up() {
        let partition = partition();
        let key = partition.take_in(message(0, "a", 1)).expect("a new lane");
        let running = partition.begin().expect("not given up yet");
        partition.give_up();
        assert!(partition.begin().is_none());
        assert!(partition.next(&key).is_none());
        assert_eq!(partition.running(), 1);
        drop(running);
        assert_eq!(partition.running(), 0);
    }

    #[test]
    fn it_pauses_when_full_and_goes_on_when_half_full() {
        let partition = partition();
        let mut open = VecDeque::new();
        for offset in 0..4 {
            assert_eq!(partition.wants_pause(4, 1_000), None);
            let key = partition
                .take_in(message(offset, "a", 1))
                .or(Some(Some(b"a".to_vec())));
            open.extend(partition.next(&key.expect("a key")));
        }
        assert_eq!(partition.wants_pause(4, 1_000), Some(true));
        let mut finish = |count: usize| {
            for held in open.drain(..count) {
                partition.finish(held.ticket);
            }
            partition.advance();
        };
        finish(1);
        assert_eq!(
            partition.wants_pause(4, 1_000),
            None,
            "still more than half"
        );
        finish(1);
        assert_eq!(partition.wants_pause(4, 1_000), Some(false));
    }

    #[test]
    fn bytes_fill_it_as_well_and_so_does_a_retry() {
        let partition = partition();
        let key = partition.take_in(message(0, "a", 500)).expect("a lane");
        assert_eq!(partition.wants_pause(100, 500), Some(true));
        let held = partition.next(&key).expect("it is there");
        partition.finish(held.ticket);
        assert_eq!(partition.wants_pause(100, 500), Some(false));
        partition.retry_begins();
        assert_eq!(partition.wants_pause(100, 500), Some(true));
        partition.retry_ends();
        assert_eq!(partition.wants_pause(100, 500), Some(false));
    }
}
