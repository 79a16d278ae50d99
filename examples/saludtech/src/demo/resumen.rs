//! What became of everything, for people and for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::entregas::Estado;
use crate::cli::Out;

/// The last line of a demo.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Resumen {
    event: &'static str,
    /// Images that were handed in.
    total: u64,
    finalizada: u64,
    fallida: u64,
    rechazada: u64,
    eliminada: u64,
    /// In none of those states.
    sin_terminar: u64,
    /// Withdrawn and failed: nothing has two ends.
    eliminada_y_fallida: u64,
    /// Alerts that a person decided on.
    decididas: u64,
    /// Notifications by state.
    notificaciones: BTreeMap<&'static str, u64>,
    /// Neighbours that died and were started again.
    reinicios: u64,
}

impl Resumen {
    pub(super) fn new(
        estados: &BTreeMap<String, Estado>,
        ambas: &[String],
        decididas: u64,
        notificaciones: BTreeMap<&'static str, u64>,
        reinicios: u64,
    ) -> Self {
        let count = |wanted: &str| {
            let found = estados.values().filter(|estado| estado.0 == wanted);
            found.count() as u64
        };
        let open = estados.values().filter(|estado| !estado.is_final());
        Self {
            event: "demo",
            total: estados.len() as u64,
            finalizada: count("Finalizada"),
            fallida: count("Fallida"),
            rechazada: count("Rechazada"),
            eliminada: count("Eliminada"),
            sin_terminar: open.count() as u64,
            eliminada_y_fallida: ambas.len() as u64,
            decididas,
            notificaciones,
            reinicios,
        }
    }

    /// Everything has one end.
    pub(super) fn is_well(&self) -> bool {
        self.sin_terminar == 0 && self.eliminada_y_fallida == 0
    }

    pub(super) fn tell(&self, out: Out) {
        out.text(format_args!("\nof {} images:", self.total));
        let lines = [
            ("Finalizada", self.finalizada),
            ("Fallida", self.fallida),
            ("Rechazada", self.rechazada),
            ("Eliminada", self.eliminada),
            ("sin terminar", self.sin_terminar),
            ("eliminada y fallida", self.eliminada_y_fallida),
        ];
        for (what, count) in lines {
            out.text(format_args!("  {what:<20} {count}"));
        }
        out.text(format_args!(
            "alerts decided by a person: {}",
            self.decididas
        ));
        for (state, count) in &self.notificaciones {
            out.text(format_args!("notifications {state}: {count}"));
        }
        out.text(format_args!("neighbours started again: {}", self.reinicios));
        out.json(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_or_two_is_not_well() {
        let estados = |words: &[&str]| -> BTreeMap<String, Estado> {
            let numbered = words.iter().enumerate();
            numbered
                .map(|(id, word)| (id.to_string(), Estado((*word).to_owned())))
                .collect()
        };
        let well = estados(&["Finalizada", "Fallida", "Fallida", "Eliminada", "Rechazada"]);
        let told = Resumen::new(&well, &[], 1, BTreeMap::new(), 0);
        assert!(told.is_well());
        assert_eq!((told.total, told.fallida, told.sin_terminar), (5, 2, 0));
        let both = Resumen::new(&well, &["1".to_owned()], 1, BTreeMap::new(), 0);
        assert!(!both.is_well());
        let open = estados(&["Pendiente", "Alertada", "Finalizada"]);
        let told = Resumen::new(&open, &[], 0, BTreeMap::new(), 0);
        assert!(!told.is_well());
        assert_eq!(told.sin_terminar, 2);
    }
}
