//! One command on one aggregate, to its end.

use std::sync::Arc;
use std::time::Duration;

use cqrs_es::{Aggregate, event_sink::EventSink};

use super::{CommandContext, CommandError, Loaded};
use crate::{Append, AppendError, CommandOutcome, EventCodec, Position, Storage, StoreError};
use crate::{StreamAppend, StreamId};

/// How often a command is decided anew because others were faster.
const ATTEMPTS_MAX: u32 = 16;
/// How often an append of unknown outcome is asked after, where it has a command id.
const RESOLVE_MAX: u32 = 5;

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Whose command: for a repeat, the stream that the first one changed.
    pub stream: StreamId,
    /// The stream's version after the command.
    pub version: u64,
    /// Where in the log its last event is: wait for this to see the command's effect in a view.
    pub position: Position,
    /// True if it changed nothing now, because it is done already.
    pub already_done: bool,
}

/// Executes commands on aggregates of type `A`.
pub struct Commands<A: Aggregate> {
    storage: Arc<dyn Storage>,
    codec: EventCodec,
    services: Arc<A::Services>,
}

impl<A: Aggregate> Clone for Commands<A> {
    fn clone(&self) -> Self {
        Self {
            storage: Arc::clone(&self.storage),
            codec: self.codec.clone(),
            services: Arc::clone(&self.services),
        }
    }
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
        }
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
        let (this, stream) = (self.clone(), StreamId::of::<A>(aggregate_id));
        let work = tokio::spawn(async move { this.run(stream, command, context).await });
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
        let events = self
            .storage
            .load(&StreamId::of::<A>(aggregate_id), 0)
            .await?;
        Ok(Loaded::fold(&self.codec, &events)?)
    }

    async fn run(
        &self,
        stream: StreamId,
        command: A::Command,
        context: CommandContext,
    ) -> Result<Executed, CommandError<A::Error>> {
        for _ in 0..ATTEMPTS_MAX {
            let loaded = self.load(&stream.aggregate_id).await?;
            if let Some(expected) = context.expected_version
                && expected != loaded.version
            {
                return match self.first_outcome(&context).await? {
                    Some(outcome) => Ok(repeated(&stream, outcome)),
                    None => Err(CommandError::VersionMismatch {
                        expected,
                        current: loaded.version,
                    }),
                };
            }
            match self
                .attempt(&stream, command.clone(), &context, loaded)
                .await
            {
                Err(CommandError::Conflict { .. }) => {}
                ended => return ended,
            }
        }
        Err(CommandError::Conflict {
            attempts: ATTEMPTS_MAX,
        })
    }

    async fn attempt(
        &self,
        stream: &StreamId,
        command: A::Command,
        context: &CommandContext,
        mut loaded: Loaded<A>,
    ) -> Result<Executed, CommandError<A::Error>> {
        let sink = EventSink::<A>::default();
        let decided = loaded.state.handle(command, &self.services, &sink).await;
        let events = match decided {
            Ok(()) => sink.collect().await,
            // A repeat may find its own work done and be refused for it: the first outcome counts.
            Err(refusal) => {
                return match self.first_outcome(context).await? {
                    Some(outcome) => Ok(repeated(stream, outcome)),
                    None => Err(CommandError::Refused(refusal)),
                };
            }
        };
        if events.is_empty() {
            return match self.first_outcome(context).await? {
                Some(outcome) => Ok(repeated(stream, outcome)),
                None => Ok(Executed {
                    stream: stream.clone(),
                    version: loaded.version,
                    position: loaded.position,
                    already_done: true,
                }),
            };
        }
        let metadata = context.stored_metadata();
        let encoded = events
            .iter()
            .zip(loaded.version + 1..)
            .map(|(event, sequence)| self.codec.encode::<A>(stream, sequence, event, &metadata));
        let append = Append {
            streams: vec![StreamAppend {
                stream: stream.clone(),
                expected_version: loaded.version,
                events: encoded.collect::<Result<_, _>>()?,
            }],
            command: context.command.clone(),
        };
        match append_resolved(&*self.storage, append).await {
            Ok(outcome) => Ok(Executed {
                already_done: false,
                ..repeated(stream, outcome)
            }),
            Err(AppendError::Duplicate(outcome)) => Ok(repeated(stream, outcome)),
            Err(other) => Err(CommandError::from_append(other, 1)),
        }
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

/// Appends; where the outcome is unknown and the command has an id, asks again until it is known.
///
/// Asking again is the same append: the command id and the expected version let it be stored once
/// at most, so a first one that was stored shows itself as a duplicate.
pub(super) async fn append_resolved(
    storage: &dyn Storage,
    append: Append,
) -> Result<CommandOutcome, AppendError> {
    let mut result = storage.append(append.clone()).await;
    let mut pause = Duration::from_millis(50);
    for _ in 0..RESOLVE_MAX {
        if append.command.is_none() || !matches!(result, Err(AppendError::Unknown(_))) {
            break;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
        result = match storage.append(append.clone()).await {
            // Not stored this time says nothing about the first time.
            Err(AppendError::NotStored(cause)) => Err(AppendError::Unknown(cause)),
            other => other,
        };
    }
    result
}

fn repeated(stream: &StreamId, outcome: CommandOutcome) -> Executed {
    let (stream, version) = outcome
        .streams
        .into_iter()
        .next()
        .unwrap_or_else(|| (stream.clone(), 0));
    Executed {
        stream,
        version,
        position: outcome.position,
        already_done: true,
    }
}
