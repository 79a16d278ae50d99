//! A broker beside the log: the topics it needs, the inboxes of commands, and how they stand.
//!
//! Promises: nothing here holds a start, a request or a command up; a broker that is away, at the
//! start or later, is waited for, and said once; the inboxes end in order and in bounded time.
//! The relays are subscriptions and run with the others; here is how they are made and told.

mod inboxes;
mod relays;
mod standing;
mod topics;

use std::sync::Arc;
use std::time::Duration;

use ingesta_kafka::topics::TopicSpec;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(super) use self::relays::Relays;
pub(crate) use self::standing::{InboxFigures, RelayFigures, Standing};

use self::inboxes::Inboxes;
use self::topics::Topics;
use super::Messaging;
use crate::entradas::Entrada;

/// The running side of a broker.
pub(super) struct Broker {
    inboxes: Inboxes,
    starting: JoinHandle<()>,
    stop: CancellationToken,
}

impl Broker {
    /// Starts what is to be done, in the background: the topics first, then the inboxes.
    pub(super) fn start(
        messaging: &Messaging,
        entradas: Vec<Entrada>,
        relays: &Relays,
        grace: Duration,
    ) -> (Self, Standing) {
        let stop = CancellationToken::new();
        let inboxes = Inboxes::new(messaging, entradas, grace, stop.clone());
        let topics = Topics::new(messaging.kafka.clone(), specs(messaging));
        let standing = Standing {
            topics: topics.state(),
            relays: relays.gauges(),
            inboxes: inboxes.clone(),
        };
        let (waiting, ending) = (inboxes.clone(), stop.clone());
        let starting = tokio::spawn(async move {
            tokio::select! {
                biased;
                () = ending.cancelled() => {}
                () = topics.ready_or_refused(&ending) => waiting.start(),
            }
        });
        let broker = Self {
            inboxes,
            starting,
            stop,
        };
        (broker, standing)
    }

    /// No new commands from here on; those under way end.
    pub(super) fn close(&self) {
        self.stop.cancel();
    }

    /// Waits for the end of the inboxes, which [`Broker::close`] has asked for, at most `grace`.
    pub(super) async fn ended(self, grace: Duration) {
        let ended = async {
            // It ends at once: it was told to.
            let _ = self.starting.await;
            self.inboxes.join().await;
        };
        if tokio::time::timeout(grace, ended).await.is_err() {
            tracing::warn!("inboxes did not end in time; what they did not commit comes again");
        }
    }
}

/// Every topic that is published to or read from.
fn specs(messaging: &Messaging) -> Vec<TopicSpec> {
    let mut specs = messaging.rutas.topics(messaging.partitions);
    for spec in &mut specs {
        spec.retention = messaging.retention;
    }
    specs.extend(Relays::topics(messaging));
    let with_copies = |spec: TopicSpec| spec.with_copies(messaging.copies);
    specs.into_iter().map(with_copies).collect()
}

/// Something that may be told about a broker, shared by whoever tells and whoever asks.
type Shared<T> = Arc<std::sync::Mutex<T>>;
