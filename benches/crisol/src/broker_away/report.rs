//! What a broker's absence has come to: the figures, and what of them must not be.

use serde::Serialize;

/// Bytes that the server may grow by while the broker is away, and after: two relays, each with a
/// window of 32 MiB of messages under way and the page of 10,000 events that they are made of, and
/// what requests need meanwhile.
pub const GROWTH_MAX: u64 = 128 << 20;

/// Bytes that it may grow by in the second half of the absence, when every window is full.
const GROWTH_LATE_MAX: u64 = 32 << 20;

/// The commands of one phase.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Phase {
    /// How long it was.
    pub seconds: f64,
    /// Commands that were due.
    pub commands: u64,
    /// Those that were not answered with a 202.
    pub failed: u64,
    /// Commands a second.
    pub per_second: f64,
    /// The time from due to answered, in the middle.
    pub p50_ms: f64,
    /// The same of the slowest hundredth.
    pub p99_ms: f64,
}

/// The server at a moment.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sample {
    /// Since the start.
    pub seconds: u64,
    /// Its memory.
    pub rss_mib: u64,
    /// Messages that wait to be published.
    pub backlog: u64,
}

/// The report. As JSON it is one object.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AwayReport {
    /// Commands a second that were due.
    pub rate: u64,
    /// Before it was killed.
    pub before: Phase,
    /// While it was away, its start included.
    pub away: Phase,
    /// While what had waited was published.
    pub draining: Phase,
    /// After that.
    pub after: Phase,
    /// Bytes of the server's memory when the broker was killed.
    pub rss_at_kill: u64,
    /// The most in the first half of the absence.
    pub rss_away_early: u64,
    /// The most in the second half.
    pub rss_away_late: u64,
    /// The most from the kill on.
    pub rss_max: u64,
    /// Memory and backlog over time.
    pub samples: Vec<Sample>,
    /// Messages that waited when the broker came back.
    pub backlog: u64,
    /// Messages that were published until no more than a second's commands waited.
    pub drained: u64,
    /// How long that took, from the moment the broker took connections again.
    pub drained_in_seconds: f64,
    /// Messages that waited at the end, when no commands came any more.
    pub lag_at_end: u64,
    /// Events in the log.
    pub events: u64,
    /// Events that no message tells of.
    pub missing: u64,
    /// Messages before an earlier one of their stream.
    pub inverted: u64,
    /// Messages that tell of an event again.
    pub repeated: u64,
}

impl AwayReport {
    /// Messages a second while what had waited was published.
    #[must_use]
    pub fn drain_rate(&self) -> f64 {
        self.drained as f64 / self.drained_in_seconds.max(f64::EPSILON)
    }

    /// What must not be; empty where all is well.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let phases = [self.before, self.away, self.draining, self.after];
        let failed: u64 = phases.iter().map(|phase| phase.failed).sum();
        let grown = self.rss_max.saturating_sub(self.rss_at_kill);
        let late = self.rss_away_late.saturating_sub(self.rss_away_early);
        let mut findings = Vec::new();
        let mut find = |wrong: bool, text: String| {
            if wrong {
                findings.push(text);
            }
        };
        find(failed > 0, format!("{failed} commands failed"));
        find(
            self.missing > 0,
            format!("{} events are on no topic", self.missing),
        );
        find(
            self.inverted > 0,
            format!("{} messages are out of order", self.inverted),
        );
        find(
            self.lag_at_end > 0,
            format!("{} messages wait still", self.lag_at_end),
        );
        find(
            grown > GROWTH_MAX,
            format!("memory grew by {} MiB", grown >> 20),
        );
        find(
            late > GROWTH_LATE_MAX,
            format!(
                "memory went on growing: {} MiB in the second half",
                late >> 20
            ),
        );
        let idle = self.away.commands == 0 || self.events == 0;
        find(idle, "too little was done".to_owned());
        findings
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings().is_empty()
    }

    /// For people, line by line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "broker away for {:.0} s at {} commands a second",
            self.away.seconds, self.rate
        )];
        for (name, phase) in [
            ("before", self.before),
            ("away", self.away),
            ("draining", self.draining),
            ("after", self.after),
        ] {
            lines.push(format!(
                "{name:>8}: {:.0} s, {} commands, {} failed, {:.0} a second, p50 {:.1} ms, p99 {:.1} ms",
                phase.seconds,
                phase.commands,
                phase.failed,
                phase.per_second,
                phase.p50_ms,
                phase.p99_ms
            ));
        }
        for sample in &self.samples {
            lines.push(format!(
                "{:>6} s: {} MiB, {} messages wait",
                sample.seconds, sample.rss_mib, sample.backlog
            ));
        }
        let mib = |bytes: u64| bytes >> 20;
        lines.push(format!(
            "memory: {} MiB at the kill, {} and {} MiB at most in the halves of the absence, {} MiB \
             at most; may grow by {} MiB",
            mib(self.rss_at_kill),
            mib(self.rss_away_early),
            mib(self.rss_away_late),
            mib(self.rss_max),
            mib(GROWTH_MAX)
        ));
        lines.push(format!(
            "{} messages waited; {} were published in {:.1} s, {:.0} a second; {} wait at the end",
            self.backlog,
            self.drained,
            self.drained_in_seconds,
            self.drain_rate(),
            self.lag_at_end
        ));
        lines.push(format!(
            "{} events: missing {}, out of order {}, repeated {}",
            self.events, self.missing, self.inverted, self.repeated
        ));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_that_must_not_be_is_found() {
        let well = AwayReport {
            away: Phase {
                commands: 1,
                ..Phase::default()
            },
            events: 1,
            repeated: 9,
            rss_max: GROWTH_MAX,
            ..AwayReport::default()
        };
        assert!(well.is_clean(), "{:?}", well.findings());
        let failed = Phase {
            failed: 1,
            ..Phase::default()
        };
        let wrongs: [fn(&mut AwayReport, Phase); 7] = [
            |it, failed| it.draining = failed,
            |it, _| it.missing = 1,
            |it, _| it.inverted = 1,
            |it, _| it.lag_at_end = 1,
            |it, _| it.rss_max = GROWTH_MAX + (1 << 20),
            |it, _| it.rss_away_late = GROWTH_LATE_MAX + 1,
            |it, _| it.events = 0,
        ];
        for wrong in wrongs {
            let mut report = well.clone();
            wrong(&mut report, failed);
            assert_eq!(report.findings().len(), 1, "{:?}", report.findings());
        }
    }
}
