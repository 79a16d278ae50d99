//! A neighbour from start to stop.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::Context;
use futures_util::future::join_all;
use ingesta_event_store::PostgresStorage;
use ingesta_event_store::subscription::{Runner, RunnerHandle};
use ingesta_kafka::connect::{KafkaError, KafkaOptions};
use ingesta_kafka::inbox::{Inbox, InboxHandle, InboxOptions};
use ingesta_kafka::topics::TopicSpec;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::health::{Health, Inboxes, serve};
use super::{Closing, Door, Ground, Opened, Options, Parts, topics};
use crate::mensajes::Topicos;

/// Messages of one topic that are handled at once.
const AT_ONCE: usize = 6;
/// A member that died is replaced within this time.
const SESSION: Duration = Duration::from_secs(10);

/// A neighbour that runs.
pub struct Running {
    /// Where it is asked how it is.
    pub addr: SocketAddr,
    opened: Opened,
    grace: Duration,
    inboxes: Inboxes,
    starting: JoinHandle<()>,
    runners: Vec<(RunnerHandle, Option<Closing>)>,
    serving: JoinHandle<()>,
    stop: CancellationToken,
    follow: CancellationToken,
}

impl Running {
    /// Starts it: the database, what follows its log, the health, and in the background the topics
    /// and inboxes.
    ///
    /// # Errors
    /// When the database, the address to listen on or an option cannot be used. Nothing is left
    /// running then.
    pub async fn start(
        options: &Options,
        make: impl AsyncFnOnce(Ground) -> anyhow::Result<Parts>,
    ) -> anyhow::Result<Self> {
        let given = options.database_url.as_ref();
        let opened = Opened::for_serving(given, &options.data_dir, options.name).await?;
        let storage = PostgresStorage::new(opened.database.clone());
        let (stop, follow) = (CancellationToken::new(), CancellationToken::new());
        let ground = Ground {
            database: opened.database.clone(),
            storage: Arc::new(storage.clone()),
        };
        let made = make(ground).await;
        let started = match made {
            Ok(parts) => listening(options, parts, &storage, &stop, &follow).await,
            Err(error) => Err(error),
        };
        match started {
            Ok(started) => {
                drop(storage.listen(stop.clone()));
                Ok(Self {
                    addr: started.addr,
                    opened,
                    grace: options.grace,
                    inboxes: started.inboxes,
                    starting: started.starting,
                    runners: started.runners,
                    serving: started.serving,
                    stop,
                    follow,
                })
            }
            Err(error) => {
                opened.close().await?;
                Err(error)
            }
        }
    }

    /// Ends only with a fault that cannot be mended.
    pub async fn failed(&mut self) -> anyhow::Error {
        self.opened.keep_alive().await
    }

    /// Stops it: no new messages, those under way end; what follows the log ends and gives its
    /// leases back; then the database.
    ///
    /// # Errors
    /// When a PostgreSQL of its own survives every signal.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        // It ends at once: it was told to.
        let _ = self.starting.await;
        let running = {
            let mut inboxes = self.inboxes.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *inboxes)
        };
        join_all(running.into_iter().map(|(_, inbox)| inbox.join())).await;
        self.follow.cancel();
        let (handles, closings): (Vec<_>, Vec<_>) = self.runners.into_iter().unzip();
        join_all(handles.into_iter().map(RunnerHandle::join)).await;
        let closings = closings.into_iter().flatten();
        join_all(closings.map(|close| close(self.grace))).await;
        if tokio::time::timeout(self.grace, self.serving)
            .await
            .is_err()
        {
            tracing::warn!("a request for the health did not end in time");
        }
        self.opened.close().await
    }
}

/// What was started beside the database.
struct Started {
    addr: SocketAddr,
    inboxes: Inboxes,
    starting: JoinHandle<()>,
    runners: Vec<(RunnerHandle, Option<Closing>)>,
    serving: JoinHandle<()>,
}

async fn listening(
    options: &Options,
    parts: Parts,
    storage: &PostgresStorage,
    stop: &CancellationToken,
    follow: &CancellationToken,
) -> anyhow::Result<Started> {
    let Parts {
        doors,
        writes,
        followers,
    } = parts;
    let prepared: Vec<Prepared> = doors
        .iter()
        .map(|door| Prepared::new(door, options))
        .collect::<Result<_, _>>()
        .context("the broker's options cannot be used")?;
    let inboxes = Inboxes::default();
    let mut runners = Vec::new();
    let mut statuses = Vec::new();
    for one in followers {
        let name = one.subscriber.name().to_owned();
        let runner = Runner::new(Arc::new(storage.clone()), one.subscriber, one.options);
        let handle = runner.spawn(follow.clone());
        statuses.push((name, handle.status()));
        runners.push((handle, one.close));
    }
    let health = Health {
        storage: Arc::new(storage.clone()),
        inboxes: Arc::clone(&inboxes),
        followers: statuses,
    };
    let served = serve(options.name, options.listen, health, stop.clone()).await;
    let (addr, serving) = match served {
        Ok(served) => served,
        Err(error) => {
            follow.cancel();
            join_all(runners.into_iter().map(|(handle, _)| handle.join())).await;
            let listen = options.listen;
            return Err(error).with_context(|| format!("cannot listen on {listen}"));
        }
    };
    let topics = specs(&options.topicos, &doors, &writes);
    let starting = start_inboxes(
        options.kafka.clone(),
        topics,
        prepared,
        Arc::clone(&inboxes),
        stop.clone(),
    );
    Ok(Started {
        addr,
        inboxes,
        starting,
        runners,
        serving,
    })
}

fn specs(topicos: &Topicos, doors: &[Door], writes: &[crate::mensajes::Topico]) -> Vec<TopicSpec> {
    let read = doors.iter().map(|door| door.topico);
    read.chain(writes.iter().copied())
        .map(|topico| topicos.spec(topico))
        .collect()
}

/// An inbox before its topic is there.
struct Prepared {
    topic: String,
    inbox: Inbox,
}

impl Prepared {
    fn new(door: &Door, options: &Options) -> Result<Self, KafkaError> {
        let topic = options.topicos.de(door.topico);
        let inbox = InboxOptions {
            dead_copies: options.topicos.copies(),
            concurrency: AT_ONCE,
            session_timeout: SESSION,
            shutdown_grace: options.grace / 2,
            revoke_grace: options.grace / 2,
            close_within: options.grace / 2,
            ..InboxOptions::new(options.topicos.grupo(door.group), [&topic])
        };
        let inbox = Inbox::new(&options.kafka, inbox, Arc::clone(&door.handler))?;
        Ok(Self { topic, inbox })
    }
}

fn start_inboxes(
    kafka: KafkaOptions,
    topics: Vec<TopicSpec>,
    prepared: Vec<Prepared>,
    inboxes: Inboxes,
    stop: CancellationToken,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = topics::ready(&kafka, &topics) => {}
        }
        for Prepared { topic, inbox } in prepared {
            match inbox.spawn(stop.clone()) {
                Ok(handle) => keep(&inboxes, topic, handle),
                Err(error) => tracing::error!(%error, topic, "no inbox"),
            }
        }
    })
}

fn keep(inboxes: &Inboxes, topic: String, handle: InboxHandle) {
    let mut inboxes = inboxes.lock().unwrap_or_else(PoisonError::into_inner);
    inboxes.push((topic, handle));
}
