//! The checker itself: a clean run passes, and every planted mistake is found by its own rule.

use crisol::check::{Findings, check};
use crisol::history::{Answered, Expectation, Operation, Outcome, Recorder, Sent, What, read};
use crisol::plant::{Mistake, self_check};
use crisol::store::{Event, Row, Store};

fn operation(number: u64, what: What, id: &str, outcome: Outcome) -> Operation {
    let expectation = match outcome {
        Outcome::Ok | Outcome::Unknown => Expectation::Event,
        Outcome::Rejected => Expectation::Refusal,
    };
    let named = Some(id.to_owned());
    Operation {
        sent: Sent {
            number,
            key: format!("run-{number}"),
            what,
            id: named.clone().filter(|_| what != What::Crear),
            expectation,
        },
        answered: (outcome != Outcome::Unknown).then(|| Answered {
            number,
            outcome,
            status: Some(202),
            id: named.filter(|_| outcome == Outcome::Ok),
            tries: 1,
            faults: 0,
        }),
    }
}

fn event(kind: &str, id: &str, sequence: i64, event_type: &str, command: &str) -> Event {
    Event {
        aggregate_type: kind.to_owned(),
        aggregate_id: id.to_owned(),
        sequence,
        event_type: event_type.to_owned(),
        command_id: Some(command.to_owned()),
    }
}

/// Two creations and an end, acknowledged; a refusal; a creation whose end nobody knows.
fn clean() -> (Vec<Operation>, Store) {
    let history = vec![
        operation(0, What::Crear, "a", Outcome::Ok),
        operation(1, What::Crear, "b", Outcome::Ok),
        operation(2, What::Revertir, "a", Outcome::Ok),
        operation(3, What::Eliminar, "a", Outcome::Rejected),
        operation(4, What::Crear, "c", Outcome::Unknown),
    ];
    let events = vec![
        event("Ingesta", "a", 1, "IngestaCreada", "http/run-0"),
        event(
            "Imagen",
            "ia",
            1,
            "ImagenVerificada",
            "imagenes/Ingesta/a/1",
        ),
        event("Ingesta", "b", 1, "IngestaCreada", "http/run-1"),
        event("Ingesta", "a", 2, "IngestaRevertida", "http/run-2"),
        event("Imagen", "ib", 1, "ImagenRechazada", "imagenes/Ingesta/b/1"),
        event("Imagen", "ia", 2, "ImagenRevertida", "imagenes/Ingesta/a/2"),
        event(
            "Ingesta",
            "b",
            2,
            "IngestaRechazada",
            "ingestas/Imagen/ib/1",
        ),
    ];
    let row = |id: &str, estado: &str| Row {
        id_ingesta: id.to_owned(),
        estado: estado.to_owned(),
        version: 2,
    };
    let view = vec![row("a", "Fallida"), row("b", "Rechazada")];
    (
        history,
        Store {
            events,
            view,
            behind: Vec::new(),
        },
    )
}

fn rules(findings: &Findings) -> Vec<&'static str> {
    findings.all().map(|(rule, _)| rule).collect()
}

#[test]
fn a_clean_run_has_no_findings_whatever_became_of_the_unknown() {
    let (history, mut store) = clean();
    assert_eq!(rules(&check(&history, &store)), [""; 0]);

    store
        .events
        .push(event("Ingesta", "c", 1, "IngestaCreada", "http/run-4"));
    store.events.push(event(
        "Imagen",
        "ic",
        1,
        "ImagenVerificada",
        "imagenes/Ingesta/c/1",
    ));
    let (id_ingesta, estado) = ("c".to_owned(), "Creada".to_owned());
    store.view.push(Row {
        id_ingesta,
        estado,
        version: 1,
    });
    assert_eq!(rules(&check(&history, &store)), [""; 0]);
}

#[test]
fn every_planted_mistake_is_found_by_its_rule() {
    let (history, store) = clean();
    for mistake in Mistake::ALL {
        let planted = mistake.plant(&history, &store).unwrap();
        let found = rules(&check(&history, &planted));
        assert!(found.contains(&mistake.rule()), "{mistake:?}: {found:?}");
    }
    assert_eq!(self_check(&history, &store), (6, 6));
}

#[test]
fn the_event_of_a_refused_command_is_found() {
    let (history, mut store) = clean();
    store
        .events
        .push(event("Ingesta", "a", 3, "IngestaEliminada", "http/run-3"));
    assert!(rules(&check(&history, &store)).contains(&"unexplained"));
}

#[test]
fn an_unknown_command_that_took_effect_twice_is_found() {
    let (history, mut store) = clean();
    for id in ["c", "d"] {
        store
            .events
            .push(event("Ingesta", id, 1, "IngestaCreada", "http/run-4"));
    }
    assert!(rules(&check(&history, &store)).contains(&"doubled"));
}

#[test]
fn a_reaction_that_never_came_is_found() {
    let (history, mut store) = clean();
    store.events.pop();
    assert!(rules(&check(&history, &store)).contains(&"lost"));
}

#[test]
fn an_acknowledgement_of_another_ingesta_is_found() {
    let (mut history, store) = clean();
    history[1] = operation(1, What::Crear, "other", Outcome::Ok);
    assert!(rules(&check(&history, &store)).contains(&"lost"));
}

#[test]
fn a_command_that_was_done_already_leaves_its_key_and_nothing_else() {
    let (mut history, mut store) = clean();
    let mut again = operation(5, What::Revertir, "a", Outcome::Ok);
    again.sent.expectation = Expectation::Nothing;
    history.push(again);
    assert_eq!(rules(&check(&history, &store)), ["lost"]);

    let kept = event("$command", "http/run-5", 1, "CommandDone", "http/run-5");
    store.events.push(kept.clone());
    assert_eq!(rules(&check(&history, &store)), [""; 0]);

    // A refusal is not remembered.
    history[5].sent.expectation = Expectation::Refusal;
    history[5].answered.as_mut().unwrap().outcome = Outcome::Rejected;
    assert_eq!(rules(&check(&history, &store)), ["unexplained"]);
}

#[test]
fn a_read_that_does_not_find_what_was_acknowledged_is_found() {
    let (mut history, store) = clean();
    let mut missed = operation(5, What::Leer, "a", Outcome::Rejected);
    missed.sent.expectation = Expectation::Nothing;
    history.push(missed);
    assert_eq!(rules(&check(&history, &store)), ["lost"]);
}

#[test]
fn the_record_reads_as_it_was_written_and_what_has_no_end_is_unknown() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.ndjson");
    let (history, _) = clean();
    let recorder = Recorder::create(&path).unwrap();
    for operation in &history {
        recorder.sent(&operation.sent).unwrap();
        if let Some(answered) = &operation.answered {
            recorder.answered(answered).unwrap();
        }
    }
    let again = read(&path).unwrap();
    assert_eq!(again, history);
    assert_eq!(again[4].outcome(), Outcome::Unknown);

    std::fs::write(&path, "{\"record\":\"sent\"").unwrap();
    assert!(read(&path).is_err());
}
