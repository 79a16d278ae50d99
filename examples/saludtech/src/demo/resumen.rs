//! What became of everything, for people and for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::auditoria::Auditoria;
use crate::cli::Out;
use crate::notificaciones::EstadoNotificacion;

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
    notificaciones: BTreeMap<&'static str, u64>,
    /// Failures and alerts of which nobody was told: their notification is missing, or was given up.
    /// One whose outcome a crash hid counts as told; it stands among the notifications.
    pub(super) sin_aviso: u64,
    /// Neighbours that died of a failure on purpose and were started again.
    pub(super) reinicios: u64,
    /// Processes that were killed while everything ran, the server among them.
    pub(super) muertes: u64,
    /// What log, view, topic and the neighbours' books say, and where they disagree.
    pub(super) auditoria: Auditoria,
}

impl Resumen {
    /// Of so many ingestas, in these states; those that are missing were not even handed in.
    pub(super) fn of(total: u64, estados: impl ExactSizeIterator<Item = String>) -> Self {
        let handed = u64::try_from(estados.len()).unwrap_or(u64::MAX);
        let mut this = Self {
            event: "demo",
            total,
            sin_terminar: total.saturating_sub(handed),
            ..Self::default()
        };
        for estado in estados {
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

    /// How many notifications stand how, where there should be so many.
    pub(super) fn avisos(&mut self, estados: BTreeMap<&'static str, u64>, due: u64) {
        let told = [EstadoNotificacion::Enviada, EstadoNotificacion::Desconocida];
        let told = told.map(|estado| estados.get(estado.as_str()).copied().unwrap_or_default());
        self.sin_aviso = due.abs_diff(told.iter().sum());
        self.notificaciones = estados;
    }

    /// Everything has one end, everybody says the same, and whoever is to be told was told.
    pub(super) fn is_well(&self) -> bool {
        let ends = self.sin_terminar == 0 && self.eliminada_y_fallida == 0;
        ends && self.sin_aviso == 0 && self.auditoria.is_well()
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
        if self.sin_aviso > 0 {
            out.text(format_args!(
                "failures and alerts that nobody was told of: {}",
                self.sin_aviso
            ));
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
        let of = |words: &[&str]| {
            Resumen::of(
                words.len() as u64,
                words.iter().map(|word| (*word).to_owned()),
            )
        };
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
        // Time was over before all were handed in.
        let late = Resumen::of(3, ["Finalizada".to_owned()].into_iter());
        assert_eq!(
            (late.total, late.sin_terminar, late.is_well()),
            (3, 2, false)
        );
    }

    #[test]
    fn who_was_to_be_told_and_was_not_is_missed() {
        let told = |estados: &[(&'static str, u64)]| {
            let mut resumen = Resumen::of(0, [].into_iter());
            resumen.avisos(estados.iter().copied().collect(), 5);
            (resumen.sin_aviso, resumen.is_well())
        };
        assert_eq!(told(&[("enviada", 4), ("desconocida", 1)]), (0, true));
        assert_eq!(told(&[("enviada", 4), ("fallida", 1)]), (1, false));
        assert_eq!(told(&[("enviada", 3)]), (2, false));
        assert_eq!(told(&[("enviada", 6)]), (1, false), "one too many");
        assert_eq!(told(&[("fallida", 5)]), (5, false));
    }
}
