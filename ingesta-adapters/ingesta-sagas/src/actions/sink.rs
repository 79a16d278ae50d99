//! Where actions go: the port that a program fills with its own commands, calls or messages.

use async_trait::async_trait;
use ingesta_event_store::{CommandError, Metadata};

use crate::Trouble;

/// Does what a process manager asks for.
///
/// It may be asked for the same again, after a crash or a failure of a neighbour in the same batch,
/// always under the same [`Asked::id`]: whoever answers `Done` has made the effect durable, and made
/// it so that a second time changes nothing. An action that a relay publishes from the saga's stream
/// is answered with `Done` here.
#[async_trait]
pub trait ActionSink<A: Send + Sync + 'static>: Send + Sync + 'static {
    /// Does one action; those of one instance come one after the other.
    ///
    /// # Errors
    /// [`Trouble::Event`] if this one cannot be done now: its instance waits, the others go on.
    /// [`Trouble::Transient`] or [`Trouble::Obstacle`] if none can be done now: all wait.
    async fn act(&self, asked: Asked<A>) -> Result<Acted, Trouble>;
}

/// One action, with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<A> {
    /// Names it, for ever: the id of the saga's event `type/id/sequence`, and `#n` behind it from the
    /// second action of one event on. Use it as the command id or the message id.
    pub id: String,
    /// The instance that asks.
    pub saga_id: String,
    /// What it asks for.
    pub action: A,
    /// The conversation, with the saga's event as the cause: hand it on.
    pub metadata: Metadata,
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It is done, now or earlier.
    Done,
    /// The target refused it for good, and nothing was done. The instance is told.
    Refused {
        /// The target's stable word for the reason; no data.
        code: String,
    },
}

impl Acted {
    /// What the end of a command means that the action was translated to; `refused` says what a
    /// refusal of the domain means: usually `Ok(Acted::Refused { code })`, and `Ok(Acted::Done)`
    /// where the refusal says that it is beyond that already.
    ///
    /// # Errors
    /// What is neither done nor refused.
    pub fn of_command<T, E: std::error::Error + Send + Sync + 'static>(
        ended: Result<T, CommandError<E>>,
        refused: impl FnOnce(E) -> Result<Self, Trouble>,
    ) -> Result<Self, Trouble> {
        match ended {
            Ok(_) => Ok(Self::Done),
            Err(error) => Trouble::of_command(error, refused),
        }
    }
}
