//! Which columns are copied out, by which statement, and how a row of them becomes an event.
//!
//! One event is filled again and again, so that a row costs no allocation. Names of types stand in
//! the text, for COPY takes no parameters: quotes are doubled, and the session says that a
//! backslash is an ordinary character. A key may be personal, and the server may log a statement
//! that takes long: keys stand in a setting of the session, never in the text.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use ingesta_event_store::{Position, RecordedEvent, StreamId, TypeFilter};

use super::Job;
use crate::Reads;
use crate::rebuild::RebuildError;

/// What the session must be told before [`Columns::copy`]: the literals rest on the first. The
/// others keep the server from sorting what an index has in order, and from starting a compiler
/// or helpers that take the processor from the fold.
pub(super) const SETTINGS: &str = "set standard_conforming_strings = on; set jit = off; \
     set max_parallel_workers_per_gather = 0; set enable_sort = off";

/// Puts the least key into the session's setting, in an instant: a statement that takes long does
/// not hold it.
pub(super) const SET_FROM: &str = "select set_config('ingesta.fold_from', $1, false)";

/// Looked up once for the statement, not for every row.
const FROM: &str = "(select current_setting('ingesta.fold_from'))";

/// Seconds from 1970 to 2000, where the server's clock begins.
const EPOCH_2000: i64 = 946_684_800;

/// The beginning of a row: what decides who folds it, and the rest unread.
pub(super) struct Head<'a> {
    pub(super) id: &'a [u8],
    pub(super) sequence: u64,
    /// True if it was adopted from a table without times.
    pub(super) adopted: bool,
    /// Empty where all events have the same type.
    pub(super) aggregate_type: &'a [u8],
    rest: Fields<'a>,
}

/// The columns of a pass.
#[derive(Clone)]
pub(super) struct Columns {
    /// All events have this type, so it is not sent.
    pub(super) one_type: Option<Cow<'static, str>>,
    reads: Reads,
}

impl Columns {
    /// Those that some job looks at.
    pub(super) fn of(jobs: &[Job]) -> Self {
        let reads = jobs
            .iter()
            .fold(Reads::PAYLOAD, |all, job| all.or(job.projection.reads()));
        let one_type = match types(jobs).as_deref() {
            Some([only]) => Some(only.clone()),
            Some(_) | None => None,
        };
        Self { one_type, reads }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u16 {
        6 + u16::from(self.one_type.is_none())
            + u16::from(self.reads.metadata())
            + 2 * u16::from(self.reads.position())
            + u16::from(self.reads.recorded_at())
    }

    /// The least key that a job is about, where keys are ids of aggregates and the events before it
    /// need not be sent. It goes into the setting that [`Self::copy`] reads.
    pub(super) fn from(jobs: &[Job]) -> Option<&str> {
        let keyed = jobs.iter().all(|job| job.projection.keyed_by_aggregate());
        // `None`, from the beginning, is less than any key.
        let least = jobs.iter().map(|job| job.from.as_deref()).min().flatten();
        least.filter(|_| keyed)
    }

    /// The statement that copies them out of the transactions before `upto`.
    pub(super) fn copy(&self, upto: u64, jobs: &[Job]) -> Result<String, RebuildError> {
        let mut columns = "e.aggregate_id, e.sequence, e.recorded_at is null".to_owned();
        let mut filter = format!("e.xact < '{upto}'::xid8");
        if self.one_type.is_none() {
            columns.push_str(", e.aggregate_type");
        }
        columns.push_str(", e.event_type, e.event_version, e.payload");
        if self.reads.metadata() {
            columns.push_str(", e.metadata");
        }
        if self.reads.position() {
            columns.push_str(", e.xact, e.position");
        }
        if self.reads.recorded_at() {
            columns.push_str(", e.recorded_at");
        }
        if let Some(types) = types(jobs) {
            let types = list(types.iter().map(AsRef::as_ref))?;
            filter.push_str(&format!(" and e.aggregate_type in ({types})"));
        }
        if Self::from(jobs).is_some() {
            filter.push_str(&format!(" and e.aggregate_id collate \"C\" >= {FROM}"));
        }
        Ok(format!(
            "copy (select {columns} from events e where {filter} order by e.xact, e.position) \
             to stdout (format binary)"
        ))
    }

    /// The beginning of a row.
    pub(super) fn head<'a>(&self, row: &'a [u8]) -> Result<Head<'a>, RebuildError> {
        let mut fields = Fields(row);
        Ok(Head {
            id: fields.value()?,
            sequence: u64::from_be_bytes(fields.exactly()?),
            adopted: fields.exactly::<1>()? != [0],
            aggregate_type: match self.one_type {
                Some(_) => &[],
                None => fields.value()?,
            },
            rest: fields,
        })
    }

    /// Fills `event` with a row.
    pub(super) fn read(
        &self,
        head: &Head<'_>,
        event: &mut RecordedEvent,
    ) -> Result<(), RebuildError> {
        let mut fields = head.rest;
        fill(&mut event.stream.aggregate_id, head.id)?;
        event.sequence = head.sequence;
        if self.one_type.is_none() && event.stream.aggregate_type.as_bytes() != head.aggregate_type
        {
            fill(event.stream.aggregate_type.to_mut(), head.aggregate_type)?;
        }
        fields.text(&mut event.event_type)?;
        fields.text(&mut event.event_version)?;
        fields.text(&mut event.payload)?;
        if self.reads.metadata() {
            fields.text(&mut event.metadata)?;
        }
        if self.reads.position() {
            let xact = u64::from_be_bytes(fields.exactly()?);
            event.position = Position::new(xact, i64::from_be_bytes(fields.exactly()?));
        }
        if self.reads.recorded_at() {
            event.recorded_at = fields.time()?;
        }
        if fields.0.is_empty() {
            Ok(())
        } else {
            Err(malformed())
        }
    }

    /// An event to fill.
    pub(super) fn blank(&self) -> RecordedEvent {
        RecordedEvent {
            position: Position::START,
            stream: StreamId::new(self.one_type.clone().unwrap_or_default(), ""),
            sequence: 0,
            event_type: String::new(),
            event_version: String::new(),
            payload: String::new(),
            metadata: "{}".to_owned(),
            recorded_at: None,
        }
    }
}

