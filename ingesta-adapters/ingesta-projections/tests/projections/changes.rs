//! A projection made of two closures, for tests that need one that a `View` cannot be.

use ingesta_event_store::{RecordedEvent, TypeFilter};
use ingesta_projections::{Change, Projection, ProjectionError, TableName};
use serde::{Deserialize, Serialize};

use crate::accounts::table;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) events: u64,
    pub(crate) sum: i64,
}

type Keys = dyn Fn(&RecordedEvent) -> Result<Vec<String>, ProjectionError> + Send + Sync;
type Apply =
    dyn Fn(&str, &mut Tally, &RecordedEvent) -> Result<Change, ProjectionError> + Send + Sync;

pub(crate) struct Closures {
    pub(crate) name: &'static str,
    pub(crate) table: TableName,
    pub(crate) keys: Box<Keys>,
    pub(crate) apply: Box<Apply>,
}

impl Closures {
    /// Counts events and sums amounts in one row per stream.
    pub(crate) fn tally() -> Self {
        Self {
            name: "tally-v1",
            table: table("tally_v1"),
            keys: Box::new(|event| Ok(vec![event.stream.aggregate_id.clone()])),
            apply: Box::new(|_, tally, event| {
                add(tally, event);
                Ok(Change::Keep)
            }),
        }
    }

    pub(crate) fn keyed(
        mut self,
        keys: impl Fn(&RecordedEvent) -> Result<Vec<String>, ProjectionError> + Send + Sync + 'static,
    ) -> Self {
        self.keys = Box::new(keys);
        self
    }

    pub(crate) fn applied(
        mut self,
        apply: impl Fn(&str, &mut Tally, &RecordedEvent) -> Result<Change, ProjectionError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.apply = Box::new(apply);
        self
    }
}

pub(crate) fn add(tally: &mut Tally, event: &RecordedEvent) {
    tally.events += 1;
    tally.sum += amount(event);
}

/// The amount of a deposit or a charge.
pub(crate) fn amount(event: &RecordedEvent) -> i64 {
    let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
    payload
        .pointer("/Deposited/amount")
        .and_then(serde_json::Value::as_i64)
        .unwrap()
}

impl Projection for Closures {
    type State = Tally;

    fn name(&self) -> &str {
        self.name
    }

    fn table(&self) -> &TableName {
        &self.table
    }

    fn types(&self) -> TypeFilter {
        TypeFilter::All
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProjectionError> {
        (self.keys)(event)
    }

    fn apply(
        &self,
        key: &str,
        tally: &mut Tally,
        event: &RecordedEvent,
    ) -> Result<Change, ProjectionError> {
        (self.apply)(key, tally, event)
    }
}
