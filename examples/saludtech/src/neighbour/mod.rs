//! What every neighbour is: a database with a log, inboxes, a relay, and a place to ask how it is.
//!
//! Promises: it says that it runs once it does; a broker that is away is waited for; it stops in
//! order and in bounded time, inboxes first, then what follows its log, then its own PostgreSQL.
//! It knows no message; each neighbour brings its own handlers.

mod command;
mod database;
mod health;
mod relato;
mod running;
mod topics;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use ingesta_event_store::subscription::{RunnerOptions, Subscriber};
use ingesta_event_store::{Database, Storage};
use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::inbox::Handler;
use ingesta_kafka::relay::{Relay, Translate, runner_options};

pub(crate) use command::TEXTS;
pub use command::{Ejecutor, Orden, Receptor};
pub use database::{Address, Opened};
pub use relato::{Relato, Told};
pub use running::Running;

use crate::fallos::Fallos;
use crate::mensajes::{Topico, Topicos};

/// What a neighbour is told before it starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its name, as `anonimizador`: in logs, envelopes and paths.
    pub name: &'static str,
    /// The broker.
    pub kafka: KafkaOptions,
    /// The topics as they are called there.
    pub topicos: Topicos,
    /// A database that is given; without one it runs its own in `data_dir`.
    pub database_url: Option<Address>,
    /// Where its own database lives, and its files.
    pub data_dir: PathBuf,
    /// Where it is asked how it is; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What is to go wrong on purpose.
    pub fallos: Fallos,
    /// How long each part may take to stop.
    pub grace: Duration,
}

/// What a neighbour is made of works on this.
pub struct Ground {
    /// The database.
    pub database: Database,
    /// The log in it.
    pub storage: Arc<dyn Storage>,
}

/// A topic that is read, by whom, and what is done with its messages.
pub struct Door {
    /// The topic.
    pub topico: Topico,
    /// The consumer group.
    pub group: &'static str,
    /// What is done.
    pub handler: Arc<dyn Handler>,
}

/// Waits for what is under way, at most so long.
type Closing = Box<dyn FnOnce(Duration) -> BoxFuture<'static, ()> + Send>;

/// Something that follows the log.
pub struct Follower {
    pub(crate) subscriber: Arc<dyn Subscriber>,
    pub(crate) options: RunnerOptions,
    pub(crate) close: Option<Closing>,
}

impl Follower {
    /// A subscriber with the usual settings.
    pub fn plain(subscriber: impl Subscriber) -> Self {
        Self {
            subscriber: Arc::new(subscriber),
            options: RunnerOptions::default(),
            close: None,
        }
    }

    /// A relay of answers.
    pub fn relay<T: Translate>(relay: Relay<T>) -> Self {
        let relay = Arc::new(relay);
        let closing = Arc::clone(&relay);
        Self {
            subscriber: relay,
            options: runner_options(),
            close: Some(Box::new(move |within| {
                Box::pin(async move { closing.close(within).await })
            })),
        }
    }
}

/// A neighbour before it runs.
#[derive(Default)]
pub struct Parts {
    /// What it reads.
    pub doors: Vec<Door>,
    /// Where it writes.
    pub writes: Vec<Topico>,
    /// What follows its log.
    pub followers: Vec<Follower>,
}
