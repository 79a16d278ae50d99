//! Who is woken when something was stored: the followers of this process, and those who tell others.
//!
//! Two counters, because what another process has stored wakes our followers and must not be told
//! again: two processes would ring each other for ever. A ring is a hint and carries nothing.

use tokio::sync::watch;

pub(super) struct Bell {
    heard: watch::Sender<u64>,
    own: watch::Sender<u64>,
}

impl Bell {
    pub(super) fn new() -> Self {
        Self {
            heard: watch::Sender::new(0),
            own: watch::Sender::new(0),
        }
    }

    /// This process has stored something.
    pub(super) fn ring(&self) {
        self.ring_from_afar();
        count(&self.own);
    }

    /// Another process has.
    pub(super) fn ring_from_afar(&self) {
        count(&self.heard);
    }

    /// Changes with every ring.
    pub(super) fn heard(&self) -> watch::Receiver<u64> {
        self.heard.subscribe()
    }

    /// Changes with the rings of this process.
    pub(super) fn own(&self) -> watch::Receiver<u64> {
        self.own.subscribe()
    }
}

fn count(of: &watch::Sender<u64>) {
    of.send_modify(|rings| *rings = rings.wrapping_add(1));
}
