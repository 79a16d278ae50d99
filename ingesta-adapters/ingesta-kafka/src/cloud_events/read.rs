//! Headers to an event.

use chrono::{DateTime, Utc};

use super::{
    CONTENT_TYPE, CloudEvent, CloudEventError, ID, POSITION, SEQUENCE, SOURCE, SPEC_VERSION,
    SUBJECT, TIME, TRACE_PARENT, TYPE, VERSION,
};
use crate::message::Header;

/// Bytes of a header's value at most: far more than an id or a media type takes.
const LONGEST: usize = 4_096;

/// What the value of `content-type` begins with where the message holds the event itself.
const STRUCTURED: &str = "application/cloudevents";

pub(super) fn event(headers: &[Header]) -> Result<Option<CloudEvent>, CloudEventError> {
    let content_type = last(headers, CONTENT_TYPE);
    if content_type.as_deref().is_some_and(is_structured) {
        return Err(CloudEventError::Structured);
    }
    let any = [VERSION, ID, SOURCE, TYPE].iter();
    let any = any
        .copied()
        .any(|name| named(headers, name).next().is_some());
    if !any {
        return Ok(None);
    }
    if required(headers, VERSION)? != SPEC_VERSION {
        return Err(CloudEventError::Version);
    }
    Ok(Some(CloudEvent {
        id: required(headers, ID)?.to_owned(),
        source: required(headers, SOURCE)?.to_owned(),
        event_type: required(headers, TYPE)?.to_owned(),
        time: parsed(headers, TIME, time)?,
        subject: optional(headers, SUBJECT)?.map(str::to_owned),
        sequence: parsed(headers, SEQUENCE, digits)?,
        position: parsed(headers, POSITION, |text| text.parse().ok())?,
        content_type,
        traceparent: last(headers, TRACE_PARENT),
    }))
}

fn named<'h>(headers: &'h [Header], name: &str) -> impl Iterator<Item = &'h [u8]> {
    let of_name = headers.iter().filter(move |header| header.name == name);
    of_name.map(|header| header.value.as_slice())
}

/// The last of several, as Kafka's own clients take it. A value that is no text counts as none: it
/// is not the event's own, and a broken trace must not stop a message.
fn last(headers: &[Header], name: &str) -> Option<String> {
    let value = named(headers, name).last()?;
    let text = str::from_utf8(value)
        .ok()
        .filter(|text| text.len() <= LONGEST)?;
    Some(text.to_owned())
}

fn optional<'h>(
    headers: &'h [Header],
    header: &'static str,
) -> Result<Option<&'h str>, CloudEventError> {
    let mut values = named(headers, header);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(CloudEventError::Twice { header });
    }
    let text = str::from_utf8(value).ok().filter(|text| is_plain(text));
    let text = text.ok_or(CloudEventError::Invalid { header })?;
    Ok(Some(text))
}

fn required<'h>(headers: &'h [Header], header: &'static str) -> Result<&'h str, CloudEventError> {
    let text = optional(headers, header)?.filter(|text| !text.is_empty());
    text.ok_or(CloudEventError::Missing { header })
}

fn parsed<T>(
    headers: &[Header],
    header: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, CloudEventError> {
    let Some(text) = optional(headers, header)? else {
        return Ok(None);
    };
    let value = parse(text).ok_or(CloudEventError::Invalid { header })?;
    Ok(Some(value))
}

/// The specification's strings have no control characters.
fn is_plain(text: &str) -> bool {
    text.len() <= LONGEST && !text.chars().any(char::is_control)
}

fn is_structured(content_type: &str) -> bool {
    let start = content_type.get(..STRUCTURED.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(STRUCTURED))
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.to_utc())
}

fn digits(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}
