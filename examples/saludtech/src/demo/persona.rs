//! The person whom an alert calls: decides on each ingesta whose clean-up was refused.
//!
//! Promises: each is decided on once; every other one is withdrawn, the rest are undone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::entregas::{Estado, Puerta};

#[derive(Default)]
pub(super) struct Persona {
    decided: BTreeSet<String>,
}

impl Persona {
    /// Decides on all that wait for it.
    pub(super) async fn decide(
        &mut self,
        puerta: &Puerta,
        estados: &BTreeMap<String, Estado>,
    ) -> anyhow::Result<()> {
        let alerted = estados.iter().filter(|(_, estado)| estado.0 == "Alertada");
        for (id, _) in alerted {
            if !self.decided.insert(id.clone()) {
                continue;
            }
            let (verb, body) = if self.decided.len().is_multiple_of(2) {
                (
                    "revertir",
                    json!({"motivo": "limpieza rechazada en la demostracion"}),
                )
            } else {
                ("eliminar", json!({}))
            };
            puerta.ordenar(id, verb, &body).await?;
        }
        Ok(())
    }

    /// How many it has decided on.
    pub(super) fn decided(&self) -> u64 {
        self.decided.len() as u64
    }
}
