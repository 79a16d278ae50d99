//! What a rebuild tells of itself while it runs: one small value, replaced as it goes.
//!
//! Nobody need listen, and listening slows nothing down. It logs nothing.

use tokio::sync::watch;

/// What a rebuild is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RebuildPhase {
    /// It has not begun, or waits for the lease of a rebuild that seems to be dead.
    #[default]
    Waiting,
    /// It reads the log and folds it in memory.
    Folding,
    /// It writes rows into the fresh table.
    Writing,
    /// It makes the key of the fresh table.
    Indexing,
    /// The fresh table follows the events that came meanwhile.
    CatchingUp,
    /// It compares the fresh table with the one that is read.
    Comparing,
    /// It puts the fresh table in the place of the old one.
    Swapping,
    /// Every projection is done.
    Done,
}

impl RebuildPhase {
    /// A stable word for machines: `waiting`, `folding`, `writing`, `indexing`, `catching_up`,
    /// `comparing`, `swapping` or `done`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Folding => "folding",
            Self::Writing => "writing",
            Self::Indexing => "indexing",
            Self::CatchingUp => "catching_up",
            Self::Comparing => "comparing",
            Self::Swapping => "swapping",
            Self::Done => "done",
        }
    }
}

/// How far a rebuild is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildProgress {
    /// What it is doing.
    pub phase: RebuildPhase,
    /// The projection it is doing it for; `None`: for all of them, or for none yet.
    pub projection: Option<String>,
    /// One sentence about something out of the ordinary (a rebuild that was taken over, one that
    /// begins anew), the last one.
    pub note: Option<String>,
    /// Events read in this pass over the log.
    pub events_read: u64,
    /// About how many events a pass reads; `None`: not known.
    pub events_expected: Option<u64>,
    /// Rows written so far, over all projections.
    pub rows_written: u64,
    /// The number of the pass over the log, from 1; 0 before the first. There are several where
    /// the rows do not fit into the memory setting.
    pub pass: u32,
    /// Streams put aside because an event of theirs cannot be folded.
    pub parked: u64,
}

/// The writing end.
#[derive(Clone, Debug)]
pub(crate) struct Progress(watch::Sender<RebuildProgress>);

impl Progress {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(RebuildProgress::default()))
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<RebuildProgress> {
        self.0.subscribe()
    }

    /// Called by the reader of the log, at most once for a batch.
    pub(crate) fn add_events(&self, events: u64) {
        self.0.send_modify(|p| p.events_read += events);
    }

    pub(crate) fn add_rows(&self, rows: u64) {
        self.0.send_modify(|p| p.rows_written += rows);
    }

    pub(crate) fn add_parked(&self, streams: u64) {
        self.0.send_modify(|p| p.parked += streams);
    }

    pub(crate) fn events_read(&self) -> u64 {
        self.0.borrow().events_read
    }

    pub(crate) fn begin_pass(&self, expected: Option<u64>) {
        self.0.send_modify(|p| {
            p.pass += 1;
            p.events_read = 0;
            p.events_expected = expected;
        });
    }

    pub(crate) fn phase(&self, phase: RebuildPhase, projection: Option<&str>) {
        self.0.send_modify(|p| {
            p.phase = phase;
            p.projection = projection.map(str::to_owned);
        });
    }

    pub(crate) fn note(&self, note: String) {
        tracing::info!(note, "folding the log anew");
        self.0.send_modify(|p| p.note = Some(note));
    }
}
