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

pub(super) type Key = Option<Vec<u8>>;

/// A message that waits in its lane.
pub(super) struct Held {
    pub(super) ticket: Ticket,
    pub(super) message: IncomingMessage,
}

pub(super) struct Partition {
    pub(super) place: Place,
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
    pub(super) fn new(place: Place) -> Self {
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
    pub(super) fn begin(self: &Arc<Self>, ticket: Ticket) -> Option<Running> {
        let mut book = self.book();
        if !self.may_begin(&book, ticket) {
            return None;
        }
        book.running += 1;
        book.begun = book.begun.max(Some(ticket));
        Some(Running(Arc::clone(self)))
    }

    /// This message is not settled here. If it had its turn, the run ends before it.
    pub(super) fn leave(&self, ticket: Ticket) {
        let mut book = self.book();
        book.left |= Some(ticket) <= book.begun;
    }

    /// Its effect or its dead letter is durable.
    pub(super) fn finish(&self, ticket: Ticket) {
        self.book().progress.finish(ticket);
    }

    /// The offset of the last message of the finished run, if it grew.
    pub(super) fn advance(&self) -> Option<i64> {
        self.book().progress.advance()
    }

    /// Whether there is something to wait for after it was given up.
    pub(super) fn is_busy(&self) -> bool {
        let book = self.book();
        let holes = |last| !book.progress.is_finished_up_to(last);
        book.running > 0 || (!book.left && book.begun.is_some_and(holes))
    }

    pub(super) fn unfinished(&self) -> usize {
        self.book().progress.open()
    }

    /// Nothing new begins from here on, but for what stands before a message that has begun.
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

    /// Waits until no message before this one waits for another try; false if the partition is given
    /// up while one does.
    pub(super) async fn calm(&self, ticket: Ticket) -> bool {
        let mut retrying = self.retrying.subscribe();
        let passed =
            |waiting: &BTreeSet<Ticket>| waiting.first().is_none_or(|first| ticket < *first);
        tokio::select! {
            biased;
            calm = retrying.wait_for(passed) => calm.is_ok(),
            () = self.given_up() => false,
        }
    }

    pub(super) fn retry_begins(&self, ticket: Ticket) {
        self.retrying.send_modify(|waiting| {
            waiting.insert(ticket);
        });
    }

    pub(super) fn retry_ends(&self, ticket: Ticket) {
        self.retrying.send_modify(|waiting| {
            waiting.remove(&ticket);
        });
    }

    /// Whether fetching should stop or go on, where that is not as it is: between full and half
    /// full it stays as it is, because a pause throws away what was fetched ahead.
    pub(super) fn wants_pause(&self, window: usize, window_bytes: usize) -> Option<bool> {
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
    fn given_up_it_closes_the_run_and_begins_nothing_new() {
        let partition = partition();
        let a = partition.take_in(message(0, "a", 1)).expect("a lane");
        let b = partition.take_in(message(1, "b", 1)).expect("a lane");
        let c = partition.take_in(message(2, "c", 1)).expect("a lane");
        let second = partition.next(&b).expect("it is there");
        let running = partition.begin(second.ticket).expect("its turn");
        partition.give_up();
        assert!(partition.next(&c).is_none(), "nothing had begun after it");
        let first = partition.next(&a).expect("something had begun after it");
        partition.finish(second.ticket);
        drop(running);
        assert!(partition.is_busy(), "there is a hole in the run");
        drop(partition.begin(first.ticket).expect("it closes the hole"));
        partition.finish(first.ticket);
        assert!(!partition.is_busy());
        assert_eq!(partition.advance(), Some(1));
    }

    #[test]
    fn given_up_it_does_not_wait_for_what_is_left_to_the_next_owner() {
        let partition = partition();
        let a = partition.take_in(message(0, "a", 1)).expect("a lane");
        let b = partition.take_in(message(1, "b", 1)).expect("a lane");
        let first = partition.next(&a).expect("it is there");
        let second = partition.next(&b).expect("it is there");
        let running = partition.begin(second.ticket).expect("its turn");
        let c = partition.take_in(message(2, "c", 1)).expect("a lane");
        let third = partition.next(&c).expect("it is there");
        partition.give_up();
        partition.leave(third.ticket);
        assert!(partition.next(&b).is_none());
        drop(
            partition
                .begin(first.ticket)
                .expect("the third had no turn"),
        );
        partition.leave(first.ticket);
        assert!(partition.begin(first.ticket).is_none());
        assert!(partition.is_busy(), "the second is under way");
        drop(running);
        assert!(!partition.is_busy());
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
        partition.retry_begins(held.ticket);
        assert_eq!(partition.wants_pause(100, 500), Some(true));
        partition.retry_ends(held.ticket);
        assert_eq!(partition.wants_pause(100, 500), Some(false));
    }
}
