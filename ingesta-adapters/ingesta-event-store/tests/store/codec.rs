//! The codec's two seams: older versions are lifted, personal fields are sealed and opened.

use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster};
use ingesta_event_store::{
    CodecError, EventCodec, FieldCodec, FieldError, FieldPlace, Metadata, PersonalFields, Position,
    RecordedEvent, StreamId,
};
use serde_json::{Value, json};

use crate::support::{Counter, CounterEvent, added, decoded};

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
    let there = recorded(&stored.payload, "1", 4);
    let read = decoded::<Counter>(&sealing(), &there).unwrap();
    assert_eq!(read[0].payload, event);
    // Moved to another event it does not open, and a reader without the codec says so.
    decoded::<Counter>(&sealing(), &recorded(&stored.payload, "1", 5)).unwrap_err();
    decoded::<Counter>(&EventCodec::default(), &there).unwrap_err();
}

#[test]
fn a_sealing_reader_reads_what_was_stored_plain() {
    let plain = recorded(&added(5).payload, "1", 1);
    let read = decoded::<Counter>(&sealing(), &plain).unwrap();
    assert_eq!(read[0].payload, CounterEvent::Added { number: 5 });
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
        decoded::<Counter>(&codec, &old).unwrap()[0].payload,
        CounterEvent::Added { number: 3 }
    );
    decoded::<Counter>(&EventCodec::default(), &old).unwrap_err();
}

#[test]
fn an_event_that_uses_the_key_of_sealed_fields_is_refused_and_a_text_that_names_it_is_not() {
    use crate::notes::{Note, NoteEvent};
    let stream = StreamId::of::<Note>("n");
    let event = |key: &str| NoteEvent::Noted {
        words: [(key.to_owned(), "$enc".to_owned())].into(),
    };
    for codec in [EventCodec::default(), sealing()] {
        let refused = codec.encode::<Note>(&stream, 1, &event("$enc"), "{}");
        assert_eq!(refused, Err(CodecError::ReservedKey));
        let stored = codec
            .encode::<Note>(&stream, 1, &event("price"), "{}")
            .unwrap();
        let read = decoded::<Note>(&codec, &recorded(&stored.payload, "1", 1)).unwrap();
        assert_eq!(read[0].payload, event("price"));
    }
}

#[test]
fn metadata_of_another_shape_does_not_make_an_event_unreadable() {
    let mut odd = recorded(&added(5).payload, "1", 1);
    for (stored, expected) in [
        (
            r#"{"who":"me","tries":3}"#,
            vec![("tries", "3"), ("who", "me")],
        ),
        (r#"[1]"#, vec![]),
    ] {
        odd.metadata = stored.to_owned();
        let read = decoded::<Counter>(&EventCodec::default(), &odd).unwrap();
        let mut metadata: Vec<_> = read[0]
            .metadata
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        metadata.sort_unstable();
        assert_eq!(metadata, expected);
    }
}

#[test]
fn a_named_key_among_the_others_is_written_once() {
    let mut metadata = Metadata {
        actor: Some("importer".to_owned()),
        ..Metadata::default()
    };
    metadata
        .extra
        .insert("actor".to_owned(), "another".to_owned());
    let read = Metadata::from_json(&metadata.to_json()).unwrap();
    assert_eq!(
        (read.actor.as_deref(), read.extra.len()),
        (Some("importer"), 0)
    );
}
