//! One command that changes several aggregates, all or none.
//!
//! All loads come first, then one append stores the events of every aggregate in one statement.
//! Every changed aggregate's events are followed, not only the first one's.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use cqrs_es::{Aggregate, event_sink::EventSink};

use super::resolve::append_resolved;
use super::{CommandContext, CommandError, load};
use crate::snapshot::Taker;
use crate::{Append, AppendError, CommandOutcome, EventCodec, Storage, StoreError, StreamAppend};
use crate::{Snapshots, StreamId};

/// Collects the changes of several aggregates and stores them together.
///
/// On [`AppendError::Conflict`] nothing was stored: begin a new unit and decide again.
pub struct UnitOfWork {
    storage: Arc<dyn Storage>,
    codec: EventCodec,
    context: CommandContext,
    members: Vec<Member>,
    progress: Progress,
    /// By aggregate type.
    snapshots: HashMap<&'static str, Box<dyn Any + Send + Sync>>,
}

/// How far a unit has come.
enum Progress {
    /// Nothing was asked yet; its command id was not looked up.
    New,
    /// Decisions are being collected.
    Collecting,
    /// It was stored before: nothing is decided again, the first outcome is the answer.
    Repeated(CommandOutcome),
    /// A command was refused half way: what was decided since may rest on events that are nowhere.
    Spoiled,
}

struct Member {
    append: StreamAppend,
    state: Box<dyn Any + Send>,
    taker: Option<Taker>,
}

impl UnitOfWork {
    /// An empty unit of work.
    pub fn new(storage: Arc<dyn Storage>, codec: EventCodec, context: CommandContext) -> Self {
        Self {
            storage,
            codec,
            context,
            members: Vec::new(),
            progress: Progress::New,
            snapshots: HashMap::new(),
        }
    }

