//! A small domain with a past: trips, whose events have been renamed, split and given up.
//!
//! | stored | today |
//! |---|---|
//! | `Departed` 1, `from` | `Departed` 2, `harbour` |
//! | `Moved` 1, `from` and `to` | `Departed` 1, lifted further, and `Arrived` 1 |
//! | `Pinged` 1 | nothing |
//! | `Departed` 2, `Arrived` 1 | the same |

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent};
use ingesta_event_store::{
    Append, EventCodec, EventStorage, NewEvent, Position, RecordedEvent, StreamAppend, StreamId,
    Upcaster,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Every form that was ever stored: type, version, bytes. Lines are added, never changed.
pub(crate) const GOLDEN: &[(&str, &str, &str)] = &[
    ("Departed", "1", r#"{"Departed":{"from":"Cadiz"}}"#),
    ("Pinged", "1", r#"{"Pinged":{"at":7}}"#),
    ("Moved", "1", r#"{"Moved":{"from":"Lisboa","to":"Faro"}}"#),
    ("Departed", "2", r#"{"Departed":{"harbour":"Vigo"}}"#),
    ("Arrived", "1", r#"{"Arrived":{"harbour":"Brest"}}"#),
];

/// What all of [`GOLDEN`] in one stream are today.
pub(crate) const LEGS: &[&str] = &["<Cadiz", "<Lisboa", ">Faro", "<Vigo", ">Brest"];

/// The legs, in order: `<` where it left, `>` where it came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trip {
    pub(crate) legs: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TripEvent {
    Departed { harbour: String },
    Arrived { harbour: String },
}

/// Arrives there, unless it is there already.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Arrive(pub(crate) &'static str);

impl DomainEvent for TripEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Departed { .. } => "Departed".to_owned(),
            Self::Arrived { .. } => "Arrived".to_owned(),
        }
    }

    fn event_version(&self) -> String {
        match self {
            Self::Departed { .. } => "2".to_owned(),
            Self::Arrived { .. } => "1".to_owned(),
        }
    }
}

impl Aggregate for Trip {
    const TYPE: &'static str = "Trip";
    type Command = Arrive;
    type Event = TripEvent;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(
        &mut self,
        Arrive(harbour): Arrive,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        if self.legs.last() != Some(&format!(">{harbour}")) {
            let harbour = harbour.to_owned();
            sink.write(TripEvent::Arrived { harbour }, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: TripEvent) {
        self.legs.push(match event {
            TripEvent::Departed { harbour } => format!("<{harbour}"),
            TripEvent::Arrived { harbour } => format!(">{harbour}"),
        });
    }
}

pub(crate) struct Split;

impl Upcaster for Split {
    fn lifts(&self, event_type: &str, _: &str) -> bool {
        event_type == "Moved"
    }

    fn lift(&self, event: SerializedEvent) -> Vec<SerializedEvent> {
        let Some(moved) = event.payload.get("Moved").cloned() else {
            return vec![event];
        };
        let part = |name: &str, payload: Value| SerializedEvent {
            event_type: name.to_owned(),
            payload: json!({ name: payload }),
            // What it says about its place does not count.
            sequence: 99,
            aggregate_id: "elsewhere".to_owned(),
            ..event.clone()
        };
        vec![
            part("Departed", json!({ "from": moved["from"] })),
            part("Arrived", json!({ "harbour": moved["to"] })),
        ]
    }
}

struct Given;

impl Upcaster for Given {
    fn lifts(&self, event_type: &str, _: &str) -> bool {
        event_type == "Pinged"
    }

    fn lift(&self, event: SerializedEvent) -> Vec<SerializedEvent> {
        // A hole in a mending program: it takes for granted what a damaged event lacks.
        assert!(event.payload["Pinged"].is_object(), "not a ping");
        Vec::new()
    }
}

pub(crate) fn renamed() -> Box<dyn EventUpcaster> {
    let lift = |mut payload: Value| match payload.pointer_mut("/Departed/from").map(Value::take) {
        Some(harbour) => json!({ "Departed": { "harbour": harbour } }),
        None => payload,
    };
    Box::new(SemanticVersionEventUpcaster::new(
        "Departed",
        "2",
        Box::new(lift),
    ))
}

/// The splitter stands before the renamer: what it makes is lifted further.
pub(crate) fn codec() -> EventCodec {
    let codec = EventCodec::default().with_upcaster(Split);
    codec.with_upcasters(vec![renamed()]).with_upcaster(Given)
}

pub(crate) fn recorded(event_type: &str, event_version: &str, payload: &str) -> RecordedEvent {
    RecordedEvent {
        position: Position::new(1, 1),
        stream: StreamId::of::<Trip>("t"),
        sequence: 4,
        event_type: event_type.to_owned(),
        event_version: event_version.to_owned(),
        payload: payload.to_owned(),
        metadata: r#"{"actor":"old"}"#.to_owned(),
        recorded_at: None,
    }
}

/// Stores these, byte by byte, as an older program did.
pub(crate) async fn store(
    storage: &(impl EventStorage + ?Sized),
    id: &str,
    golden: &[(&str, &str, &str)],
) {
    let events = golden.iter().map(|(event_type, version, bytes)| NewEvent {
        event_type: (*event_type).to_owned(),
        event_version: (*version).to_owned(),
        payload: (*bytes).to_owned(),
        metadata: "{}".to_owned(),
    });
    let part = StreamAppend {
        stream: StreamId::of::<Trip>(id),
        expected_version: 0,
        events: events.collect(),
    };
    let append = Append {
        streams: vec![part],
        command: None,
    };
    storage.append(append).await.unwrap();
}
