//! One stream as of a moment: its events, or the state that they fold to.

use std::time::Duration;

use cqrs_es::Aggregate;

use super::{AsOfError, Moment, settle};
use crate::{EventCodec, EventStorage, Loaded, RecordedEvent, StreamId};

/// A stream as it was.
#[derive(Clone, Debug)]
pub struct StreamAsOf {
    /// Its events up to the moment, in order. None of them: it did not exist yet, or there is no
    /// such stream at all.
    pub events: Vec<RecordedEvent>,
    /// The sequence of its last event today; 0: there is no such stream.
    pub version_now: u64,
}

/// The events of a stream as of a moment, waiting at most `wait` for the moment to be settled.
///
/// # Errors
/// See [`AsOfError`]. Nothing of the stream is decoded here.
pub async fn stream_as_of<S: EventStorage + ?Sized>(
    storage: &S,
    stream: &StreamId,
    moment: Moment,
    wait: Duration,
) -> Result<StreamAsOf, AsOfError> {
    let past = settle(storage, moment, wait).await?;
    let mut events = storage.load(stream, 0).await?;
    let version_now = events.last().map_or(0, |event| event.sequence);
    if let Moment::Version(asked) = moment
        && asked > version_now
    {
        let current = version_now;
        return Err(AsOfError::VersionNotReached { asked, current });
    }
    let mut held = 0;
    for event in &events {
        if !past.holds(event)? {
            break;
        }
        held += 1;
    }
    events.truncate(held);
    Ok(StreamAsOf {
        events,
        version_now,
    })
}

/// The state of an aggregate as of a moment, waiting at most `wait` for the moment to be settled.
///
/// `None`: it did not exist yet, or there is no such aggregate; [`stream_as_of`] tells these apart.
///
/// ```
/// # use std::time::Duration;
/// # use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
/// # use ingesta_event_store::{CommandContext, Commands};
/// # #[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
/// # struct Scale { grams: u64 }
/// # #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
/// # enum ScaleEvent { Weighed { grams: u64 } }
/// # impl DomainEvent for ScaleEvent {
/// #     fn event_type(&self) -> String { "Weighed".into() }
/// #     fn event_version(&self) -> String { "1".into() }
/// # }
/// # impl Aggregate for Scale {
/// #     const TYPE: &'static str = "Scale";
/// #     type Command = u64; type Event = ScaleEvent; type Error = std::fmt::Error; type Services = ();
/// #     async fn handle(&mut self, grams: u64, _: &(), sink: &EventSink<Self>) -> Result<(), std::fmt::Error> {
/// #         sink.write(ScaleEvent::Weighed { grams }, self).await;
/// #         Ok(())
/// #     }
/// #     fn apply(&mut self, ScaleEvent::Weighed { grams }: ScaleEvent) { self.grams += grams; }
/// # }
/// use ingesta_event_store::{AsOfError, EventCodec, MemoryStorage, Moment, load_as_of};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let (storage, codec) = (MemoryStorage::new(), EventCodec::default());
/// # let scales = Commands::<Scale>::new(std::sync::Arc::new(storage.clone()), codec.clone(), ());
/// # for _ in 0..3 { scales.execute("kitchen", 2, CommandContext::default()).await.unwrap(); }
/// let as_of = async |moment| {
///     load_as_of::<Scale, _>(&storage, &codec, "kitchen", moment, Duration::ZERO).await
/// };
/// // Three times two grams were put on it.
/// let then = as_of(Moment::Version(2)).await?.map(|loaded| loaded.state.grams);
/// assert_eq!(then, Some(4));
/// assert!(as_of(Moment::Version(0)).await?.is_none(), "before it existed");
///
/// // A version that is still to come is refused, and not answered with the latest.
/// let refused = as_of(Moment::Version(4)).await;
/// assert!(matches!(refused, Err(AsOfError::VersionNotReached { asked: 4, current: 3 })));
/// # Ok::<(), AsOfError>(())
/// # }).unwrap();
/// ```
///
/// # Errors
/// See [`AsOfError`].
pub async fn load_as_of<A: Aggregate, S: EventStorage + ?Sized>(
    storage: &S,
    codec: &EventCodec,
    aggregate_id: &str,
    moment: Moment,
    wait: Duration,
) -> Result<Option<Loaded<A>>, AsOfError> {
    let stream = StreamId::of::<A>(aggregate_id);
    let events = stream_as_of(storage, &stream, moment, wait).await?.events;
    if events.is_empty() {
        return Ok(None);
    }
    Ok(Some(Loaded::fold(codec, &events)?))
}