    /// Loads aggregates of this type from their snapshots, and takes new ones once the unit is
    /// stored. Give it a clone of what [`Commands`](super::Commands) of the type have.
    #[must_use]
    pub fn with_snapshots<A: Aggregate + 'static>(mut self, snapshots: Snapshots<A>) -> Self {
        if let Some(snapshots) = load::permitted(snapshots, &self.codec) {
            self.snapshots.insert(A::TYPE, Box::new(snapshots));
        }
        self
    }

    /// Decides a command on one aggregate. Nothing is stored yet; a second command on the same
    /// aggregate sees the first one's events. An expected version of the context is that of the
    /// first aggregate. In a unit that was stored before, nothing is decided again.
    ///
    /// # Errors
    /// When the domain refuses, the store does not answer or an event cannot be read or written.
    /// The unit is spoiled then and cannot be committed any more: it is all or none.
    ///
    /// # Panics
    /// If two aggregate types of one unit share a `TYPE`.
    pub async fn execute<A>(
        &mut self,
        services: &A::Services,
        aggregate_id: &str,
        command: A::Command,
    ) -> Result<(), CommandError<A::Error>>
    where
        A: Aggregate + 'static,
        A::Error: 'static,
    {
        if matches!(self.progress, Progress::New) {
            self.progress = self.look_up().await?;
        }
        match &self.progress {
            Progress::Repeated(_) => return Ok(()),
            Progress::Spoiled => return Err(CommandError::Store(spoiled())),
            Progress::New | Progress::Collecting => {}
        }
        let decided = self.decide::<A>(services, aggregate_id, command).await;
        if decided.is_err() {
            self.progress = Progress::Spoiled;
        }
        decided
    }

    async fn decide<A>(
        &mut self,
        services: &A::Services,
        aggregate_id: &str,
        command: A::Command,
    ) -> Result<(), CommandError<A::Error>>
    where
        A: Aggregate + 'static,
        A::Error: 'static,
    {
        let stream = StreamId::of::<A>(aggregate_id);
        let index = self.member::<A>(&stream).await?;
        let metadata = self.context.stored_metadata();
        let member = &mut self.members[index];
        let state = member
            .state
            .downcast_mut::<A>()
            .expect("a stream has one aggregate type");
        let sink = EventSink::<A>::default();
        let handled = state.handle(command, services, &sink).await;
        handled.map_err(CommandError::Refused)?;
        for event in sink.collect().await {
            let sequence = member.append.new_version() + 1;
            let encoded = self
                .codec
                .encode::<A>(&stream, sequence, &event, &metadata)?;
            member.append.events.push(encoded);
        }
        Ok(())
    }

    /// Was this very unit stored before?
    async fn look_up<E>(&self) -> Result<Progress, CommandError<E>>
    where
        E: std::error::Error + 'static,
    {
        let Some(asked) = &self.context.command else {
            return Ok(Progress::Collecting);
        };
        match self.storage.command(&asked.id).await? {
            None => Ok(Progress::Collecting),
            Some((stored, outcome)) if stored.fingerprint == asked.fingerprint => {
                Ok(Progress::Repeated(outcome))
            }
            Some(_) => Err(CommandError::CommandIdReused),
        }
    }

    /// Stores everything, or nothing. `None`: there was nothing to store, and no command id that
    /// must be remembered. A unit with one is answered with the versions that it found, and so is
    /// its repeat.
    ///
    /// It runs detached: dropping the returned future does not tear it.
    ///
    /// # Errors
    /// See [`AppendError`]. A repeated command id is answered with the first outcome.
    pub async fn commit(self) -> Result<Option<CommandOutcome>, AppendError> {
        match self.progress {
            Progress::Repeated(outcome) => return Ok(Some(outcome)),
            Progress::Spoiled => return Err(AppendError::NotStored(spoiled())),
            Progress::New | Progress::Collecting => {}
        }
        let (parts, states) = self.members.into_iter().map(Member::apart).unzip();
        let Some(append) = to_append(parts, self.context) else {
            return Ok(None);
        };
        let storage = self.storage;
        let work = tokio::spawn(async move {
            let ended = append_resolved(&*storage, append).await;
            if ended.is_ok() {
                // The caller has its answer without waiting for these.
                tokio::spawn(async move { take(&*storage, states).await });
            }
            ended
        });
        let ended = work.await.unwrap_or_else(|stopped| {
            Err(AppendError::Unknown(StoreError::Unavailable {
                attempted: "storing a unit of work while the program stops",
                cause: Box::new(stopped),
            }))
        });
        match ended {
            Ok(outcome) | Err(AppendError::Duplicate(outcome)) => Ok(Some(outcome)),
            Err(other) => Err(other),
        }
    }

    async fn member<A>(&mut self, stream: &StreamId) -> Result<usize, CommandError<A::Error>>
    where
        A: Aggregate + 'static,
        A::Error: 'static,
    {
        if let Some(index) = self.members.iter().position(|m| m.append.stream == *stream) {
            return Ok(index);
        }
        let snapshots = self.snapshots.get(A::TYPE);
        let snapshots = snapshots.and_then(|kept| kept.downcast_ref::<Snapshots<A>>());
        let taker = snapshots.cloned().map(Snapshots::taker);
        let loaded = load::load::<A>(&*self.storage, &self.codec, stream, snapshots).await?;
        let current = loaded.version;
        if let Some(expected) = self.context.expected_version
            && self.members.is_empty()
            && expected != current
        {
            return Err(CommandError::VersionMismatch { expected, current });
        }
        self.members.push(Member {
            append: StreamAppend {
                stream: stream.clone(),
                expected_version: loaded.version,
                events: Vec::new(),
            },
            state: Box::new(loaded.state),
            taker,
        });
        Ok(self.members.len() - 1)
    }
}

/// A state as a unit has left it, for a snapshot of it.
struct After {
    stream: StreamId,
    before: u64,
    version: u64,
    state: Box<dyn Any + Send>,
    taker: Option<Taker>,
}

impl Member {
    fn apart(self) -> (StreamAppend, After) {
        let after = After {
            stream: self.append.stream.clone(),
            before: self.append.expected_version,
            version: self.append.new_version(),
            state: self.state,
            taker: self.taker,
        };
        (self.append, after)
    }
}

/// Takes the snapshots that it is time for.
async fn take(storage: &dyn Storage, states: Vec<After>) {
    for after in states {
        let taken = after
            .taker
            .and_then(|taker| taker(after.before, after.version, after.state));
        if let Some((turn, state)) = taken {
            turn.keep(storage, &after.stream, state).await;
        }
    }
}

/// What is to be stored of a unit, if anything is.
fn to_append(parts: Vec<StreamAppend>, context: CommandContext) -> Option<Append> {
    let (changed, found): (Vec<_>, Vec<_>) =
        parts.into_iter().partition(|part| !part.events.is_empty());
    if !changed.is_empty() {
        return Some(Append {
            streams: changed,
            command: context.command,
        });
    }
    let metadata = context.stored_metadata();
    let command = context.command.filter(|_| !found.is_empty())?;
    let found = found.into_iter().map(|p| (p.stream, p.expected_version));
    Some(Append::already_done(
        command,
        &found.collect::<Vec<_>>(),
        metadata,
    ))
}

fn spoiled() -> StoreError {
    StoreError::Unsupported {
        what: "store a unit of work in which a command was refused",
    }
}
