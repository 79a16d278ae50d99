//! What lifts old events to today's: one to one, one to several, or to none.
//!
//! It promises an order: the upcasters are asked as they were registered, and what one of them
//! makes goes on through those behind it, never back. It works on what was read; nothing that is
//! stored changes. It does not catch panics: whoever reads does, as with any code of its caller's.

use std::sync::Arc;

use cqrs_es::persist::{EventUpcaster, SerializedEvent};

/// Lifts events of an older type or version while they are read.
///
/// Those of cqrs-es make exactly one event of one; this one may also make several, or none: the
/// event is dropped. Register it with [`crate::EventCodec::with_upcaster`].
///
/// ```
/// use cqrs_es::persist::SerializedEvent;
/// use ingesta_event_store::{EventCodec, Upcaster};
///
/// /// `Moved` of version 1 is today's `Left` and `Arrived`; `Pinged` means nothing any more.
/// struct Moves;
///
/// impl Upcaster for Moves {
///     fn lifts(&self, event_type: &str, event_version: &str) -> bool {
///         matches!((event_type, event_version), ("Moved", "1") | ("Pinged", _))
///     }
///
///     fn lift(&self, event: SerializedEvent) -> Vec<SerializedEvent> {
///         if event.event_type == "Pinged" {
///             return Vec::new();
///         }
///         // Not the shape that it should have: left as it is, so that the reader refuses it.
///         let Some(moved) = event.payload.get("Moved").cloned() else {
///             return vec![event];
///         };
///         let part = |name: &str, place: &str| SerializedEvent {
///             event_type: name.to_owned(),
///             payload: serde_json::json!({ name: { "place": moved.get(place) } }),
///             ..event.clone()
///         };
///         vec![part("Left", "from"), part("Arrived", "to")]
///     }
/// }
///
/// let codec = EventCodec::default().with_upcaster(Moves);
/// ```
pub trait Upcaster: Send + Sync + 'static {
    /// True if this one lifts events of this type and version. It is asked for every event that is
    /// read, so it should only compare.
    fn lifts(&self, event_type: &str, event_version: &str) -> bool;

    /// What the event is today, in order; none: it is dropped.
    ///
    /// Only type, version and payload of the answer count: every part keeps the place of the
    /// stored event, its stream and sequence. Personal fields are open here; metadata is `Null`. A
    /// payload of an unexpected shape is best left as it is: the reader then refuses the event,
    /// and its stream waits for a mended program.
    fn lift(&self, event: SerializedEvent) -> Vec<SerializedEvent>;
}

/// One upcaster of cqrs-es.
struct OneToOne(Box<dyn EventUpcaster>);

impl Upcaster for OneToOne {
    fn lifts(&self, event_type: &str, event_version: &str) -> bool {
        self.0.can_upcast(event_type, event_version)
    }

    fn lift(&self, event: SerializedEvent) -> Vec<SerializedEvent> {
        vec![self.0.upcast(event)]
    }
}

/// The upcasters of a codec, in their order.
#[derive(Clone, Default)]
pub(super) struct Chain(Arc<Vec<Arc<dyn Upcaster>>>);

impl Chain {
    pub(super) fn push(&mut self, upcaster: impl Upcaster) {
        Arc::make_mut(&mut self.0).push(Arc::new(upcaster));
    }

    pub(super) fn push_one_to_one(&mut self, upcaster: Box<dyn EventUpcaster>) {
        self.push(OneToOne(upcaster));
    }

    /// True if some upcaster lifts such an event as it is stored.
    pub(super) fn lifts(&self, event_type: &str, event_version: &str) -> bool {
        let mut upcasters = self.0.iter();
        upcasters.any(|upcaster| upcaster.lifts(event_type, event_version))
    }

    /// The event after all of them.
    pub(super) fn lift(&self, event: SerializedEvent) -> Vec<SerializedEvent> {
        let mut events = vec![event];
        for upcaster in self.0.iter() {
            let step = |event: SerializedEvent| {
                if upcaster.lifts(&event.event_type, &event.event_version) {
                    upcaster.lift(event)
                } else {
                    vec![event]
                }
            };
            events = events.into_iter().flat_map(step).collect();
        }
        events
    }
}
