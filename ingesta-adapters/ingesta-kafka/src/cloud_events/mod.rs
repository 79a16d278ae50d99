//! CloudEvents 1.0 on Kafka, in the binary mode: what is said about a message, in headers.
//!
//! Promises: what is written can be read by any reader of the Kafka binding, and back equal where its
//! texts are sound (not empty, no control characters, 4,096 bytes at most); headers that contradict
//! the specification are refused with a code; values are never quoted.
//! It does not read the structured mode, and leaves the message's value alone.

mod error;
mod read;
mod write;

use chrono::{DateTime, Utc};
use ingesta_event_store::{Position, RecordedEvent};

use crate::message::Header;

pub use error::CloudEventError;

/// The version of the specification that is written and read.
const SPEC_VERSION: &str = "1.0";

const VERSION: &str = "ce_specversion";
const ID: &str = "ce_id";
const SOURCE: &str = "ce_source";
const TYPE: &str = "ce_type";
const TIME: &str = "ce_time";
const SUBJECT: &str = "ce_subject";
const SEQUENCE: &str = "ce_sequence";
const POSITION: &str = "ce_position";
const CONTENT_TYPE: &str = "content-type";
const TRACE_PARENT: &str = "traceparent";

/// What is said about a message.
///
/// ```
/// use ingesta_kafka::cloud_events::CloudEvent;
/// use ingesta_kafka::message::Header;
///
/// let event = CloudEvent {
///     sequence: Some(7),
///     ..CloudEvent::new("Luz/12/7", "/faros", "Encendido")
/// };
/// let headers = event.to_headers();
/// assert!(headers.contains(&Header::new("ce_id", "Luz/12/7")));
/// assert_eq!(CloudEvent::from_headers(&headers)?, Some(event));
///
/// // No event at all is one thing, half of one is another.
/// assert_eq!(CloudEvent::from_headers(&[])?, None);
/// let half = CloudEvent::from_headers(&headers[..1]).unwrap_err();
/// assert_eq!(half.code(), "ce-missing");
/// # Ok::<(), ingesta_kafka::cloud_events::CloudEventError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudEvent {
    /// Unique within the source: the same for every copy of the same event.
    pub id: String,
    /// Who tells it, as a URI reference.
    pub source: String,
    /// What kind of thing happened.
    pub event_type: String,
    /// When it happened.
    pub time: Option<DateTime<Utc>>,
    /// What it happened to: the aggregate's id.
    pub subject: Option<String>,
    /// Its place among the events of its subject, from 1.
    pub sequence: Option<u64>,
    /// Its place in the log.
    pub position: Option<Position>,
    /// The media type of the message's value.
    pub content_type: Option<String>,
    /// The W3C trace context of what caused it.
    pub traceparent: Option<String>,
}

impl CloudEvent {
    /// An event with what every event must have.
    pub fn new(
        id: impl Into<String>,
        source: impl Into<String>,
        event_type: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            source: source.into(),
            event_type: event_type.into(),
            time: None,
            subject: None,
            sequence: None,
            position: None,
            content_type: None,
            traceparent: None,
        }
    }

    /// What is said about an event of the log: its id is `type/id/sequence`, its subject the
    /// aggregate's id. The name of the integration event is the caller's, as are the media type and
    /// the trace.
    #[must_use]
    pub fn of(event: &RecordedEvent, source: &str, event_type: &str) -> Self {
        Self {
            time: event.recorded_at,
            subject: Some(event.stream.aggregate_id.clone()),
            sequence: Some(event.sequence),
            position: Some(event.position),
            ..Self::new(event.id(), source, event_type)
        }
    }

    /// The headers, in a fixed order.
    #[must_use]
    pub fn to_headers(&self) -> Vec<Header> {
        write::headers(self)
    }

    /// Reads the headers of a message; `None` where it has none of an event's. Headers of others are
    /// left alone, so are extensions that this type does not know.
    ///
    /// # Errors
    /// When there is part of an event, or one of another version or mode; [`CloudEventError::code`]
    /// says which.
    pub fn from_headers(headers: &[Header]) -> Result<Option<Self>, CloudEventError> {
        read::event(headers)
    }
}
