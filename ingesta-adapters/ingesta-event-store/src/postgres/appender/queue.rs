//! The commands that wait, and how many of them make a batch.

use std::collections::{HashSet, VecDeque};

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::{Append, AppendError, CommandOutcome, StreamId};

/// Rows of a batch: beyond this a longer statement gains nothing.
const ROWS_MAX: usize = 1_000;
/// Text of a batch's events, in bytes.
const BYTES_MAX: usize = 1 << 20;

/// A command and the caller that waits for its answer.
pub(super) struct Request {
    pub(super) append: Append,
    pub(super) answer: oneshot::Sender<Result<CommandOutcome, AppendError>>,
    pub(super) _room: OwnedSemaphorePermit,
}

impl Request {
    /// Answers the caller, if it still waits. The command's fate does not depend on it.
    pub(super) fn answer(self, answer: Result<CommandOutcome, AppendError>) {
        // A caller that went away has nobody who could hear it.
        drop(self.answer.send(answer));
    }

    pub(super) fn rows(&self) -> usize {
        self.append
            .streams
            .iter()
            .map(|stream| stream.events.len())
            .sum()
    }
}

/// What a writer takes at once.
pub(super) enum Taken {
    /// Commands on one stream each, no two on the same.
    Many(Vec<Request>),
    /// A command over several streams, or a large one: it gets a statement of its own.
    One(Request),
}

/// Commands in the order of their arrival.
pub(super) struct Queue {
    arrivals: mpsc::Receiver<Request>,
    held: VecDeque<Request>,
}

impl Queue {
    pub(super) fn new(arrivals: mpsc::Receiver<Request>) -> Self {
        Self {
            arrivals,
            held: VecDeque::new(),
        }
    }

    /// What waits, at least one command; `None` once nobody can append any more.
    pub(super) async fn take(&mut self) -> Option<Taken> {
        let first = match self.held.pop_front() {
            Some(held) => held,
            None => self.arrivals.recv().await?,
        };
        // Callers that were answered a moment ago are about to send their next command.
        tokio::task::yield_now().await;
        if !packs(&first) {
            return Some(Taken::One(first));
        }
        let mut batch = Batch::default();
        batch.push(first);
        let mut passed = VecDeque::new();
        while batch.has_room() {
            let Some(next) = self
                .held
                .pop_front()
                .or_else(|| self.arrivals.try_recv().ok())
            else {
                break;
            };
            if packs(&next) && batch.fits(&next) {
                batch.push(next);
            } else {
                // It keeps its place before everybody who came later.
                passed.push_back(next);
            }
            if passed.len() > ROWS_MAX {
                break;
            }
        }
        passed.append(&mut self.held);
        self.held = passed;
        Some(Taken::Many(batch.requests))
    }

    /// Commands on a stream that a batch has just moved on: they were decided on its past.
    pub(super) fn overtaken(&mut self, streams: &HashSet<StreamId>) -> Vec<Request> {
        let held = std::mem::take(&mut self.held);
        let overtaken = |r: &Request| packs(r) && streams.contains(&r.append.streams[0].stream);
        let (lost, kept): (Vec<_>, Vec<_>) = held.into_iter().partition(overtaken);
        self.held = kept.into();
        lost
    }
}

fn packs(request: &Request) -> bool {
    request.append.streams.len() == 1 && request.rows() <= ROWS_MAX
}

#[derive(Default)]
struct Batch {
    requests: Vec<Request>,
    streams: HashSet<StreamId>,
    rows: usize,
    bytes: usize,
}

impl Batch {
    fn has_room(&self) -> bool {
        self.rows < ROWS_MAX && self.bytes < BYTES_MAX
    }

    /// At most one command for each stream: of two, both would believe that they had won.
    fn fits(&self, request: &Request) -> bool {
        self.rows + request.rows() <= ROWS_MAX
            && !self.streams.contains(&request.append.streams[0].stream)
    }

    fn push(&mut self, request: Request) {
        self.rows += request.rows();
        self.bytes += request.append.text_bytes();
        self.streams
            .insert(request.append.streams[0].stream.clone());
        self.requests.push(request);
    }
}
