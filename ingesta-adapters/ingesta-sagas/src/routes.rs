//! Which events of the log a process manager hears, and which instance hears them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use cqrs_es::{Aggregate, EventEnvelope};
use ingesta_event_store::{DecodeError, EventCodec, RecordedEvent, TypeFilter};

type Route<I> =
    Box<dyn Fn(&EventCodec, &RecordedEvent) -> Result<Vec<(String, I)>, DecodeError> + Send + Sync>;

/// From events of other streams to what instances are told. Pure: a dry run uses the same routes.
///
/// ```
/// # use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, event_sink::EventSink};
/// # #[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
/// # struct Door;
/// # #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
/// # enum DoorEvent { Opened, Painted }
/// # impl DomainEvent for DoorEvent {
/// #     fn event_type(&self) -> String { "Opened".to_owned() }
/// #     fn event_version(&self) -> String { "1".to_owned() }
/// # }
/// # impl Aggregate for Door {
/// #     const TYPE: &'static str = "Door";
/// #     type Command = (); type Event = DoorEvent; type Error = std::fmt::Error; type Services = ();
/// #     async fn handle(&mut self, (): (), (): &(), _: &EventSink<Self>) -> Result<(), std::fmt::Error> { Ok(()) }
/// #     fn apply(&mut self, _: DoorEvent) {}
/// # }
/// use ingesta_event_store::EventCodec;
/// use ingesta_sagas::Routes;
///
/// // The instance that is told has the id of the door; a door that is painted interests nobody.
/// let routes = Routes::<&'static str>::new(EventCodec::default()).on(|event: &EventEnvelope<Door>| {
///     match event.payload {
///         DoorEvent::Opened => Some((event.aggregate_id.clone(), "open")),
///         DoorEvent::Painted => None,
///     }
/// });
/// assert!(routes.types().admits("Door"));
/// assert!(!routes.types().admits("Window"));
/// ```
pub struct Routes<I> {
    codec: EventCodec,
    by_type: BTreeMap<&'static str, Route<I>>,
}

impl<I: 'static> Routes<I> {
    /// No routes yet. `codec` is the one that the events were written with.
    #[must_use]
    pub fn new(codec: EventCodec) -> Self {
        let by_type = BTreeMap::new();
        Self { codec, by_type }
    }

    /// Hears the events of the aggregate `A`: `route` answers with the ids of the instances to tell
    /// and what to tell them; none, one (an `Option`) or several. One route per aggregate type; a
    /// second one for the same type replaces the first.
    #[must_use]
    pub fn on<A, T>(
        mut self,
        route: impl Fn(&EventEnvelope<A>) -> T + Send + Sync + 'static,
    ) -> Self
    where
        A: Aggregate,
        T: IntoIterator<Item = (String, I)>,
    {
        let each = move |codec: &EventCodec, event: &RecordedEvent| {
            let mut told = Vec::new();
            codec.decode_each::<A>(event, |envelope| told.extend(route(&envelope)))?;
            Ok(told)
        };
        self.by_type.insert(A::TYPE, Box::new(each));
        self
    }

    /// The aggregate types that are heard.
    #[must_use]
    pub fn types(&self) -> TypeFilter {
        TypeFilter::Only(self.by_type.keys().copied().map(Cow::Borrowed).collect())
    }

    /// Who is told what because of this event, in order.
    ///
    /// # Errors
    /// When the event cannot be read. An event of another type is told to nobody.
    pub fn of(&self, event: &RecordedEvent) -> Result<Vec<(String, I)>, DecodeError> {
        match self.by_type.get(event.stream.aggregate_type.as_ref()) {
            Some(route) => route(&self.codec, event),
            None => Ok(Vec::new()),
        }
    }
}
