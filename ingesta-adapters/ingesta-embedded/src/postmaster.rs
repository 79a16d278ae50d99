//! A running PostgreSQL: one that we started, or one that was found.
//!
//! Promises: dropping it asks it to stop, so that an error on the way leaves no orphan behind;
//! a child that has ended is reaped.
//! Does not: wait in `drop`; `stop` does the waiting.

use std::process::Child;

use rustix::process::Signal;

use crate::layout::Layout;
use crate::process::ProcessId;

/// The process that all others of a cluster descend from.
#[derive(Debug)]
pub(crate) struct Postmaster {
    id: ProcessId,
    child: Option<Child>,
    abandoned: bool,
}

impl Postmaster {
    pub(crate) fn started(child: Child) -> Self {
        let pid = child.id();
        let id = ProcessId::of(pid).unwrap_or(ProcessId { pid, started: None });
        Self {
            id,
            child: Some(child),
            abandoned: false,
        }
    }

    pub(crate) fn found(id: ProcessId) -> Self {
        Self {
            id,
            child: None,
            abandoned: false,
        }
    }

    pub(crate) fn id(&self) -> ProcessId {
        self.id
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => self.id.is_alive(),
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.id.signal(signal);
    }

    /// Leaves it running for somebody else.
    pub(crate) fn abandon(mut self) {
        self.abandoned = true;
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        if self.abandoned || !self.is_alive() {
            return;
        }
        self.signal(Signal::INT);
        if let Some(mut child) = self.child.take() {
            std::thread::spawn(move || child.wait());
        }
    }
}

/// The postmaster that a cluster's own pid file names, if it is alive and works on this cluster,
/// and the port it listens on once it has written that down.
pub(crate) fn find(layout: &Layout) -> Option<(ProcessId, Option<u16>)> {
    let text = std::fs::read_to_string(layout.postmaster_pid()).ok()?;
    let mut lines = text.lines();
    let process = ProcessId::of(lines.next()?.trim().parse().ok()?)?;
    if process.works_in(&layout.cluster()) == Some(false) {
        return None;
    }
    Some((
        process,
        lines.nth(2).and_then(|port| port.trim().parse().ok()),
    ))
}