/// The types that some job wants, each once; `None`: all.
fn types(jobs: &[Job]) -> Option<Vec<Cow<'static, str>>> {
    let mut wanted = Vec::new();
    for job in jobs {
        match job.projection.types() {
            TypeFilter::All => return None,
            TypeFilter::Only(types) => wanted.extend(types),
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    Some(wanted)
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> Result<String, RebuildError> {
    let literals: Vec<String> = texts.map(literal).collect::<Result<_, _>>()?;
    // A list must not be empty; nothing is null.
    Ok(if literals.is_empty() {
        "null".to_owned()
    } else {
        literals.join(", ")
    })
}

fn literal(text: &str) -> Result<String, RebuildError> {
    if text.contains('\0') {
        let message = "a name with NUL is in no log".to_owned();
        return Err(RebuildError::Unusable { message });
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}

fn malformed() -> RebuildError {
    RebuildError::Malformed {
        what: "fields of the types of their columns",
    }
}

fn fill(text: &mut String, field: &[u8]) -> Result<(), RebuildError> {
    text.clear();
    text.push_str(std::str::from_utf8(field).map_err(|_| malformed())?);
    Ok(())
}

/// The fields of a row that are not read yet.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<Option<&'a [u8]>, RebuildError> {
        let (length, rest) = self.0.split_first_chunk::<4>().ok_or_else(malformed)?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            self.0 = rest;
            return Ok(None);
        };
        let (field, rest) = rest.split_at_checked(length).ok_or_else(malformed)?;
        self.0 = rest;
        Ok(Some(field))
    }

    fn value(&mut self) -> Result<&'a [u8], RebuildError> {
        self.next()?.ok_or_else(malformed)
    }

    fn text(&mut self, into: &mut String) -> Result<(), RebuildError> {
        fill(into, self.value()?)
    }

    fn exactly<const N: usize>(&mut self) -> Result<[u8; N], RebuildError> {
        self.value()?.try_into().map_err(|_| malformed())
    }

    fn time(&mut self) -> Result<Option<DateTime<Utc>>, RebuildError> {
        let Some(field) = self.next()? else {
            return Ok(None);
        };
        let micros = i64::from_be_bytes(field.try_into().map_err(|_| malformed())?);
        let since_1970 = micros.checked_add(EPOCH_2000 * 1_000_000);
        let time = since_1970.and_then(DateTime::from_timestamp_micros);
        time.map(Some).ok_or_else(malformed)
    }
}
