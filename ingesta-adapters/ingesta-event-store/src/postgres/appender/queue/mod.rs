//! The commands that wait, and the writers that wait for commands.
//!
//! Of several idle writers the one that worked last is woken: its connection, its session and the
//! processor's caches are warm, so a lone caller is always served by the same. A writer that is
//! about to look is not helped by another one.
//!
//! Callers share the runtime's threads with the writers, and may compute for seconds between two
//! waits. A writer that was woken by such a caller's task is that thread's next, and no other thread
//! can take it over. So nobody relies on a writer that was woken and has not begun to run, and one
//! that lets others go first does so where any thread finds it, unless another writer is at work.

mod make_way;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use self::make_way::make_way;
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
    /// Writers that run, or that any thread can run, and will look for work in a moment.
    coming: usize,
    /// Writers that have let others go first, and may be kept by one of them.
    aside: usize,
    /// Writers that store something. Each looks for work when it is done.
    working: usize,
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
        Place {
            queue: self.clone(),
            woken: Arc::new(Notify::new()),
            at: At::Idle,
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
        if self.somebody_looks() || self.is_empty() {
            return None;
        }
        self.idle.pop()
    }

    /// True if some writer looks for work in a moment, whatever callers do.
    fn somebody_looks(&self) -> bool {
        self.coming > 0 || (self.aside > 0 && self.working > 0)
    }

    /// A writer goes from one place to another.
    fn moves(&mut self, from: At, to: At) {
        if let Some(count) = self.count(from) {
            *count -= 1;
        }
        if let Some(count) = self.count(to) {
            *count += 1;
        }
    }

    fn count(&mut self, at: At) -> Option<&mut usize> {
        match at {
            At::Idle => None,
            At::Coming => Some(&mut self.coming),
            At::Aside => Some(&mut self.aside),
            At::Working => Some(&mut self.working),
        }
    }
}

/// Where a writer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// It waits to be woken, or was woken and does not run yet.
    Idle,
    /// It runs, or any thread can run it, and will look for work in a moment.
    Coming,
    /// It has let others go first on its thread.
    Aside,
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
        loop {
            match self.look()? {
                Next::Wait => {
                    self.woken.notified().await;
                    continue;
                }
                Next::StepAside => tokio::task::yield_now().await,
                Next::MakeWay => make_way().await,
                Next::Grasp => {}
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
        self.moves(At::Coming);
    }

    fn moves(&mut self, to: At) {
        let mut state = self.queue.state();
        state.moves(self.at, to);
        drop(state);
        self.at = to;
    }

    /// What to do now; `None`: it may go.
    fn look(&mut self) -> Option<Next> {
        let mut state = self.queue.state();
        let waiting = state.held.len() + state.arrivals.len();
        // It was woken while nobody looked, and somebody came before it. At the end nobody would
        // wake it again.
        let is_late = self.at == At::Idle && state.somebody_looks() && !state.ended;
        state.moves(self.at, At::Idle);
        let (to, next) = match waiting {
            0 => (At::Idle, Next::Wait),
            _ if is_late => (At::Idle, Next::Wait),
            1 if !self.is_busy => (At::Coming, Next::Grasp),
            // Callers that were answered a moment ago are about to send their next command.
            _ if state.working > 0 => (At::Aside, Next::StepAside),
            _ => (At::Coming, Next::MakeWay),
        };
        state.moves(At::Idle, to);
        self.at = to;
        if to == At::Idle {
            if state.ended {
                return None;
            }
            state.idle.push(Arc::clone(&self.woken));
        }
        Some(next)
    }

    /// Takes a batch, unless another writer was faster; what is left is the next one's.
    fn grasp(&mut self) -> Option<Taken> {
        let mut state = self.queue.state();
        let State { held, arrivals, .. } = &mut *state;
        let taken = take(held, arrivals)?;
        state.moves(self.at, At::Working);
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
        state.idle.retain(|idle| !Arc::ptr_eq(idle, &self.woken));
        state.moves(self.at, At::Idle);
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

/// What a writer does after a look.
enum Next {
    /// Nothing waits for it.
    Wait,
    /// It lets others go first, also those that are woken from outside: best for who packs what
    /// comes. Its task stays with its thread, but somebody else is at work and will look.
    StepAside,
    /// It lets others go first, and nobody else would look: any thread can go on with it.
    MakeWay,
    /// It takes what waits.
    Grasp,
}

fn wake(writer: Option<Arc<Notify>>) {
    if let Some(writer) = writer {
        writer.notify_one();
    }
}
