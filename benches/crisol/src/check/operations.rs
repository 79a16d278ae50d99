//! Acknowledged: exactly once. Refused: not at all. Unknown: once or not at all.

use std::collections::HashMap;

use super::Findings;
use crate::history::{Expectation, Operation, Outcome, What};
use crate::store::{Event, Store};

/// What clients choose stands behind this in the store.
const CLIENTS: &str = "http/";
/// The commands of the server's own reactions.
const REACTIONS: [&str; 2] = ["imagenes/", "ingestas/"];

pub(super) fn check(history: &[Operation], store: &Store, findings: &mut Findings) {
    let mut made: HashMap<&str, Vec<&Event>> = HashMap::new();
    for event in &store.events {
        let command = event.command_id.as_deref().unwrap_or_default();
        match command.strip_prefix(CLIENTS) {
            Some(key) => made.entry(key).or_default().push(event),
            None if REACTIONS
                .iter()
                .any(|reaction| command.starts_with(reaction)) => {}
            None => findings
                .unexplained
                .push(format!("{} has no known command", name(event))),
        }
    }
    for operation in history {
        let events = made.remove(operation.sent.key.as_str()).unwrap_or_default();
        one(operation, &events, findings);
    }
    for (key, events) in made {
        let first = events.first().map(|event| name(event)).unwrap_or_default();
        findings
            .unexplained
            .push(format!("{first} is of {key}, which nobody has sent"));
    }
}

fn one(operation: &Operation, events: &[&Event], findings: &mut Findings) {
    let sent = &operation.sent;
    let told = format!("{:?} {} (operation {})", sent.what, sent.key, sent.number);
    if events.len() > 1 {
        let places: Vec<_> = events.iter().map(|event| name(event)).collect();
        findings
            .doubled
            .push(format!("{told} made {}", places.join(" and ")));
    }
    if operation
        .answered
        .as_ref()
        .is_some_and(|answered| answered.faults > 0)
    {
        findings
            .wrong_answers
            .push(format!("{told} was answered as a fault of the server"));
    }
    let (outcome, expectation) = (operation.outcome(), sent.expectation);
    match (outcome, expectation) {
        (Outcome::Ok, Expectation::Event) => match events.first() {
            None => findings
                .lost
                .push(format!("{told} was acknowledged and is not there")),
            Some(event) => right_place(operation, event, &told, findings),
        },
        (Outcome::Unknown, Expectation::Event) => {}
        (Outcome::Rejected, Expectation::Event) => {
            findings.wrong_answers.push(format!("{told} was refused"));
            none(events, &told, findings);
        }
        (Outcome::Rejected, Expectation::Nothing) => {
            // Something acknowledged that cannot be read is lost to whoever reads.
            if sent.what == What::Leer {
                findings
                    .lost
                    .push(format!("{told} did not find what was acknowledged"));
            } else {
                findings.wrong_answers.push(format!("{told} was refused"));
            }
            none(events, &told, findings);
        }
        (Outcome::Ok, Expectation::Refusal) => {
            findings.wrong_answers.push(format!("{told} was accepted"));
            none(events, &told, findings);
        }
        (Outcome::Ok | Outcome::Unknown, Expectation::Nothing) if sent.what != What::Leer => {
            remembered(operation, events, &told, findings);
        }
        (Outcome::Ok | Outcome::Unknown, Expectation::Nothing)
        | (Outcome::Rejected | Outcome::Unknown, Expectation::Refusal) => {
            none(events, &told, findings);
        }
    }
}

/// A command that is done already changes nothing; that its key was used is remembered.
fn remembered(operation: &Operation, events: &[&Event], told: &str, findings: &mut Findings) {
    let (kept, made): (Vec<&Event>, Vec<&Event>) = events
        .iter()
        .partition(|event| event.aggregate_type == "$command");
    none(&made, told, findings);
    if operation.outcome() == Outcome::Ok && kept.is_empty() {
        findings.lost.push(format!(
            "{told} was acknowledged and its key is not remembered"
        ));
    }
}

fn none(events: &[&Event], told: &str, findings: &mut Findings) {
    for event in events {
        findings
            .unexplained
            .push(format!("{} although {told} makes no event", name(event)));
    }
}

/// The event is of the kind that was asked for, and of the ingesta that the answer named.
fn right_place(operation: &Operation, event: &Event, told: &str, findings: &mut Findings) {
    let kind = match operation.sent.what {
        What::Crear => "IngestaCreada",
        What::Eliminar => "IngestaEliminada",
        What::Revertir => "IngestaRevertida",
        What::Leer => return,
    };
    let right = event.event_type == kind && operation.id() == Some(event.aggregate_id.as_str());
    if !right {
        findings
            .lost
            .push(format!("{told} made {} instead", name(event)));
    }
}

/// `type/id/sequence event`, which holds nothing personal.
pub(super) fn name(event: &Event) -> String {
    let Event {
        aggregate_type,
        aggregate_id,
        sequence,
        event_type,
        ..
    } = event;
    format!("{aggregate_type}/{aggregate_id}/{sequence} {event_type}")
}
