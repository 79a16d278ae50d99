//! How far a partition is: what was read, what of it is finished, and where a successor would go on.
//!
//! It promises that the end it tells is that of an unbroken run of finished messages from the first
//! one that was read. It counts in the order of reading and not by offsets: these have holes
//! (compaction, transactions) and may start again lower.

use std::collections::VecDeque;

/// A message that was read, as this book knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

struct Entry {
    offset: i64,
    bytes: usize,
    finished: bool,
}

/// The book of one partition.
#[derive(Default)]
pub(super) struct Progress {
    entries: VecDeque<Entry>,
    /// The ticket of the first entry.
    first: u64,
    bytes: usize,
}

impl Progress {
    /// A message was read.
    pub(super) fn begin(&mut self, offset: i64, bytes: usize) -> Ticket {
        let ticket = Ticket(self.first + self.entries.len() as u64);
        self.bytes += bytes;
        self.entries.push_back(Entry {
            offset,
            bytes,
            finished: false,
        });
        ticket
    }

    /// It is finished: its effect, or its dead letter, is durable.
    pub(super) fn finish(&mut self, ticket: Ticket) {
        let index = ticket.0.checked_sub(self.first);
        let index = index.and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| self.entries.get_mut(index))
            && !entry.finished
        {
            entry.finished = true;
            self.bytes -= entry.bytes;
        }
    }

    /// Closes the finished run at the beginning; tells the offset of its last message if it grew.
    pub(super) fn advance(&mut self) -> Option<i64> {
        let mut last = None;
        while self.entries.front().is_some_and(|entry| entry.finished) {
            last = self.entries.pop_front().map(|entry| entry.offset);
            self.first += 1;
        }
        last
    }

    /// Whether everything up to this message is finished.
    pub(super) fn is_finished_up_to(&self, ticket: Ticket) -> bool {
        let tickets = (self.first..).map(Ticket);
        let mut up_to = tickets
            .zip(&self.entries)
            .take_while(|(own, _)| *own <= ticket);
        up_to.all(|(_, entry)| entry.finished)
    }

    /// Messages behind the end of the finished run, finished or not.
    pub(super) fn open(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of the messages that are not finished.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_that_of_the_unbroken_run() {
        let mut progress = Progress::default();
        let [a, b, c] = [10, 11, 15].map(|offset| progress.begin(offset, 100));
        assert_eq!(progress.advance(), None);
        progress.finish(c);
        progress.finish(b);
        assert_eq!((progress.advance(), progress.open()), (None, 3));
        progress.finish(a);
        assert_eq!(progress.advance(), Some(15));
        assert_eq!(progress.advance(), None, "it is told once");
        let d = progress.begin(16, 7);
        assert_eq!((progress.open(), progress.bytes()), (1, 7));
        progress.finish(d);
        assert_eq!(progress.advance(), Some(16));
    }

    #[test]
    fn it_knows_whether_a_run_reaches_a_message() {
        let mut progress = Progress::default();
        let [a, b, c] = [1, 2, 3].map(|offset| progress.begin(offset, 1));
        progress.finish(b);
        assert!(!progress.is_finished_up_to(b));
        progress.finish(a);
        assert!(progress.is_finished_up_to(b) && !progress.is_finished_up_to(c));
        progress.advance();
        assert!(progress.is_finished_up_to(b) && !progress.is_finished_up_to(c));
    }

    #[test]
    fn finishing_twice_or_after_the_end_changes_nothing() {
        let mut progress = Progress::default();
        let a = progress.begin(1, 5);
        let b = progress.begin(2, 5);
        progress.finish(a);
        progress.finish(a);
        assert_eq!((progress.bytes(), progress.advance()), (5, Some(1)));
        progress.finish(a);
        assert_eq!((progress.bytes(), progress.advance()), (5, None));
        progress.finish(b);
        assert_eq!(progress.bytes(), 0);
    }

    #[test]
    fn a_partition_that_starts_again_lower_is_followed() {
        let mut progress = Progress::default();
        for offset in [900, 0, 1] {
            let ticket = progress.begin(offset, 1);
            progress.finish(ticket);
        }
        assert_eq!(progress.advance(), Some(1));
    }
}
