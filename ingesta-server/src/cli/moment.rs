//! As of when a command is asked: `--version`, `--position` or `--instant`, one of them or none.
//!
//! Promises: what is malformed is refused as the command line, before anything is opened.
//! Does not: know whether the moment has come; the log does.

use chrono::{DateTime, Utc};
use clap::Args;
use ingesta_event_store::{Moment, Position};

#[derive(Args, Clone, Copy, Debug)]
#[group(multiple = false)]
pub(crate) struct MomentArgs {
    /// As it was after this many of its events
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    /// As it was at this place in the log
    #[arg(long, value_name = "POSITION")]
    position: Option<Position>,
    /// As it was at this instant of the database's clock, as in 2026-01-31T08:30:00-05:00
    #[arg(long, value_name = "TIME", value_parser = instant)]
    instant: Option<DateTime<Utc>>,
}

impl MomentArgs {
    /// `None`: as it is now.
    pub(super) fn moment(self) -> Option<Moment> {
        let version = self.version.map(Moment::Version);
        let position = || self.position.map(Moment::Position);
        let instant = || self.instant.map(Moment::Instant);
        version.or_else(position).or_else(instant)
    }
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let read = DateTime::parse_from_rfc3339(text);
    read.map(|at| at.to_utc())
        .map_err(|_| "expected RFC 3339 with a zone, as in 2026-01-31T08:30:00Z".to_owned())
}
