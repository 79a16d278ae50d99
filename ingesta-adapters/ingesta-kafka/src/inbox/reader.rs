//! The thread that owns the consumer: it polls, hands messages to their lanes, stores what is
//! finished, pauses what is full, and closes.
//!
//! It promises to go on polling whatever handlers do, and that nothing but shutdown ends it: a
//! consumer that cannot go on is made anew. It waits for no handler except when a partition is taken
//! away or at the end, and then within a bound.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ingesta_event_store::Backoff;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};

use super::assignment::{Assignment, finished, let_end};
use super::board::fault_of;
use super::context::Context;
use super::lane::follow;
use super::partition::Partition;
use super::shared::Shared;
use super::{Fault, config, offsets};
use crate::read::owned;

/// Nobody need tell the reader of a message for longer than this, though somebody always does.
const IDLE: Duration = Duration::from_millis(50);

/// Messages in a row before the books are looked at.
const ROUND: usize = 256;

/// How long a consumer that could not go on is left before it is made anew, at least and at most.
const ANEW: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// This consumer cannot go on.
struct Broken(RDKafkaErrorCode);

pub(super) struct Reader {
    pub(super) shared: Arc<Shared>,
    pub(super) config: ClientConfig,
}

impl Reader {
    /// A consumer with a new assignment, not subscribed yet.
    pub(super) fn consumer(&self) -> Result<Life, crate::connect::KafkaError> {
        let assignment = self.shared.new_assignment();
        let context = Context {
            shared: Arc::clone(&self.shared),
            assignment: Arc::clone(&assignment),
        };
        let consumer = config::consumer(&self.config, context)?;
        Ok(Life {
            shared: Arc::clone(&self.shared),
            consumer,
            assignment,
        })
    }

    /// Reads until the end.
    pub(super) fn run(self, first: Life) {
        self.shared.i_am_the_reader();
        let mut backoff = Backoff::new(ANEW.0, ANEW.1);
        let mut life = Some(first);
        while !self.shared.is_ending() {
            let ended = match life.take().map_or_else(|| self.consumer(), Ok) {
                // A panic of the client library is a consumer that cannot go on.
                Ok(life) => catch_unwind(AssertUnwindSafe(|| life.live()))
                    .unwrap_or(Err(Broken(RDKafkaErrorCode::Unknown))),
                Err(cause) => {
                    tracing::warn!(group = self.shared.board.group(), %cause, "no consumer");
                    Err(Broken(RDKafkaErrorCode::Fail))
                }
            };
            let Err(Broken(code)) = ended else { break };
            self.shared.board.complaint(Fault::Fatal, code);
            let until = Instant::now() + backoff.next_pause();
            while !self.shared.is_ending() && Instant::now() < until {
                thread::park_timeout(IDLE);
            }
        }
        self.shared.board.ended();
    }
}

/// One consumer, from its subscription to its end.
pub(super) struct Life {
    shared: Arc<Shared>,
    consumer: BaseConsumer<Context>,
    assignment: Arc<Assignment>,
}

impl Life {
    fn live(mut self) -> Result<(), Broken> {
        let reader = thread::current();
        self.consumer.set_nonempty_callback(move || reader.unpark());
        let ended = self.subscribe().and_then(|()| self.follow());
        let partitions = self.assignment.all();
        if ended.is_err() {
            self.retire(&partitions);
            return ended;
        }
        let aborted = || self.shared.aborted.is_cancelled();
        let_end(&partitions, self.shared.options.shutdown_grace, aborted);
        if !aborted() {
            self.store();
        }
        // Its drop takes leave of the group: partitions are taken, offsets committed.
        drop(self.consumer);
        ended
    }

