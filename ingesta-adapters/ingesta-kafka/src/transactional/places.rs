//! How far a relay has come, as it stands in the topic of places.
//!
//! Two kinds of place: where the relay is in the log, keyed by its name, and, for a stream that was
//! parked behind that, which of its events comes next. A place names the event as well as its
//! position, so that it survives a log that was renumbered. No payload.

use ingesta_event_store::{Position, RecordedEvent, StreamId};
use serde::{Deserialize, Serialize};

/// One message of the topic of places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Everything up to this event is published, except what is held.
    Reached(Mark),
    /// Of this stream, everything before `next` is published and nothing from there on.
    Held { stream: StreamId, next: u64 },
    /// The stream is held no more.
    Free { stream: StreamId },
}

/// An event and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) position: Position,
    pub(super) stream: StreamId,
    pub(super) sequence: u64,
}

impl Mark {
    pub(super) fn of(event: &RecordedEvent) -> Self {
        Self {
            position: event.position,
            stream: event.stream.clone(),
            sequence: event.sequence,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ReachedText {
    position: Position,
    aggregate_type: String,
    aggregate_id: String,
    sequence: u64,
}

#[derive(Serialize, Deserialize)]
struct HeldText {
    next: u64,
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("names and numbers are always JSON")
}

/// A relay's key in the topic.
pub(super) fn own_key(relay: &str) -> Vec<u8> {
    relay.as_bytes().to_vec()
}

fn stream_key(relay: &str, stream: &StreamId) -> Vec<u8> {
    json(&[relay, &stream.aggregate_type, &stream.aggregate_id])
}

impl Place {
    /// Key and value; no value is a tombstone.
    pub(super) fn encode(&self, relay: &str) -> (Vec<u8>, Option<Vec<u8>>) {
        match self {
            Self::Reached(mark) => {
                let text = ReachedText {
                    position: mark.position,
                    aggregate_type: mark.stream.aggregate_type.to_string(),
                    aggregate_id: mark.stream.aggregate_id.clone(),
                    sequence: mark.sequence,
                };
                (own_key(relay), Some(json(&text)))
            }
            Self::Held { stream, next } => {
                let text = HeldText { next: *next };
                (stream_key(relay, stream), Some(json(&text)))
            }
            Self::Free { stream } => (stream_key(relay, stream), None),
        }
    }

    /// What a message says of this relay; `Ok(None)`: it is another relay's. `Err`: it is this
    /// relay's and cannot be read.
    pub(super) fn decode(
        relay: &str,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<Option<Self>, serde_json::Error> {
        if key == own_key(relay) {
            let Some(value) = value else { return Ok(None) };
            let text: ReachedText = serde_json::from_slice(value)?;
            return Ok(Some(Self::Reached(Mark {
                position: text.position,
                stream: StreamId::new(text.aggregate_type, text.aggregate_id),
                sequence: text.sequence,
            })));
        }
        let Ok([of, aggregate_type, aggregate_id]) = serde_json::from_slice::<[String; 3]>(key)
        else {
            return Ok(None);
        };
        if of != relay {
            return Ok(None);
        }
        let stream = StreamId::new(aggregate_type, aggregate_id);
        let Some(value) = value else {
            return Ok(Some(Self::Free { stream }));
        };
        let HeldText { next } = serde_json::from_slice(value)?;
        Ok(Some(Self::Held { stream, next }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_by_its_own_relay_only() {
        let stream = StreamId::new("account", "a/1\"");
        let places = [
            Place::Reached(Mark {
                position: Position::new(807, 5),
                stream: stream.clone(),
                sequence: 3,
            }),
            Place::Held {
                stream: stream.clone(),
                next: 2,
            },
            Place::Free { stream },
        ];
        for place in places {
            let (key, value) = place.encode("mine");
            let mine = Place::decode("mine", &key, value.as_deref()).unwrap();
            assert_eq!(mine, Some(place));
            assert_eq!(
                Place::decode("other", &key, value.as_deref()).unwrap(),
                None
            );
        }
        assert!(
            Place::decode("mine", b"mine", Some(b"?")).is_err(),
            "an unreadable place stops"
        );
    }
}
