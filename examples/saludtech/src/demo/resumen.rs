//! What became of everything, for people and for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::auditoria::Auditoria;
use crate::cli::Out;

/// Disagreements that are told to people; programs are told all.
const SHOWN: usize = 20;

/// The last line of a demo.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Resumen {
    event: &'static str,
    /// Images that were handed in.
    total: u64,
    finalizada: u64,
    fallida: u64,
    rechazada: u64,
    eliminada: u64,
    /// Waiting for a person, which counts as ended.
    alertada: u64,
    /// In none of those states.
    sin_terminar: u64,
    /// Withdrawn and failed: nothing has two ends.
    pub(super) eliminada_y_fallida: u64,
    /// Alerts that a person decided on.
    pub(super) decididas: u64,
    /// Notifications by state.
    pub(super) notificaciones: BTreeMap<&'static str, u64>,
    /// Neighbours that died of a failure on purpose and were started again.
    pub(super) reinicios: u64,
    /// Processes that were killed while everything ran, the server among them.
    pub(super) muertes: u64,
    /// What log, view, topic and the neighbours' books say, and where they disagree.
    pub(super) auditoria: Auditoria,
}

impl Resumen {
    /// Of ingestas in these states.
    pub(super) fn of(estados: impl Iterator<Item = String>) -> Self {
        let mut this = Self {
            event: "demo",
            ..Self::default()
        };
        for estado in estados {
            this.total += 1;
            let count = match estado.as_str() {
                "Finalizada" => &mut this.finalizada,
                "Fallida" => &mut this.fallida,
                "Rechazada" => &mut this.rechazada,
                "Eliminada" => &mut this.eliminada,
                "Alertada" => &mut this.alertada,
                _ => &mut this.sin_terminar,
            };
            *count += 1;
        }
        this
    }

    /// Everything has one end, and everybody says the same.
    pub(super) fn is_well(&self) -> bool {
        self.sin_terminar == 0 && self.eliminada_y_fallida == 0 && self.auditoria.is_well()
    }

    pub(super) fn tell(&self, out: Out) {
        out.text(format_args!("\nof {} images:", self.total));
        let lines = [
            ("Finalizada", self.finalizada),
            ("Fallida", self.fallida),
            ("Rechazada", self.rechazada),
            ("Eliminada", self.eliminada),
            ("Alertada", self.alertada),
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
        out.text(format_args!("processes killed: {}", self.muertes));
        let found = self.auditoria.discrepancias();
        let count = found.len();
        out.text(match count {
            0 => "log, view, topic and the neighbours' books agree".to_owned(),
            _ => format!("{count} disagreements:"),
        });
        for one in found.iter().take(SHOWN) {
            out.text(format_args!("  {one}"));
        }
        out.json(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_or_two_is_not_well() {
        let of = |words: &[&str]| Resumen::of(words.iter().map(|word| (*word).to_owned()));
        let words = [
            "Finalizada",
            "Fallida",
            "Alertada",
            "Eliminada",
            "Rechazada",
        ];
        let well = of(&words);
        assert!(well.is_well());
        let one_each = (well.total, well.fallida, well.alertada, well.sin_terminar);
        assert_eq!(one_each, (5, 1, 1, 0));
        let both = Resumen {
            eliminada_y_fallida: 1,
            ..of(&words)
        };
        assert!(!both.is_well());
        let open = of(&["en camino", "Eliminada y Fallida", "Finalizada"]);
        assert!(!open.is_well());
        assert_eq!(open.sin_terminar, 2);
    }
}