    /// Lets a consumer go that cannot go on, without waiting for it: its drop may hang.
    fn retire(self, partitions: &[Arc<Partition>]) {
        self.assignment.retire();
        let_end(partitions, Duration::ZERO, || true);
        let places: Vec<_> = partitions.iter().map(|one| one.place.clone()).collect();
        if !places.is_empty() {
            self.shared.board.revoked(&places, true);
        }
        let name = "kafka-consumer-drop".to_owned();
        let spawned = thread::Builder::new()
            .name(name)
            .spawn(move || drop(self.consumer));
        if spawned.is_err() {
            tracing::debug!("no thread to drop a consumer on: it was dropped here");
        }
    }

    fn subscribe(&self) -> Result<(), Broken> {
        let topics: Vec<&str> = self
            .shared
            .options
            .topics
            .iter()
            .map(String::as_str)
            .collect();
        self.consumer.subscribe(&topics).map_err(|cause| {
            tracing::warn!(%cause, "the consumer cannot subscribe");
            Broken(cause.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail))
        })
    }

    fn follow(&self) -> Result<(), Broken> {
        while !self.shared.is_ending() {
            let busy = self.round()?;
            self.store();
            self.pace();
            if !busy {
                thread::park_timeout(IDLE);
            }
        }
        Ok(())
    }

    /// Takes in what has come; false where nothing had.
    fn round(&self) -> Result<bool, Broken> {
        let mut empty = 0;
        for _ in 0..ROUND {
            match self.consumer.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    empty = 0;
                    self.take_in(&message);
                }
                Some(Err(cause)) => self.complaint(&cause)?,
                // The first `None` may mean that something else than a message was served.
                None if empty > 0 => return Ok(false),
                None => empty += 1,
            }
        }
        Ok(true)
    }

    fn take_in(&self, message: &BorrowedMessage<'_>) {
        let place = (message.topic().to_owned(), message.partition());
        let Some(partition) = self.assignment.get(&place) else {
            // Its offset is not stored, so whoever has the partition now reads it.
            tracing::debug!(
                offset = message.offset(),
                "a message of a partition that is not ours"
            );
            return;
        };
        if let Some(key) = partition.take_in(owned(message)) {
            let work = follow(Arc::clone(&self.shared), Arc::clone(&partition), key);
            // Nobody waits for it: the book tells when it is done.
            drop(self.shared.runtime.spawn(work));
        }
        let options = &self.shared.options;
        if let Some(wanted) = partition.wants_pause(options.window, options.window_bytes) {
            self.pause(&[place], wanted);
        }
    }

    fn complaint(&self, cause: &ClientError) -> Result<(), Broken> {
        let code = cause
            .rdkafka_error_code()
            .unwrap_or(RDKafkaErrorCode::Unknown);
        if matches!(cause, ClientError::MessageConsumptionFatal(_)) {
            return Err(Broken(code));
        }
        self.shared.board.complaint(fault_of(code), code);
        Ok(())
    }

    /// Notes what is finished, for the next commit.
    fn store(&self) {
        let finished = finished(&self.assignment.all());
        if let Err(cause) = offsets::store(&self.consumer, &finished) {
            tracing::debug!(%cause, "finished messages were not noted: they come again");
        }
    }

    /// Pauses what is full and resumes what is not.
    fn pace(&self) {
        let options = &self.shared.options;
        let (mut full, mut free) = (Vec::new(), Vec::new());
        for partition in self.assignment.all() {
            match partition.wants_pause(options.window, options.window_bytes) {
                Some(true) => full.push(partition.place.clone()),
                Some(false) => free.push(partition.place.clone()),
                None => {}
            }
        }
        self.pause(&full, true);
        self.pause(&free, false);
    }

    fn pause(&self, places: &[offsets::Place], pause: bool) {
        if places.is_empty() {
            return;
        }
        let list = offsets::places(places);
        let done = match pause {
            true => self.consumer.pause(&list),
            false => self.consumer.resume(&list),
        };
        if let Err(cause) = done {
            tracing::warn!(%cause, pause, "a partition was not paused or resumed");
        }
    }
}
