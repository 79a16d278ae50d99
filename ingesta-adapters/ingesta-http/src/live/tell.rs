//! The program's side: what is told of an event.

use async_trait::async_trait;
use ingesta_event_store::{RecordedEvent, TypeFilter};

use super::Frame;

/// Turns events into frames.
///
/// It is asked for the same event again by every watcher that comes back late, and says the same
/// then: nothing but the event and what can never change goes into a frame.
#[async_trait]
pub trait Tell: Send + Sync + 'static {
    /// Which events it wants.
    fn types(&self) -> TypeFilter {
        TypeFilter::All
    }

    /// The frames of an event, on every topic on which it is told, in their order. None: it is not
    /// told to anybody.
    ///
    /// # Errors
    /// When something that it needs is away; it is asked again. An event that can never be told
    /// becomes a frame that says so: nothing is left out in silence.
    async fn frames(&self, event: &RecordedEvent) -> Result<Vec<Frame>, TellError>;
}

/// Something that a frame needs is away; nothing is wrong with the event.
#[derive(Debug, thiserror::Error)]
#[error("telling an event waits")]
pub struct TellError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
