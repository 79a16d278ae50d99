//! The view is the fold of the log: the same ids, the same state, the same number of events.

use std::collections::BTreeMap;

use super::Findings;
use crate::store::Store;

pub(super) fn check(store: &Store, findings: &mut Findings) {
    let mut folded: BTreeMap<&str, (&str, i64)> = BTreeMap::new();
    for event in store
        .events
        .iter()
        .filter(|event| event.aggregate_type == "Ingesta")
    {
        let Some(state) = state_after(&event.event_type) else {
            findings
                .unexplained
                .push(format!("an event of the unknown type {}", event.event_type));
            continue;
        };
        folded.insert(&event.aggregate_id, (state, event.sequence));
    }
    for row in &store.view {
        let shown = (row.estado.as_str(), row.version);
        match folded.remove(row.id_ingesta.as_str()) {
            Some(state) if state == shown => {}
            Some(state) => {
                let id = &row.id_ingesta;
                findings
                    .view_differs
                    .push(format!("{id} is {state:?}, the view says {shown:?}"));
            }
            None => {
                let id = &row.id_ingesta;
                let found = format!("{id} is not in the log, the view says {shown:?}");
                findings.view_differs.push(found);
            }
        }
    }
    for id in folded.keys() {
        findings
            .view_differs
            .push(format!("{id} is not in the view"));
    }
}

fn state_after(event_type: &str) -> Option<&'static str> {
    Some(match event_type {
        "IngestaCreada" => "Creada",
        "ProcesoIniciado" => "Pendiente",
        "IngestaRechazada" => "Rechazada",
        "IngestaFinalizada" => "Finalizada",
        "IngestaRevertida" => "Fallida",
        "IngestaEliminada" => "Eliminada",
        "IngestaAlertada" => "Alertada",
        _ => return None,
    })
}
