//! SIGTERM and SIGINT: the first asks for an orderly stop, further ones for a quicker one.
//!
//! Promises: once set up, no signal is lost, however long nobody waits for it.
//! Does not: touch SIGHUP, so that `nohup` works.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::CliError;

/// The signals that ask this process to stop.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// From here on they no longer end the process by themselves.
    pub(super) fn new() -> Result<Self, CliError> {
        let listen = |kind| {
            signal(kind).map_err(|source| CliError::System {
                attempted: "listen for signals",
                source,
            })
        };
        let (terminate, interrupt) = (
            listen(SignalKind::terminate())?,
            listen(SignalKind::interrupt())?,
        );
        Ok(Self {
            terminate,
            interrupt,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
