//! What a siege has shown.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::broker_away::Phase;

/// Memory that the server may take beyond what it had: half a thousand of those who mean harm hold an
/// answer or a feed each, and a page of 500 rows is 200 KiB, more than once on its way out.
const GROWTH_MAX: u64 = 256 << 20;

/// The figures.
#[derive(Debug, Serialize)]
pub struct SiegeReport {
    /// Honest commands a second.
    pub rate: u64,
    /// The honest ones alone.
    pub before: Phase,
    /// The others beside them.
    pub besieged: Phase,
    /// Alone again.
    pub after: Phase,
    /// What the others did, how often.
    pub attacks: BTreeMap<&'static str, u64>,
    /// Resident memory before they came, in bytes.
    pub rss_before: u64,
    /// The most while they were there, in bytes.
    pub rss_most: u64,
    /// Open files before they came.
    pub files_before: u64,
    /// The most while they were there.
    pub files_most: u64,
}

impl SiegeReport {
    /// How much slower the slowest hundredth of the honest ones was.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.besieged.p99_ms / self.before.p99_ms.max(f64::EPSILON)
    }

    /// What must not happen and did.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let failed = self.before.failed + self.besieged.failed + self.after.failed;
        if failed > 0 {
            findings.push(format!("{failed} honest commands failed"));
        }
        if self.rss_most > self.rss_before + GROWTH_MAX {
            let grown = (self.rss_most - self.rss_before) >> 20;
            findings.push(format!("memory grew by {grown} MiB"));
        }
        findings
    }

    /// For people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let phase = |name: &str, phase: &Phase| {
            format!(
                "{name:<9} {:>6} commands, {} failed, {:.1} a second, p50 {:.1} ms, p99 {:.1} ms",
                phase.commands, phase.failed, phase.per_second, phase.p50_ms, phase.p99_ms
            )
        };
        let mut lines = vec![
            phase("before", &self.before),
            phase("besieged", &self.besieged),
            phase("after", &self.after),
            format!("p99 besieged over before: {:.2}", self.ratio()),
            format!(
                "memory {} MiB, at most {} MiB; files {}, at most {}",
                self.rss_before >> 20,
                self.rss_most >> 20,
                self.files_before,
                self.files_most
            ),
        ];
        let attacks = self.attacks.iter();
        lines.extend(attacks.map(|(name, count)| format!("{name}: {count}")));
        lines
    }
}
