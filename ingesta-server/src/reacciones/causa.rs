//! From an event to the circumstances of the command that it causes.

use ingesta_event_store::{CommandContext, RecordedEvent};
use ingesta_sagas::caused_by;

/// The command's name: unique for ever, and the same at every delivery of the event.
///
/// The part before the first slash keeps it apart from the keys of clients. `part` counts, from 0,
/// the events of today that the stored one became.
pub(super) fn command_id(subscription: &str, event: &RecordedEvent, part: usize) -> String {
    match part {
        0 => format!("{subscription}/{}", event.id()),
        later => format!("{subscription}/{}#{later}", event.id()),
    }
}

/// The conversation goes on; an event from a writer without metadata begins one.
pub(super) fn context(subscription: &str, event: &RecordedEvent) -> CommandContext {
    CommandContext::default().with_metadata(caused_by(event, subscription))
}

#[cfg(test)]
mod tests {
    use ingesta_event_store::{Position, StreamId};

    use super::*;

    #[test]
    fn each_part_of_an_event_causes_a_command_of_its_own_name() {
        let event = RecordedEvent {
            position: Position::START,
            stream: StreamId::new("Ingesta", "x"),
            sequence: 3,
            event_type: String::new(),
            event_version: String::new(),
            payload: String::new(),
            metadata: String::new(),
            recorded_at: None,
        };
        let names = [0, 1, 2].map(|part| command_id("imagenes", &event, part));
        let expected = [
            "imagenes/Ingesta/x/3",
            "imagenes/Ingesta/x/3#1",
            "imagenes/Ingesta/x/3#2",
        ];
        assert_eq!(names, expected);
    }
}
