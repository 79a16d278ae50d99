//! Every event that was ever stored is read and folded by this server's own codec.
//!
//! The golden files are the domain's, and a few of the server's own; here is the codec with all its
//! upcasters. A file of the domain that is missing or changed is the domain's test's to find.

use std::path::PathBuf;

use cqrs_es::Aggregate;
use ingesta_domain::imagen::Imagen;
use ingesta_domain::ingesta::Ingesta;
use ingesta_event_store::StreamId;
use ingesta_event_store::{EventCodec, KnownTypes, Loaded, Position, Readable, RecordedEvent};
use ingesta_server::acceso::{ClaveApi, ClaveEvent};
use ingesta_server::app::event_codec;
use ingesta_server::saga::SagaDeIngesta;

/// Every golden file as an event of a stream of `A`, named by its file.
fn golden<A: Aggregate>() -> Vec<RecordedEvent> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folders = ["../ingesta-domain/stored-events", "stored-events"];
    let files = folders.map(|folder| std::fs::read_dir(here.join(folder)).expect("golden files"));
    let paths = files
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry").path());
    let events = paths.filter_map(|path| {
        let name = path.file_name()?.to_str()?;
        let (event_type, event_version) = name.strip_suffix(".json")?.split_once('.')?;
        Some(RecordedEvent {
            position: Position::new(1, 1),
            stream: StreamId::of::<A>("01890000-0000-7000-8000-000000000001"),
            sequence: 1,
            event_type: event_type.to_owned(),
            event_version: event_version.to_owned(),
            payload: std::fs::read_to_string(&path).expect(name),
            metadata: "{}".to_owned(),
            recorded_at: None,
        })
    });
    events.collect()
}

/// The names of those that are read as events of `A`. Each is folded, on its own where it is one
/// that begins a stream, else behind such a one.
fn read_as<A: Aggregate + PartialEq>(codec: &EventCodec, begins: &str) -> Vec<String> {
    let known = KnownTypes::new(codec.clone()).with::<A>();
    let (mut names, golden) = (Vec::new(), golden::<A>());
    let beginning = golden.iter().find(|event| event.event_type == begins);
    for event in &golden {
        let Readable::As(parts) = known.readable(event) else {
            continue;
        };
        let name = format!("{}.{}", event.event_type, event.event_version);
        let before = beginning.filter(|_| event.event_type != begins);
        let mut stream: Vec<_> = before.into_iter().cloned().collect();
        let was = Loaded::<A>::fold(codec, &stream).expect(begins).state;
        stream.push(event.clone());
        let is = Loaded::<A>::fold(codec, &stream).expect(&name).state;
        assert!(parts == 0 || is != was, "{name} does nothing");
        names.push(name);
    }
    names
}

#[test]
fn every_stored_version_that_has_a_golden_file_is_read_and_folded() {
    let codec = event_codec();
    let mut read = read_as::<Ingesta>(&codec, "IngestaCreada");
    read.extend(read_as::<Imagen>(&codec, "ImagenVerificada"));
    read.extend(read_as::<SagaDeIngesta>(&codec, "SagaIniciada"));
    read.extend(read_as::<ClaveApi>(&codec, "ClaveCreada"));
    let golden = golden::<Ingesta>();
    assert!(golden.len() >= 10, "the golden files are not there");
    for event in golden {
        let name = format!("{}.{}", event.event_type, event.event_version);
        assert!(read.contains(&name), "{name} cannot be read by this server");
    }
}

/// What is stored is never written otherwise: these lines are of files that nobody may change.
#[test]
fn the_servers_own_stored_events_are_read_and_written_again_byte_by_byte() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("stored-events");
    for (name, kind) in [("ClaveCreada", "nombre"), ("ClaveRevocada", "fecha")] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.1.json"))).expect(name);
        let event: ClaveEvent = serde_json::from_str(&text).expect(name);
        let again = serde_json::to_string(&event).expect(name);
        assert_eq!(again, text.trim_end(), "{name}");
        assert!(again.contains(kind));
    }
}
