//! The door to the instances of one process manager: telling them something, and looking at them.

use std::sync::Arc;

use ingesta_event_store::{CommandContext, CommandError, Commands, EventCodec, Executed, Loaded};
use ingesta_event_store::{Metadata, Snapshots, Storage};

use crate::{Clock, Heard, HeardBy, Instance, ProcessManager};

/// The instances of the process manager `P` in one store. A clone is the same door.
pub struct Sagas<P: ProcessManager> {
    storage: Arc<dyn Storage>,
    codec: EventCodec,
    commands: Commands<Instance<P>>,
}

impl<P: ProcessManager> Clone for Sagas<P> {
    fn clone(&self) -> Self {
        Self {
            storage: Arc::clone(&self.storage),
            codec: self.codec.clone(),
            commands: self.commands.clone(),
        }
    }
}

impl<P: ProcessManager> Sagas<P> {
    /// Instances that are stored in `storage`, deciding on the machine's clock.
    pub fn new(storage: Arc<dyn Storage>, codec: EventCodec) -> Self {
        Self::on_clock(storage, codec, Clock::default())
    }

    /// Instances that decide on a clock of the caller's.
    pub fn on_clock(storage: Arc<dyn Storage>, codec: EventCodec, clock: Clock) -> Self {
        let commands = Commands::new(Arc::clone(&storage), codec.clone(), clock);
        Self {
            storage,
            codec,
            commands,
        }
    }

    /// Keeps snapshots of long-lived instances.
    #[must_use]
    pub fn with_snapshots(mut self, snapshots: Snapshots<Instance<P>>) -> Self {
        self.commands = self.commands.with_snapshots(snapshots);
        self
    }

    /// Tells an instance what happened outside. `command_id` names the telling, for ever: of
    /// repeats one counts, also where it changed nothing. For a message that is the message's id,
    /// with a prefix where that id may name something else as well.
    ///
    /// # Errors
    /// See [`CommandError`]; [`CommandError::Refused`] is the manager's own.
    pub async fn tell(
        &self,
        id: &str,
        input: P::Input,
        command_id: impl Into<String>,
        metadata: Metadata,
    ) -> Result<Executed, CommandError<P::Error>> {
        self.hear(id, Heard::Told(input), command_id, metadata)
            .await
    }

    /// As [`Self::tell`], for anything that can be heard: an operator's [`Heard::Retry`], say.
    ///
    /// # Errors
    /// As [`Self::tell`].
    pub async fn hear(
        &self,
        id: &str,
        heard: HeardBy<P>,
        command_id: impl Into<String>,
        metadata: Metadata,
    ) -> Result<Executed, CommandError<P::Error>> {
        let context = CommandContext::default()
            .idempotent(command_id, &heard)
            .with_metadata(metadata);
        self.commands.execute(id, heard, context).await
    }

    /// An instance as it is now; version 0: there is none.
    ///
    /// # Errors
    /// When the store does not answer or an event cannot be read.
    pub async fn load(&self, id: &str) -> Result<Loaded<Instance<P>>, CommandError<P::Error>> {
        self.commands.load(id).await
    }

    /// The commands beneath, for what has no method here (a past state, an expected version).
    pub fn commands(&self) -> &Commands<Instance<P>> {
        &self.commands
    }

    pub(crate) fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    pub(crate) fn codec(&self) -> &EventCodec {
        &self.codec
    }
}
