//! The commands that wait, and the writers that wait for commands.
//!
//! Of several idle writers the one that worked last is woken: its connection, its session and the
//! processor's caches are warm, so a lone caller is always served by the same. A writer that is
//! about to look is not helped by another one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::request::{Request, Taken, take};
use crate::StreamId;

/// Commands in the order of their arrival. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Queue {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Commands that a batch passed over. They stand before everybody who came later.
    held: VecDeque<Request>,
    arrivals: VecDeque<Request>,
    /// Writers that wait for work; the one that worked last is at the end.
    idle: Vec<Arc<Notify>>,
    /// Writers that will look for work in a moment.
    coming: usize,
    /// Writers that live.
    writers: usize,
    /// No command will come any more.
    ended: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in between leaves lists that are whole: every change of them is one call.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a writer that is about to look for its first command.
    pub(super) fn place(&self) -> Place {
        let mut state = self.state();
        state.writers += 1;
        state.coming += 1;
        Place {
            queue: self.clone(),
            woken: Arc::new(Notify::new()),
            at: At::Coming,
            is_busy: false,
        }
    }

    /// Hands in a command; gives it back where nobody would take it.
    pub(super) fn push(&self, request: Request) -> Result<(), Request> {
        let mut state = self.state();
        if state.writers == 0 {
            return Err(request);
        }
        state.arrivals.push_back(request);
        let woken = state.call();
        drop(state);
        wake(woken);
        Ok(())
    }

    /// No command will come any more: writers end when nothing waits.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        let idle = std::mem::take(&mut state.idle);
        state.coming += idle.len();
        drop(state);
        for writer in idle {
            writer.notify_one();
        }
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.held.is_empty() && self.arrivals.is_empty()
    }

    /// The writer to wake, if what waits needs one.
    fn call(&mut self) -> Option<Arc<Notify>> {
        if self.coming > 0 || self.is_empty() {
            return None;
        }
        let writer = self.idle.pop()?;
        self.coming += 1;
        Some(writer)
    }
}

/// Where a writer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// It will look for work in a moment.
    Coming,
    /// It waits to be woken.
    Idle,
    /// It stores something.
    Working,
}

/// A writer's place at the queue. When the last one goes, callers that still wait hear of it.
pub(super) struct Place {
    queue: Queue,
    woken: Arc<Notify>,
    at: At,
    /// Its last batch had company: there will be more in a moment.
    is_busy: bool,
}

impl Place {
    /// What waits, at least one command; `None` once nobody can append any more.
    pub(super) async fn take(&mut self) -> Option<Taken> {
        self.about_to_look();
        loop {
            let waiting = self.look()?;
            if waiting == 0 {
                self.woken.notified().await;
                self.at = At::Coming;
                continue;
            }
            if self.is_busy || waiting > 1 {
                // Callers that were answered a moment ago are about to send their next command.
                tokio::task::yield_now().await;
            }
            if let Some(taken) = self.grasp() {
                self.is_busy = taken.len() > 1;
                return Some(taken);
            }
        }
    }

    /// Says that this writer is about to look: before it answers, so that callers who hear of it
    /// and send their next command wake nobody else.
    pub(super) fn about_to_look(&mut self) {
        if self.at == At::Working {
            self.queue.state().coming += 1;
            self.at = At::Coming;
        }
    }

    /// How many commands wait. With none, this writer is idle from now on; `None`: it may go.
    fn look(&mut self) -> Option<usize> {
        let mut state = self.queue.state();
        let waiting = state.held.len() + state.arrivals.len();
        if waiting == 0 {
            state.coming -= 1;
            self.at = At::Working;
            if state.ended {
                return None;
            }
            state.idle.push(Arc::clone(&self.woken));
            self.at = At::Idle;
        }
        Some(waiting)
    }

    /// Takes a batch, unless another writer was faster; what is left is the next one's.
    fn grasp(&mut self) -> Option<Taken> {
        let mut state = self.queue.state();
        let State { held, arrivals, .. } = &mut *state;
        let taken = take(held, arrivals)?;
        state.coming -= 1;
        self.at = At::Working;
        let next = state.call();
        drop(state);
        wake(next);
        Some(taken)
    }

    /// True if some command was passed over and still waits.
    pub(super) fn holds_any(&self) -> bool {
        !self.queue.state().held.is_empty()
    }

    /// Commands on a stream that a batch has just taken to this version, which were decided on an
    /// earlier one.
    pub(super) fn overtaken(&self, streams: &HashMap<StreamId, u64>) -> Vec<Request> {
        let mut state = self.queue.state();
        let held = std::mem::take(&mut state.held);
        let overtaken = |r: &Request| {
            let moved_to = r.packs().then(|| streams.get(&r.part().stream)).flatten();
            moved_to.is_some_and(|version| r.part().expected_version < *version)
        };
        let (lost, kept): (Vec<_>, Vec<_>) = held.into_iter().partition(overtaken);
        state.held = kept.into();
        lost
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.writers -= 1;
        let idle = state.idle.len();
        state.idle.retain(|idle| !Arc::ptr_eq(idle, &self.woken));
        let was_called = self.at == At::Idle && state.idle.len() == idle;
        if self.at == At::Coming || was_called {
            state.coming -= 1;
        }
        let mut left = VecDeque::new();
        if state.writers == 0 {
            left.append(&mut state.held);
            left.append(&mut state.arrivals);
        }
        let next = state.call();
        drop(state);
        wake(next);
        // Outside the lock: whoever waits for one of these hears that it is gone.
        drop(left);
    }
}

fn wake(writer: Option<Arc<Notify>>) {
    if let Some(writer) = writer {
        writer.notify_one();
    }
}
