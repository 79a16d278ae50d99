//! `Frame`: one thing that is told, ready for every watcher alike.
//!
//! Written once and shared: what a watcher costs is a reference.

use std::fmt;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use ingesta_event_store::Position;

/// What is told of an event on one topic.
///
/// ```
/// use ingesta_http::live::Frame;
///
/// let frame = Frame::new("eventos-reserva", r#"{"data":{"estado":"Creada"}}"#);
/// assert_eq!(frame.map(|frame| frame.topic().to_owned()).as_deref(), Some("eventos-reserva"));
/// // A frame is one line, and an object.
/// assert_eq!(Frame::new("eventos-reserva", "{\n}"), None);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    topic: Arc<str>,
    data: Arc<str>,
    owner: Option<Arc<str>>,
}

impl Frame {
    /// Tells this JSON object on this topic. `None` unless both are one line and the text is an
    /// object.
    #[must_use]
    pub fn new(topic: impl Into<Arc<str>>, data: impl Into<Arc<str>>) -> Option<Self> {
        let (topic, data) = (topic.into(), data.into());
        let line = |text: &str| !text.contains(['\n', '\r', '\0']);
        let object = data.starts_with('{') && data.ends_with('}');
        (line(&topic) && line(&data) && object).then_some(Self {
            topic,
            data,
            owner: None,
        })
    }

    /// Says whose it is, for filters.
    #[must_use]
    pub fn with_owner(mut self, owner: impl Into<Arc<str>>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The JSON object.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// Whose it is, where that was said.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }
}

/// The data may be personal, so it is not printed.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

/// All that is told of one log entry.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) position: Position,
    pub(super) frames: Vec<Arc<Written>>,
}

/// A frame as it goes out with its cursor: written when the first watcher needs it, and then shared.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) frame: Frame,
    pub(super) position: Position,
    sse: OnceLock<Bytes>,
    message: OnceLock<Bytes>,
}

/// A frame for one watcher.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) written: Arc<Written>,
    /// Only the last frame that a watcher sees of an entry carries the cursor: one that has had a
    /// part of them gets them all again.
    pub(super) last: bool,
}

impl Told {
    pub(super) fn new(position: Position, frames: Vec<Frame>) -> Self {
        let frames = frames.into_iter().map(|frame| {
            Arc::new(Written {
                frame,
                position,
                sse: OnceLock::new(),
                message: OnceLock::new(),
            })
        });
        Self {
            position,
            frames: frames.collect(),
        }
    }

    /// What of it a filter lets through.
    pub(super) fn seen(&self, filter: &dyn Fn(&Frame) -> bool) -> Vec<Shown> {
        let seen = self.frames.iter().filter(|written| filter(&written.frame));
        let mut shown: Vec<_> = seen
            .map(|written| Shown {
                written: Arc::clone(written),
                last: false,
            })
            .collect();
        if let Some(last) = shown.last_mut() {
            last.last = true;
        }
        shown
    }

    /// What it weighs in memory at most, about: its data, and that twice more as it goes out.
    pub(super) fn bytes(&self) -> usize {
        let frames = self.frames.iter().map(|written| &written.frame);
        let each = |frame: &Frame| size_of::<Written>() + 3 * (frame.data.len() + OVERHEAD);
        size_of::<Self>() + frames.map(each).sum::<usize>()
    }
}

/// Names of fields, cursors and the topic around a frame's data, in bytes, about.
const OVERHEAD: usize = 100;

impl Shown {
    /// As an event of a stream of server-sent events.
    pub(super) fn sse(&self) -> Bytes {
        let Written {
            frame,
            position,
            sse,
            ..
        } = &*self.written;
        match self.last {
            true => sse.get_or_init(|| as_sse(frame, Some(*position))).clone(),
            false => as_sse(frame, None),
        }
    }

    /// As a message of a web socket.
    pub(super) fn message(&self) -> Bytes {
        let Written {
            frame,
            position,
            message,
            ..
        } = &*self.written;
        match self.last {
            true => {
                let write = || as_message(frame, Some(*position));
                message.get_or_init(write).clone()
            }
            false => as_message(frame, None),
        }
    }
}

fn as_sse(frame: &Frame, cursor: Option<Position>) -> Bytes {
    let id = cursor
        .map(|cursor| format!("id: {cursor}\n"))
        .unwrap_or_default();
    format!("event: {}\n{id}data: {}\n\n", frame.topic, frame.data).into()
}

/// The object itself, with its topic and the cursor before its own members.
fn as_message(frame: &Frame, cursor: Option<Position>) -> Bytes {
    let topic = serde_json::to_string(&*frame.topic).unwrap_or_else(|_| "\"\"".to_owned());
    let cursor = cursor
        .map(|cursor| format!("\"cursor\":\"{cursor}\","))
        .unwrap_or_default();
    let members = frame.data[1..].trim_start();
    let comma = if members == "}" { "" } else { "," };
    format!("{{{cursor}\"topico\":{topic}{comma}{members}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(data: &str) -> Frame {
        Frame::new("t", data).expect("one line and an object")
    }

    #[test]
    fn only_the_last_frame_that_is_seen_of_an_entry_carries_its_cursor() {
        let told = Told::new(
            Position::new(8, 5),
            vec![
                frame(r#"{"a":1}"#),
                frame(r#"{"a":2}"#),
                frame(r#"{"a":3}"#),
            ],
        );
        let seen = told.seen(&|frame| !frame.data().contains('3'));
        let texts: Vec<_> = seen.iter().map(Shown::sse).collect();
        assert_eq!(texts.len(), 2);
        assert_eq!(&texts[0][..], b"event: t\ndata: {\"a\":1}\n\n");
        assert_eq!(&texts[1][..], b"event: t\nid: 8-5\ndata: {\"a\":2}\n\n");
    }

    #[test]
    fn a_message_is_the_object_with_its_cursor_and_topic() {
        for (data, message) in [
            (r#"{"a":1}"#, r#"{"cursor":"8-5","topico":"t","a":1}"#),
            ("{}", r#"{"cursor":"8-5","topico":"t"}"#),
            ("{ }", r#"{"cursor":"8-5","topico":"t"}"#),
        ] {
            let told = Told::new(Position::new(8, 5), vec![frame(data)]);
            assert_eq!(told.seen(&|_| true)[0].message(), message.as_bytes());
        }
    }

    #[test]
    fn what_would_break_a_line_or_is_no_object_is_no_frame() {
        for data in ["{\n}", "[]", "", "{", "\r{}"] {
            assert_eq!(Frame::new("t", data), None, "{data:?}");
        }
        assert_eq!(Frame::new("t\ndata: x", "{}"), None);
    }
}
