//! One inbox for each topic of commands.
//!
//! Promises: each has a group of its own, so that trouble with one holds up no other; starting them
//! connects to nobody.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ingesta_kafka::connect::{KafkaError, KafkaOptions};
use ingesta_kafka::inbox::{Inbox, InboxHandle, InboxOptions, InboxStatus};
use ingesta_kafka::topics::Copies;
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::app::Messaging;
use crate::entradas::Entrada;

/// How many commands of one topic are carried out at once: enough to share the store's round trips,
/// few enough to leave connections for requests.
const AT_ONCE: usize = 6;

/// A server that died is replaced within this time, as soon after as a lease would be.
const SESSION: Duration = Duration::from_secs(10);

/// The inboxes, before, while and after they run. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Inboxes {
    kafka: KafkaOptions,
    entradas: Arc<Vec<Entrada>>,
    running: Shared<Vec<Running>>,
    copies: Copies,
    grace: Duration,
    stop: CancellationToken,
}

struct Running {
    nombre: &'static str,
    handle: InboxHandle,
}

impl Inboxes {
    pub(super) fn new(
        messaging: &Messaging,
        entradas: Vec<Entrada>,
        grace: Duration,
        stop: CancellationToken,
    ) -> Self {
        Self {
            kafka: messaging.kafka.clone(),
            copies: messaging.copies,
            entradas: Arc::new(entradas),
            running: Arc::new(Mutex::default()),
            grace,
            stop,
        }
    }

    pub(super) fn start(&self) {
        for entrada in self.entradas.iter() {
            match self.one(entrada) {
                Ok(handle) => self.lock().push(Running {
                    nombre: entrada.nombre,
                    handle,
                }),
                Err(error) => tracing::error!(%error, topic = entrada.topico, "no inbox"),
            }
        }
    }

    fn one(&self, entrada: &Entrada) -> Result<InboxHandle, KafkaError> {
        let options = InboxOptions {
            dead_copies: self.copies,
            concurrency: AT_ONCE,
            session_timeout: SESSION,
            shutdown_grace: self.grace / 2,
            revoke_grace: self.grace / 2,
            close_within: self.grace / 2,
            ..InboxOptions::new(&entrada.grupo, [&entrada.topico])
        };
        let inbox = Inbox::new(&self.kafka, options, Arc::clone(&entrada.manejador))?;
        inbox.spawn(self.stop.clone())
    }

    /// How each stands; `None`: it does not run.
    pub(super) fn statuses(&self) -> Vec<(&'static str, Option<InboxStatus>)> {
        let running = self.lock();
        let status = |entrada: &Entrada| {
            let found = running.iter().find(|one| one.nombre == entrada.nombre);
            (entrada.nombre, found.map(|one| one.handle.status()))
        };
        self.entradas.iter().map(status).collect()
    }

    /// Waits until all have ended, which their token was asked for.
    pub(super) async fn join(&self) {
        let running = std::mem::take(&mut *self.lock());
        let ends = running.into_iter().map(|one| one.handle.join());
        futures_util::future::join_all(ends).await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
