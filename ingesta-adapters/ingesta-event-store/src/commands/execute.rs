//! One command on one aggregate, to its end.

use std::sync::Arc;

use cqrs_es::{Aggregate, event_sink::EventSink};

use super::cache::Cache;
use super::detached::Detached;
use super::executed::{Executed, repeated};
use super::resolve::append_resolved;
use super::step_aside::step_aside;
use super::{CommandContext, CommandError, Loaded, load};
use crate::{Append, AppendError, CommandOutcome, CommandStamp, EventCodec, Storage};
use crate::{Snapshots, StoreError, StreamAppend, StreamId};

/// How often a command is decided anew because others were faster.
const ATTEMPTS_MAX: u32 = 16;
/// Aggregates kept in memory, of each type.
const CACHED_MAX: usize = 10_000;

/// Executes commands on aggregates of type `A`.
pub struct Commands<A: Aggregate> {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) codec: EventCodec,
    services: Arc<A::Services>,
    pub(super) cache: Arc<Cache<A>>,
    pub(super) snapshots: Option<Snapshots<A>>,
}

impl<A: Aggregate> Clone for Commands<A> {
    fn clone(&self) -> Self {
        Self {
            storage: Arc::clone(&self.storage),
            codec: self.codec.clone(),
            services: Arc::clone(&self.services),
            cache: Arc::clone(&self.cache),
            snapshots: self.snapshots.clone(),
        }
    }
}

/// What is asked of one aggregate. Kept in one place while it is tried: moving it from call to call
/// would cost more than deciding it.
struct Asked<A: Aggregate> {
    stream: StreamId,
    command: A::Command,
    context: CommandContext,
}

/// Where the state comes from that a command is decided on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// Memory, or the caller's word that the aggregate is new: an append proves it right or wrong.
    Assumed,
    /// A load that was made for this very attempt.
    Loaded,
}

/// How an attempt ended that did not answer the command.
enum Missed {
    /// Somebody was faster.
    Conflict,
    /// Nothing was appended, so nothing has proved the assumed state right.
    Unproved,
}

