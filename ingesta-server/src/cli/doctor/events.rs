//! Can this program read what is stored?
//!
//! Promises: every (aggregate type, event type, version) of the table is listed; two events of
//! each are tried, or all of them. An event that cannot be read is named and never quoted.
//! Does not: fold anything, so that a readable event may still be a surprise to an aggregate.

use std::collections::BTreeMap;

use ingesta_event_store::{
    EventStorage, KnownTypes, Position, PostgresStorage, Readable, RecordedEvent, StoreError,
    StoredVersion, TypeFilter,
};
use serde_json::json;

use super::finding::{Finding, Severity};
use super::progress;
use crate::app::known_types;
use crate::cli::out::Out;

/// Events that are read at once.
const PAGE: usize = 1_000;

/// Aggregate type, event type, version.
type Key = (String, String, String);

/// What came of one kind of events.
#[derive(Default)]
struct Kind {
    events: u64,
    tried: u64,
    is_unknown: bool,
    unreadable: u64,
    /// The first that could not be read, and why.
    example: Option<(String, String)>,
}

type Kinds = BTreeMap<Key, Kind>;

pub(super) async fn check(
    storage: &PostgresStorage,
    all: bool,
    head: Position,
    out: &Out,
) -> Result<Vec<Finding>, StoreError> {
    let known = known_types();
    let versions = storage.stored_versions().await?;
    let mut kinds: Kinds = versions.iter().map(counted).collect();
    let mut found = Vec::new();
    if all {
        found.extend(try_all(storage, &known, &mut kinds, head, out).await?);
    } else {
        let both = versions.iter().flat_map(|kind| {
            [&kind.first, &kind.last]
                .into_iter()
                .take(tries(kind.events))
        });
        try_each(&known, &mut kinds, both);
    }
    found.extend(kinds.iter().map(|(key, kind)| judge(key, kind)));
    Ok(found)
}

/// The first and the last may be the same one.
fn tries(events: u64) -> usize {
    if events > 1 { 2 } else { 1 }
}

fn counted(version: &StoredVersion) -> (Key, Kind) {
    let kind = Kind {
        events: version.events,
        ..Kind::default()
    };
    (key(&version.first), kind)
}

fn key(event: &RecordedEvent) -> Key {
    (
        event.stream.aggregate_type.to_string(),
        event.event_type.clone(),
        event.event_version.clone(),
    )
}

/// The whole log as far as it went when the check began.
async fn try_all(
    storage: &PostgresStorage,
    known: &KnownTypes,
    kinds: &mut Kinds,
    head: Position,
    out: &Out,
) -> Result<Option<Finding>, StoreError> {
    let bar = progress::bar(kinds.values().map(|kind| kind.events).sum(), out);
    let mut after = Position::START;
    while after < head {
        let page = match storage.read_after(after, &TypeFilter::All, PAGE).await {
            Ok(page) => page,
            Err(error @ StoreError::OrderViolated { .. }) => {
                bar.finish_and_clear();
                let advice = "stop the servers and find out who changed the table `events`";
                let message = error.to_string();
                return Ok(Some(Finding::new(
                    Severity::Error,
                    "log_out_of_order",
                    message,
                    advice,
                )));
            }
            Err(other) => return Err(other),
        };
        try_each(known, kinds, page.events.iter());
        bar.inc(page.events.len() as u64);
        after = page.reached;
        if !page.more {
            break;
        }
    }
    bar.finish_and_clear();
    Ok((after < head).then(|| {
        Finding::new(
            Severity::Info,
            "events_held_back",
            "the newest events were not tried: an older transaction is still open",
            "run it again in a moment",
        )
    }))
}

/// What an upcaster says in a panic may quote a payload: nobody is told.
fn try_each<'a>(
    known: &KnownTypes,
    kinds: &mut Kinds,
    events: impl Iterator<Item = &'a RecordedEvent>,
) {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for event in events {
        let kind = kinds.entry(key(event)).or_default();
        kind.take(event, known.readable(event));
    }
    std::panic::set_hook(hook);
}

impl Kind {
    fn take(&mut self, event: &RecordedEvent, readable: Readable) {
        self.tried += 1;
        let why = match readable {
            Readable::As(_) => return,
            Readable::UnknownType => {
                self.is_unknown = true;
                return;
            }
            Readable::No(error) => error.cause.to_string(),
            Readable::Panicked => "an upcaster panicked on it".to_owned(),
        };
        self.unreadable += 1;
        self.example.get_or_insert_with(|| (event.id(), why));
    }
}

fn judge((aggregate_type, event_type, event_version): &Key, kind: &Kind) -> Finding {
    // Some may have come since they were counted.
    let events = kind.events.max(kind.tried);
    let (tried, unreadable) = (kind.tried, kind.unreadable);
    let what = format!("{aggregate_type}, {event_type} version {event_version}");
    let about = json!({
        "aggregate_type": aggregate_type,
        "event_type": event_type,
        "event_version": event_version,
        "events": events,
        "tried": tried,
        "unreadable": unreadable,
        "example": kind.example.as_ref().map(|(id, _)| id),
    });
    let finding = if kind.is_unknown {
        Finding::new(
            Severity::Warning,
            "aggregate_type_unknown",
            format!("{what}: {events} events of an aggregate that this program does not know"),
            "nothing, if another program writes them; else use the program that knows them",
        )
    } else if let Some((id, why)) = &kind.example {
        Finding::new(
            Severity::Error,
            "event_unreadable",
            format!(
                "{what}: {unreadable} of {tried} tried of {events} events cannot be read; {id}: {why}"
            ),
            "use a program that reads this version, or give this one an upcaster; if one event \
             alone is damaged, its stream waits until it is skipped",
        )
    } else {
        Finding::new(
            Severity::Info,
            "version_readable",
            format!("{what}: {events} events, {tried} tried, all can be read"),
            "nothing",
        )
    };
    finding.about(about)
}
