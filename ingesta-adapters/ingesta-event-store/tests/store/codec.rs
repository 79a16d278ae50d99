//! The codec's two seams: older versions are lifted, personal fields are sealed and opened.

use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster};
use ingesta_event_store::{
    EventCodec, FieldCodec, FieldError, FieldPlace, PersonalFields, Position, RecordedEvent,
    StreamId,
};
use serde_json::{Value, json};

use crate::support::{Counter, CounterEvent, added};

/// Seals by turning a number round, bound to its place.
struct Backwards;

impl FieldCodec for Backwards {
    fn seal(
        &self,
        place: FieldPlace<'_>,
        subject: &str,
        value: Value,
    ) -> Result<Value, FieldError> {
        let turned: String = value.to_string().chars().rev().collect();
        Ok(json!({ "$enc": { "v": turned, "at": place.sequence, "s": subject } }))
    }

    fn open(&self, place: FieldPlace<'_>, sealed: Value) -> Result<Value, FieldError> {
        if sealed["$enc"]["at"] != json!(place.sequence) {
            return Err(FieldError::Tampered);
        }
        let turned = sealed["$enc"]["v"].as_str().ok_or(FieldError::Tampered)?;
        let text: String = turned.chars().rev().collect();
        serde_json::from_str(&text).map_err(|_| FieldError::Tampered)
    }
}

fn recorded(payload: &str, version: &str, sequence: u64) -> RecordedEvent {
    RecordedEvent {
        position: Position::new(1, 1),
        stream: StreamId::of::<Counter>("c"),
        sequence,
        event_type: "Added".to_owned(),
        event_version: version.to_owned(),
        payload: payload.to_owned(),
        metadata: "{}".to_owned(),
        recorded_at: None,
    }
}

fn sealing() -> EventCodec {
    let personal = PersonalFields::default().field("Added", "/Added/number", "/Added/whose");
    EventCodec::default().with_personal_fields(personal, Backwards)
}

#[test]
fn a_personal_field_is_sealed_in_the_store_and_open_in_the_type() {
    let stream = StreamId::of::<Counter>("c");
    let event = CounterEvent::Added { number: 123 };
    let stored = sealing()
        .encode::<Counter>(&stream, 4, &event, "{}")
        .unwrap();
    assert!(!stored.payload.contains("123"), "{}", stored.payload);
    let read = sealing()
        .decode::<Counter>(&recorded(&stored.payload, "1", 4))
        .unwrap();
    assert_eq!(read.payload, event);
    // Moved to another event it does not open, and a reader without the codec says so.
    sealing()
        .decode::<Counter>(&recorded(&stored.payload, "1", 5))
        .unwrap_err();
    EventCodec::default()
        .decode::<Counter>(&recorded(&stored.payload, "1", 4))
        .unwrap_err();
}

#[test]
fn a_sealing_reader_reads_what_was_stored_plain() {
    let read = sealing()
        .decode::<Counter>(&recorded(&added(5).payload, "1", 1))
        .unwrap();
    assert_eq!(read.payload, CounterEvent::Added { number: 5 });
}

#[test]
fn an_older_version_is_lifted_before_it_is_parsed() {
    let lift = |mut payload: Value| {
        let number = payload["Added"]["amount"].take();
        json!({ "Added": { "number": number } })
    };
    let upcaster: Box<dyn EventUpcaster> = Box::new(SemanticVersionEventUpcaster::new(
        "Added",
        "1",
        Box::new(lift),
    ));
    let codec = EventCodec::default().with_upcasters(vec![upcaster]);
    let old = recorded(r#"{"Added":{"amount":3}}"#, "0", 1);
    assert_eq!(
        codec.decode::<Counter>(&old).unwrap().payload,
        CounterEvent::Added { number: 3 }
    );
    EventCodec::default().decode::<Counter>(&old).unwrap_err();
}
