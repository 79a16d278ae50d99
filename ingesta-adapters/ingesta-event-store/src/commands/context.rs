//! What comes with a command besides the command itself.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{CommandStamp, Metadata};

/// The circumstances of one command.
#[derive(Clone, Debug, Default)]
pub struct CommandContext {
    /// The command's id and fingerprint; with them it takes effect at most once.
    pub command: Option<CommandStamp>,
    /// The version that the caller has seen; another one refuses the command instead of a retry.
    pub expected_version: Option<u64>,
    /// True if the caller believes that there is no such aggregate yet: then nothing is loaded
    /// first. Where it is wrong, the append finds out and the command is decided again.
    pub creates: bool,
    /// What is stored beside each event.
    pub metadata: Metadata,
}

impl CommandContext {
    /// Makes the command happen at most once: `id` names it, `payload` is what must be the same
    /// when the id is used again. A command that finds its work done counts as well; one that is
    /// refused, by the domain or for its expected version, does not, and its id stays free.
    ///
    /// ```
    /// use ingesta_event_store::CommandContext;
    /// let first = CommandContext::default().idempotent("pedido-1", &("crear", 7));
    /// let other = CommandContext::default().idempotent("pedido-1", &("crear", 8));
    /// assert_ne!(first.command, other.command);
    /// ```
    #[must_use]
    pub fn idempotent(mut self, id: impl Into<String>, payload: &impl Serialize) -> Self {
        self.command = Some(CommandStamp {
            id: id.into(),
            fingerprint: fingerprint(payload),
        });
        self
    }

    /// Stores this beside each event.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Refuses the command unless the stream is at this version.
    #[must_use]
    pub fn expecting(mut self, version: u64) -> Self {
        self.expected_version = Some(version);
        self
    }

    /// Spares the load of an aggregate whose id was made a moment ago.
    #[must_use]
    pub fn creating(mut self) -> Self {
        self.creates = true;
        self
    }

    /// The stored metadata: the caller's, with the command's id.
    pub(crate) fn stored_metadata(&self) -> String {
        let mut metadata = self.metadata.clone();
        if let Some(command) = &self.command {
            metadata.command_id = Some(command.id.clone());
        }
        metadata.to_json()
    }
}

/// A hash of what was asked, stable for the same JSON.
///
/// # Panics
/// If `payload` cannot be written as JSON (a map with keys that are not text, say).
#[must_use]
pub fn fingerprint(payload: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(payload).expect("a command's payload is JSON");
    Sha256::digest(json).to_vec()
}