impl<A> Commands<A>
where
    A: Aggregate + 'static,
    A::Command: Clone + Send + Sync + 'static,
    A::Services: 'static,
    A::Error: Send + 'static,
{
    /// Commands for aggregates that are stored in `storage`.
    pub fn new(storage: Arc<dyn Storage>, codec: EventCodec, services: A::Services) -> Self {
        Self {
            storage,
            codec,
            services: Arc::new(services),
            cache: Arc::new(Cache::new(CACHED_MAX)),
            snapshots: None,
        }
    }

    /// Keeps at most `aggregates` folded aggregates in memory instead of 10,000; 0 keeps none.
    ///
    /// Any number of processes may write: what is kept is proved by each append.
    #[must_use]
    pub fn with_cache(mut self, aggregates: usize) -> Self {
        self.cache = Arc::new(Cache::new(aggregates));
        self
    }

    /// Executes a command. Dropping the returned future does not stop it.
    ///
    /// # Errors
    /// See [`CommandError`].
    ///
    /// # Panics
    /// If the aggregate's `handle` panics.
    pub async fn execute(
        &self,
        aggregate_id: &str,
        command: A::Command,
        context: CommandContext,
    ) -> Result<Executed, CommandError<A::Error>> {
        let asked = Asked {
            stream: StreamId::of::<A>(aggregate_id),
            command,
            context,
        };
        let this = self.clone();
        Detached::new(async move { this.begin(asked).await }).await
    }

    /// Tries it on what is known without asking the store, in the caller's own task: while nobody
    /// polls that one, it holds nothing that others wait for. Whatever needs a load is a task.
    async fn begin(self, asked: Asked<A>) -> Result<Executed, CommandError<A::Error>> {
        let mut attempts = 0;
        if let Some(assumed) = self.assume(&asked) {
            match self.attempt(&asked, assumed, Ground::Assumed).await? {
                Ok(executed) => return Ok(executed),
                Err(Missed::Conflict) => attempts += 1,
                Err(Missed::Unproved) => {}
            }
        }
        let work = tokio::spawn(async move { self.on_loads(&asked, attempts).await });
        match work.await {
            Ok(result) => result,
            Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
            Err(stopped) => Err(CommandError::Unknown(StoreError::Unavailable {
                attempted: "executing a command while the program stops",
                cause: Box::new(stopped),
            })),
        }
    }

    /// The aggregate as it is now.
    ///
    /// # Errors
    /// When the store does not answer or an event cannot be read.
    pub async fn load(&self, aggregate_id: &str) -> Result<Loaded<A>, CommandError<A::Error>> {
        let stream = StreamId::of::<A>(aggregate_id);
        let snapshots = self.snapshots.as_ref();
        load::load(&*self.storage, &self.codec, &stream, snapshots).await
    }

    /// Loads and decides, until nobody is faster or too many were.
    async fn on_loads(
        &self,
        asked: &Asked<A>,
        mut attempts: u32,
    ) -> Result<Executed, CommandError<A::Error>> {
        while attempts < ATTEMPTS_MAX {
            let loaded = self.load(&asked.stream.aggregate_id).await?;
            match self
                .attempt(asked, Box::new(loaded), Ground::Loaded)
                .await?
            {
                Ok(executed) => return Ok(executed),
                Err(Missed::Conflict) => attempts += 1,
                Err(Missed::Unproved) => {}
            }
            step_aside(attempts).await;
        }
        Err(CommandError::Conflict { attempts })
    }

    /// The state that the command would find, as far as that is known without asking the store.
    fn assume(&self, asked: &Asked<A>) -> Option<Box<Loaded<A>>> {
        let cached = self.cache.take(&asked.stream.aggregate_id);
        cached.or_else(|| asked.context.creates.then(|| Box::new(Loaded::none())))
    }

    async fn attempt(
        &self,
        asked: &Asked<A>,
        mut loaded: Box<Loaded<A>>,
        on: Ground,
    ) -> Result<Result<Executed, Missed>, CommandError<A::Error>> {
        let (stream, context) = (&asked.stream, &asked.context);
        if let Some(expected) = context.expected_version
            && expected != loaded.version
        {
            let current = loaded.version;
            let mismatch = Err(CommandError::VersionMismatch { expected, current });
            return Box::pin(self.without_append(asked, on, mismatch)).await;
        }
        let sink = EventSink::<A>::default();
        let command = asked.command.clone();
        if let Err(refusal) = loaded.state.handle(command, &self.services, &sink).await {
            let refused = Err(CommandError::Refused(refusal));
            return Box::pin(self.without_append(asked, on, refused)).await;
        }
        let events = sink.collect().await;
        if events.is_empty() {
            let done = Executed {
                stream: stream.clone(),
                version: loaded.version,
                position: loaded.position,
                already_done: true,
            };
            return Box::pin(self.without_append(asked, on, Ok(done))).await;
        }
        let append = self.encoded(stream, loaded.version, &events, context)?;
        match append_resolved(&*self.storage, append).await {
            Ok(outcome) => {
                let before = loaded.version;
                (loaded.version, loaded.position) =
                    (before + events.len() as u64, outcome.position);
                self.acknowledged(stream, before, loaded);
                Ok(Ok(Executed {
                    already_done: false,
                    ..repeated(stream, outcome)
                }))
            }
            Err(AppendError::Duplicate(outcome)) => Ok(Ok(repeated(stream, outcome))),
            Err(AppendError::Conflict) => Ok(Err(Missed::Conflict)),
            Err(other) => Err(CommandError::from_append(other, 1)),
        }
    }

    /// An end without an append. It counts if it was decided on a fresh load; and a repeat, which
    /// may find its own work done and be refused for it, is answered with its first outcome.
    async fn without_append(
        &self,
        asked: &Asked<A>,
        on: Ground,
        ended: Result<Executed, CommandError<A::Error>>,
    ) -> Result<Result<Executed, Missed>, CommandError<A::Error>> {
        if on == Ground::Assumed {
            return Ok(Err(Missed::Unproved));
        }
        let (stream, context) = (&asked.stream, &asked.context);
        if let Some(outcome) = self.first_outcome(context).await? {
            return Ok(Ok(repeated(stream, outcome)));
        }
        match (ended, &context.command) {
            (Ok(done), Some(command)) => self.remember(done, command, context).await,
            (ended, _) => ended.map(Ok),
        }
    }

    /// A named command that had nothing to store counts as well: its id is not free for a later
    /// time at which it would change something. (A refused one may be tried again.)
    async fn remember(
        &self,
        done: Executed,
        command: &CommandStamp,
        context: &CommandContext,
    ) -> Result<Result<Executed, Missed>, CommandError<A::Error>> {
        let found = [(done.stream.clone(), done.version)];
        let append = Append::already_done(command.clone(), &found, context.stored_metadata());
        match append_resolved(&*self.storage, append).await {
            Ok(_) => Ok(Ok(done)),
            Err(AppendError::Duplicate(outcome)) => Ok(Ok(repeated(&done.stream, outcome))),
            Err(AppendError::Conflict) => Ok(Err(Missed::Conflict)),
            Err(other) => Err(CommandError::from_append(other, 1)),
        }
    }

    fn encoded(
        &self,
        stream: &StreamId,
        version: u64,
        events: &[A::Event],
        context: &CommandContext,
    ) -> Result<Append, CommandError<A::Error>> {
        let metadata = context.stored_metadata();
        let encoded = events
            .iter()
            .zip(version + 1..)
            .map(|(event, sequence)| self.codec.encode::<A>(stream, sequence, event, &metadata));
        Ok(Append {
            streams: vec![StreamAppend {
                stream: stream.clone(),
                expected_version: version,
                events: encoded.collect::<Result<_, _>>()?,
            }],
            command: context.command.clone(),
        })
    }

    async fn first_outcome(
        &self,
        context: &CommandContext,
    ) -> Result<Option<CommandOutcome>, CommandError<A::Error>> {
        let Some(asked) = &context.command else {
            return Ok(None);
        };
        match self.storage.command(&asked.id).await? {
            None => Ok(None),
            Some((stored, outcome)) if stored.fingerprint == asked.fingerprint => Ok(Some(outcome)),
            Some(_) => Err(CommandError::CommandIdReused),
        }
    }
}
