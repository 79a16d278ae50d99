//! Clients over HTTP: each creates, ends and reads ingestas of its own, and writes everything down.
//!
//! Promises: nothing is sent before it is in the history; an unanswered operation is sent again
//! under the same key, as a client should; some clients hang up in the middle of a request.
//! The rules of the domain are known here only as far as they say what must come of an operation.

mod client;
pub(crate) mod door;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::Context;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::history::{Outcome, Recorder};
use crate::random::Random;
use client::Client;

/// How many clients, and how they are seeded.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The seed of the run.
    pub seed: u64,
    /// Clients side by side.
    pub clients: u64,
}

/// What all clients share.
struct Shared {
    recorder: Recorder,
    server: watch::Receiver<String>,
    stop: AtomicBool,
    acknowledged: watch::Sender<u64>,
    numbers: AtomicU64,
    hang_ups: AtomicU64,
    run: String,
}

/// A running workload.
pub struct Workload {
    shared: Arc<Shared>,
    clients: JoinSet<anyhow::Result<()>>,
}

impl Workload {
    /// Starts the clients. They follow `server`, the address of the server of the moment.
    ///
    /// # Errors
    /// When the client of HTTP cannot be made.
    pub fn start(
        settings: Settings,
        recorder: Recorder,
        server: watch::Receiver<String>,
    ) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            recorder,
            server,
            stop: AtomicBool::new(false),
            acknowledged: watch::Sender::new(0),
            numbers: AtomicU64::new(0),
            hang_ups: AtomicU64::new(0),
            run: uuid::Uuid::now_v7().simple().to_string(),
        });
        let http = door::client()?;
        let mut clients = JoinSet::new();
        for lane in 0..settings.clients {
            let random = Random::new(settings.seed, lane);
            let client = Client::new(Arc::clone(&shared), http.clone(), random);
            clients.spawn(client.run());
        }
        Ok(Self { shared, clients })
    }

    /// Operations acknowledged so far, and from now on.
    #[must_use]
    pub fn acknowledged(&self) -> watch::Receiver<u64> {
        self.shared.acknowledged.subscribe()
    }

    /// Requests that a client left in the middle.
    #[must_use]
    pub fn hang_ups(&self) -> u64 {
        self.shared.hang_ups.load(Ordering::Relaxed)
    }

    /// Waits for what should never come: the end of a client before it was told.
    ///
    /// # Errors
    /// Its error.
    pub async fn failed(&mut self) -> anyhow::Error {
        loop {
            match self.clients.join_next().await {
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => return error,
                Some(Err(error)) => return error.into(),
                None => return anyhow::anyhow!("every client has ended"),
            }
        }
    }

    /// Lets every client bring its operation to an end, and ends them.
    ///
    /// # Errors
    /// When one of them could not go on.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.context("a client")??;
        }
        Ok(())
    }
}

impl Shared {
    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn count(&self, outcome: Outcome) {
        if outcome == Outcome::Ok {
            self.acknowledged.send_modify(|count| *count += 1);
        }
    }
}
