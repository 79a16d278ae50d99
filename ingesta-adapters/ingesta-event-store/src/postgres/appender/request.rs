//! One command that waits, and how many of them make a batch.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::{Append, AppendError, CommandOutcome, Position, StreamAppend};

/// Rows of a batch: beyond this a longer statement gains nothing.
const ROWS_MAX: usize = 1_000;
/// Text of a batch's events, in bytes.
const BYTES_MAX: usize = 1 << 20;

/// Where a caller waits for what became of its command.
pub(super) type Answer = oneshot::Sender<Result<CommandOutcome, AppendError>>;

/// A command and the caller that waits for its answer.
pub(super) struct Request {
    pub(super) append: Append,
    pub(super) answer: Answer,
    pub(super) _room: OwnedSemaphorePermit,
}

impl Request {
    /// Answers the caller, if it still waits. The command's fate does not depend on it.
    pub(super) fn answer(self, answer: Result<CommandOutcome, AppendError>) {
        // A caller that went away has nobody who could hear it.
        drop(self.answer.send(answer));
    }

    /// Answers a command that packs: it was stored here.
    pub(super) fn stored_at(mut self, position: Position) {
        let part = self.append.streams.swap_remove(0);
        let version = part.new_version();
        let streams = vec![(part.stream, version)];
        self.answer(Ok(CommandOutcome { position, streams }));
    }

    /// True if it may share a statement with others.
    pub(super) fn packs(&self) -> bool {
        self.append.streams.len() == 1 && self.rows() <= ROWS_MAX
    }

    /// The one stream of a command that packs.
    pub(super) fn part(&self) -> &StreamAppend {
        &self.append.streams[0]
    }

    fn rows(&self) -> usize {
        self.append.streams.iter().map(|s| s.events.len()).sum()
    }
}

/// What a writer takes at once.
pub(super) enum Taken {
    /// Commands on one stream each, no two on the same.
    Many(Vec<Request>),
    /// A command over several streams, or a large one: it gets a statement of its own.
    One(Request),
}

impl Taken {
    /// How many commands it is.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Many(requests) => requests.len(),
            Self::One(_) => 1,
        }
    }
}

/// Takes the first command and as many behind it as fit into one statement. Those that do not fit
/// are held: they keep their place before everybody who came later.
pub(super) fn take(
    held: &mut VecDeque<Request>,
    arrivals: &mut VecDeque<Request>,
) -> Option<Taken> {
    let first = held.pop_front().or_else(|| arrivals.pop_front())?;
    if !first.packs() {
        return Some(Taken::One(first));
    }
    let mut batch = Batch::default();
    batch.push(first);
    let mut passed = VecDeque::new();
    while batch.has_room() && passed.len() <= ROWS_MAX {
        let Some(next) = held.pop_front().or_else(|| arrivals.pop_front()) else {
            break;
        };
        if next.packs() && batch.fits(&next) {
            batch.push(next);
        } else {
            passed.push_back(next);
        }
    }
    passed.append(held);
    *held = passed;
    Some(Taken::Many(batch.requests))
}

#[derive(Default)]
struct Batch {
    requests: Vec<Request>,
    /// Hashes of its streams: two that share one are merely not packed together.
    streams: HashSet<u64>,
    hasher: RandomState,
    rows: usize,
    bytes: usize,
}

impl Batch {
    fn has_room(&self) -> bool {
        self.rows < ROWS_MAX && self.bytes < BYTES_MAX
    }

    /// At most one command for each stream: of two, both would believe that they had won.
    fn fits(&self, request: &Request) -> bool {
        self.rows + request.rows() <= ROWS_MAX && !self.streams.contains(&self.hash(request))
    }

    fn hash(&self, request: &Request) -> u64 {
        self.hasher.hash_one(&request.part().stream)
    }

    fn push(&mut self, request: Request) {
        self.rows += request.rows();
        self.bytes += request.append.text_bytes();
        self.streams.insert(self.hash(&request));
        self.requests.push(request);
    }
}
