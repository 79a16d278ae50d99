//! CloudEvents headers: as the Kafka binding has them, there and back.

use chrono::{DateTime, TimeZone, Utc};
use ingesta_event_store::{Position, RecordedEvent, StreamId};
use ingesta_kafka::cloud_events::{CloudEvent, CloudEventError};
use ingesta_kafka::message::{Header, OutgoingMessage};
use proptest::prelude::*;

use super::samples::{CANARY, assert_quotes_nothing};

fn recorded() -> RecordedEvent {
    RecordedEvent {
        position: Position::new(807, 5),
        stream: StreamId::new("Ingesta", "7c1f"),
        sequence: 3,
        event_type: "IngestaCreada".to_owned(),
        event_version: "1".to_owned(),
        payload: format!("\"{CANARY}\""),
        metadata: "{}".to_owned(),
        recorded_at: Some(Utc.with_ymd_and_hms(2025, 3, 1, 12, 0, 0).unwrap()),
    }
}

fn text<'h>(headers: &'h [Header], name: &str) -> Option<&'h str> {
    let header = headers.iter().find(|header| header.name == name)?;
    Some(std::str::from_utf8(&header.value).expect("it works"))
}

#[test]
fn an_event_of_the_log_has_the_headers_of_the_binding() {
    let event = CloudEvent {
        content_type: Some("application/avro".to_owned()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        ..CloudEvent::of(&recorded(), "/sta/ingesta", "IngestaCreada")
    };
    let headers = event.to_headers();
    for (name, value) in [
        ("ce_specversion", "1.0"),
        ("ce_id", "Ingesta/7c1f/3"),
        ("ce_source", "/sta/ingesta"),
        ("ce_type", "IngestaCreada"),
        ("ce_time", "2025-03-01T12:00:00Z"),
        ("ce_subject", "7c1f"),
        ("ce_sequence", "00000000000000000003"),
        ("ce_position", "807-5"),
        ("content-type", "application/avro"),
        (
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ),
    ] {
        assert_eq!(text(&headers, name), Some(value), "{name}");
    }
    assert_eq!(headers.len(), 10);
    assert_eq!(CloudEvent::from_headers(&headers), Ok(Some(event)));
}

#[test]
fn the_same_event_has_the_same_id_each_time_and_another_has_another() {
    let id = |event: &RecordedEvent| CloudEvent::of(event, "/a", "B").id;
    let mut next = recorded();
    next.sequence += 1;
    assert_eq!(id(&recorded()), id(&recorded()));
    assert_ne!(id(&recorded()), id(&next));
}

#[test]
fn sequences_are_ordered_as_texts_as_the_extension_asks() {
    let header = |sequence| {
        let mut event = CloudEvent::new("a", "b", "c");
        event.sequence = Some(sequence);
        text(&event.to_headers(), "ce_sequence").unwrap().to_owned()
    };
    let texts: Vec<_> = [1, 9, 10, 99, 1_000_000, u64::MAX].map(header).into();
    assert!(texts.is_sorted(), "{texts:?}");
}

#[test]
fn the_example_of_the_binding_is_read() {
    let headers = [
        ("ce_specversion", "1.0"),
        ("ce_type", "com.example.someevent"),
        ("ce_source", "/mycontext/subcontext"),
        ("ce_id", "1234-1234-1234"),
        ("ce_time", "2018-04-05T03:56:24Z"),
        ("content-type", "application/avro"),
        ("ce_comexampleextension", "unknown ones are left alone"),
    ];
    let headers = headers.map(|(name, value)| Header::new(name, value));
    let event = CloudEvent::from_headers(&headers).unwrap().unwrap();
    assert_eq!(event.id, "1234-1234-1234");
    assert_eq!(event.source, "/mycontext/subcontext");
    assert_eq!(event.event_type, "com.example.someevent");
    let time = Utc.with_ymd_and_hms(2018, 4, 5, 3, 56, 24).unwrap();
    assert_eq!(event.time, Some(time));
    assert_eq!(event.content_type.as_deref(), Some("application/avro"));
    assert_eq!(
        (event.subject, event.sequence, event.position),
        (None, None, None)
    );
}

#[track_caller]
fn refused(change: impl FnOnce(&mut Vec<Header>), code: &str) {
    let mut headers = CloudEvent::of(&recorded(), "/a", "B").to_headers();
    change(&mut headers);
    let error = CloudEvent::from_headers(&headers).expect_err("it is refused");
    assert_eq!(error.code(), code, "{error}");
    assert_quotes_nothing(&error);
}

fn set(name: &'static str, value: impl Into<Vec<u8>>) -> impl FnOnce(&mut Vec<Header>) {
    let value = value.into();
    move |headers| {
        headers.retain(|header| header.name != name);
        headers.push(Header::new(name, value));
    }
}

#[test]
fn headers_that_are_no_event_are_refused_each_with_its_code() {
    for name in ["ce_specversion", "ce_id", "ce_source", "ce_type"] {
        refused(
            |headers| headers.retain(|header| header.name != name),
            "ce-missing",
        );
        refused(set(name, ""), "ce-missing");
        refused(
            |headers| headers.push(Header::new(name, CANARY)),
            "ce-twice",
        );
    }
    refused(set("ce_specversion", "0.3"), "ce-version");
    refused(set("ce_id", [0xff]), "ce-invalid");
    refused(set("ce_id", format!("{CANARY}\n")), "ce-invalid");
    refused(set("ce_id", CANARY.repeat(1_000)), "ce-invalid");
    refused(set("ce_time", CANARY), "ce-invalid");
    refused(set("ce_sequence", "+7"), "ce-invalid");
    refused(set("ce_sequence", ""), "ce-invalid");
    refused(set("ce_position", "807"), "ce-invalid");
    let structured = "Application/CloudEvents+json; charset=UTF-8";
    refused(set("content-type", structured), "ce-structured");
}

#[test]
fn a_message_without_an_event_is_no_error() {
    assert_eq!(CloudEvent::from_headers(&[]), Ok(None));
    let foreign = [
        Header::new("content-type", "text/plain"),
        Header::new("x", [0xff]),
    ];
    assert_eq!(CloudEvent::from_headers(&foreign), Ok(None));
}

#[test]
fn a_trace_that_is_broken_stops_no_message() {
    let mut headers = CloudEvent::new("a", "b", "c").to_headers();
    headers.push(Header::new("traceparent", "first"));
    headers.push(Header::new("traceparent", "last"));
    let event = CloudEvent::from_headers(&headers).unwrap().unwrap();
    assert_eq!(event.traceparent.as_deref(), Some("last"));
    headers.push(Header::new("traceparent", [0xff]));
    let event = CloudEvent::from_headers(&headers).unwrap().unwrap();
    assert_eq!(event.traceparent, None);
}

#[test]
fn a_message_prints_sizes_and_no_contents() {
    let message = OutgoingMessage {
        topic: "t".to_owned(),
        key: CANARY.into(),
        value: Some(CANARY.into()),
        headers: vec![Header::new("ce_id", CANARY)],
        timestamp: None,
    };
    let printed = format!("{message:?}");
    assert!(!printed.contains(CANARY), "{printed}");
    assert!(printed.contains("ce_id: 16 bytes"), "{printed}");
}

fn plain() -> impl Strategy<Value = String> {
    "[^\\p{Cc}]{1,40}"
}

proptest! {
    #[test]
    fn any_event_comes_back(
        texts in [plain(), plain(), plain(), plain()],
        sequence in any::<Option<u64>>(),
        place in any::<Option<(u64, u32)>>(),
        nanos in proptest::option::of(0..4_000_000_000_000_000_000_i64),
    ) {
        let [id, source, event_type, subject] = texts;
        let event = CloudEvent {
            subject: Some(subject),
            sequence,
            position: place.map(|(xact, identity)| Position::new(xact, identity.into())),
            time: nanos.map(DateTime::from_timestamp_nanos),
            ..CloudEvent::new(id, source, event_type)
        };
        let read = CloudEvent::from_headers(&event.to_headers());
        prop_assert_eq!(read, Ok::<_, CloudEventError>(Some(event)));
    }

    #[test]
    fn whatever_headers_come_are_an_event_or_a_refusal(
        headers in proptest::collection::vec(
            (
                proptest::sample::select(vec!["ce_id", "ce_type", "ce_time", "content-type", "x"]),
                any::<Vec<u8>>(),
            ),
            0..8,
        ),
    ) {
        let headers: Vec<_> =
            headers.into_iter().map(|(name, value)| Header::new(name, value)).collect();
        prop_assert!(!matches!(CloudEvent::from_headers(&headers), Ok(Some(_))));
    }
}
