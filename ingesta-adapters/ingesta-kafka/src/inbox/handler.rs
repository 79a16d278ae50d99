//! What a program does with a message, and the two ways in which it can say no.
//!
//! It decides what a failure means for the message; the inbox decides what follows from that.

use std::borrow::Cow;
use std::error::Error;

use async_trait::async_trait;
use thiserror::Error;

use crate::message::IncomingMessage;

/// Does what a message asks for.
///
/// A message may come again: after a crash, after a rebalance, after a replay. Whoever answers with
/// `Ok` has made its effect durable, and made it in a way that a second delivery changes nothing
/// (see [`command_id`](super::command_id())).
///
/// The future may be dropped at any of its awaits, when the partition goes to another member or the
/// inbox is shut down and the time to finish is over; the message then comes again, here or there.
///
/// ```
/// use async_trait::async_trait;
/// use ingesta_kafka::message::IncomingMessage;
/// use ingesta_kafka::inbox::{HandleError, Handler};
///
/// struct Greeter;
///
/// #[async_trait]
/// impl Handler for Greeter {
///     async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
///         // A refusal that will be the same tomorrow: put aside with its reason, neighbours go on.
///         let Some(_name) = &message.value else {
///             return Err(HandleError::poison("empty", "a greeting needs a name"));
///         };
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Handles one message; those with the same key come one after the other.
    ///
    /// # Errors
    /// [`HandleError::Poison`] where no second try can help, [`HandleError::Transient`] where one can.
    /// A panic counts as poison with the code `handler-panicked`.
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError>;
}

/// Why a message was not handled.
#[derive(Debug, Error)]
pub enum HandleError {
    /// It can never be handled as it is: it goes to the dead letters, from where it can be replayed.
    #[error("the message is refused ({code}): {message}")]
    Poison {
        /// A short word for programs and figures, as `not-avro`.
        code: Cow<'static, str>,
        /// A sentence for whoever reads the list of dead letters; it must repeat nothing of the data.
        message: String,
    },
    /// Something that it needs is away: it is tried again until it succeeds, and never skipped.
    #[error("the message cannot be handled now")]
    Transient(
        /// What is away. Its own text, without that of its sources, is logged: it must repeat
        /// nothing of the data.
        #[source]
        Box<dyn Error + Send + Sync>,
    ),
}

impl HandleError {
    /// A refusal for good.
    pub fn poison(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::Poison {
            code: code.into(),
            message: message.into(),
        }
    }

    /// A failure that passes.
    pub fn transient(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Transient(cause.into())
    }
}
