//! Topics to handlers: one consumer group over some topics, and what it promises about each message.
//!
//! - A message is settled by its handler's durable effect, or by a dead letter that the broker has
//!   acknowledged; only then does its offset count as finished. What is committed of a partition is
//!   the end of its unbroken run of finished messages. So a message may come twice and is never
//!   skipped: handlers take effect once by the name of the command ([`command_id()`]).
//! - Messages with the same key are handled one after the other, others at the same time up to a
//!   bound. Messages without a key count as having the same one, within their partition.
//! - A passing failure stops its partition and no other, for as long as it lasts.
//! - A member that loses a partition ends what is under way there, within a bound, and commits it; of
//!   a partition that somebody else has already it commits nothing.
//! - A broker that is away, at the start or later, is waited for. One message that nobody can read
//!   ends nothing.
//!
//! It does not decode messages and knows no command; the [`Handler`] does.

mod assignment;
mod board;
mod command_id;
mod config;
mod context;
mod ended;
mod handle;
mod handler;
mod lane;
mod offsets;
mod options;
mod partition;
mod progress;
mod reader;
mod shared;
mod status;

use std::sync::Arc;
use std::thread;

use rdkafka::config::ClientConfig;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

pub(crate) use self::command_id::CE_ID;
pub use self::command_id::command_id;
pub use self::ended::EndTexts;
pub use self::handle::InboxHandle;
pub use self::handler::{HandleError, Handler};
pub use self::options::{InboxOptions, Membership};
pub use self::status::{Fault, InboxState, InboxStatus};

use self::reader::Reader;
use self::shared::Shared;
use crate::connect::{KafkaError, KafkaOptions};
use crate::dead_letters::Writer;

/// A member of a consumer group that hands messages to a [`Handler`].
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use ingesta_kafka::connect::KafkaOptions;
/// use ingesta_kafka::inbox::{HandleError, Handler, Inbox, InboxOptions, command_id};
/// use ingesta_kafka::message::IncomingMessage;
/// use tokio_util::sync::CancellationToken;
///
/// struct Orders;
///
/// #[async_trait]
/// impl Handler for Orders {
///     async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
///         let Some(order) = &message.value else {
///             return Err(HandleError::poison("empty", "an order says what is ordered"));
///         };
///         // Whoever stores the order stores its name with it, and knows it when it comes again.
///         let (_name, _order) = (command_id(message, None), order);
///         Ok(())
///     }
/// }
///
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// let kafka = KafkaOptions::new("localhost:1");
/// let shutdown = CancellationToken::new();
/// let inbox = Inbox::new(&kafka, InboxOptions::new("orders", ["orders"]), Arc::new(Orders))?;
/// // No broker need be there: it keeps trying, and its status says so.
/// let inbox = inbox.spawn(shutdown.clone())?;
/// assert_eq!(inbox.status().handled, 0);
/// shutdown.cancel();
/// inbox.join().await;
///
/// // An inbox over nothing is refused.
/// let nothing = InboxOptions::new("orders", Vec::<String>::new());
/// assert!(Inbox::new(&kafka, nothing, Arc::new(Orders)).is_err());
/// # Ok::<(), ingesta_kafka::connect::KafkaError>(())
/// # }).unwrap();
/// ```
pub struct Inbox {
    config: ClientConfig,
    options: InboxOptions,
    handler: Arc<dyn Handler>,
    dead_letters: Writer,
}

impl Inbox {
    /// An inbox that does nothing yet.
    ///
    /// # Errors
    /// [`KafkaError::Settings`] names the setting that cannot work.
    pub fn new(
        kafka: &KafkaOptions,
        options: InboxOptions,
        handler: Arc<dyn Handler>,
    ) -> Result<Self, KafkaError> {
        kafka.check()?;
        let options = options.checked()?;
        Ok(Self {
            config: config::settings(kafka, &options)?,
            dead_letters: Writer::new(kafka, options.dead_copies)?,
            options,
            handler,
        })
    }

    /// Starts it, on a thread of its own for the consumer and on this runtime for the handlers. It
    /// ends when `shutdown` is cancelled, and for no other reason.
    ///
    /// # Errors
    /// When the client library refuses the settings, or the machine gives no thread.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn(self, shutdown: CancellationToken) -> Result<InboxHandle, KafkaError> {
        let shared = Shared::new(self.options, self.handler, self.dead_letters, shutdown);
        let shared = Arc::new(shared);
        let reader = Reader {
            shared: Arc::clone(&shared),
            config: self.config,
        };
        let first = reader.consumer()?;
        let (ended, end) = oneshot::channel();
        let spawned = thread::Builder::new()
            .name(format!("inbox-{}", shared.options.group))
            .spawn(move || {
                reader.run(first);
                // Nobody may wait for it any more.
                let _ = ended.send(());
            });
        match spawned {
            Ok(_) => Ok(InboxHandle::new(shared, end)),
            Err(cause) => Err(KafkaError::Refused {
                attempted: "starting the thread of a consumer",
                code: cause.kind().to_string(),
            }),
        }
    }
}
