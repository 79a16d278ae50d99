//! The person whom an alert calls: decides on ingestas whose clean-up was refused.
//!
//! Promises: each is decided on once, also where the answer was lost; of three one is withdrawn, one
//! is undone and one is left waiting.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::entregas::Puerta;
use super::rastro::Sabido;

#[derive(Default)]
pub(super) struct Persona {
    /// Those that it has seen, and whether it lets them wait.
    seen: BTreeMap<String, bool>,
}

impl Persona {
    /// Decides on all that are new to it.
    pub(super) async fn decide(&mut self, puerta: &Puerta, sabido: &Sabido) -> anyhow::Result<()> {
        let fresh = sabido.alertadas().filter(|id| !self.seen.contains_key(*id));
        for id in fresh.cloned().collect::<Vec<_>>() {
            let decision: Option<(&str, Value)> = match self.seen.len() % 3 {
                0 => Some(("eliminar", json!({}))),
                1 => Some((
                    "revertir",
                    json!({"motivo": "limpieza rechazada en la demostracion"}),
                )),
                _ => None,
            };
            self.seen.insert(id.clone(), decision.is_none());
            if let Some((verb, body)) = decision {
                puerta.ordenar(&id, verb, &body).await?;
            }
        }
        Ok(())
    }

    /// Whether this one is to go on waiting.
    pub(super) fn lets_wait(&self, id: &str) -> bool {
        self.seen.get(id).copied().unwrap_or_default()
    }

    /// How many it has decided on.
    pub(super) fn decided(&self) -> u64 {
        self.seen.values().filter(|waits| !**waits).count() as u64
    }
}
