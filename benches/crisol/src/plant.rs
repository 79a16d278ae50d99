//! Mistakes made on purpose: each must be found by the rule that is meant to find it.
//!
//! A checker that finds nothing proves nothing. So every run ends with the same check over copies
//! that were tampered with, and a run may be told to tamper with the table itself.

use std::collections::HashSet;

use anyhow::{Context, ensure};
use sqlx::{Connection, PgConnection};

use crate::check::check;
use crate::history::{Expectation, Operation, Outcome, What};
use crate::store::{Event, Store};

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// An acknowledged event is gone.
    Lost,
    /// A command took effect twice.
    Doubled,
    /// A sequence has a gap.
    Gap,
    /// An event stands before its predecessor.
    Inverted,
    /// A subscription never arrived.
    Stuck,
    /// A row of the view missed an event.
    View,
}

impl Mistake {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Lost,
        Self::Doubled,
        Self::Gap,
        Self::Inverted,
        Self::Stuck,
        Self::View,
    ];

    /// The rule that must find it.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Doubled => "doubled",
            Self::Gap | Self::Inverted => "inverted",
            Self::Stuck => "stuck",
            Self::View => "view_differs",
        }
    }

    /// A copy with the mistake in it; `None` where the run has nothing to make it with.
    #[must_use]
    pub fn plant(self, history: &[Operation], store: &Store) -> Option<Store> {
        let mut copy = store.clone();
        match self {
            Self::Lost => {
                let place = acknowledged(history, &store.events)?;
                copy.events.remove(place);
            }
            Self::Doubled => {
                let event = copy
                    .events
                    .get(acknowledged(history, &store.events)?)?
                    .clone();
                let id = format!("{}-again", event.aggregate_id);
                copy.events.push(Event {
                    aggregate_id: id,
                    ..event
                });
            }
            Self::Gap => copy.events.last_mut()?.sequence += 1,
            Self::Inverted => {
                let (first, second) = neighbours(&store.events)?;
                copy.events.swap(first, second);
            }
            Self::Stuck => copy.behind.push("planted".to_owned()),
            Self::View => copy.view.last_mut()?.version -= 1,
        }
        Some(copy)
    }
}

/// How many mistakes could be planted in copies of this run, and how many of them were found by
/// their rule.
#[must_use]
pub fn self_check(history: &[Operation], store: &Store) -> (usize, usize) {
    // What was wrong before does not count as a find.
    let before = check(history, store);
    let known: HashSet<_> = before.all().collect();
    let planted = Mistake::ALL.into_iter().filter_map(|mistake| {
        let findings = check(history, &mistake.plant(history, store)?);
        let mut new = findings.all().filter(|found| !known.contains(found));
        Some(new.any(|(rule, _)| rule == mistake.rule()))
    });
    let caught: Vec<bool> = planted.collect();
    (
        caught.len(),
        caught.iter().filter(|caught| **caught).count(),
    )
}

/// Tampers with the table itself, as a bug of a store would: with the last event of a stream, made
/// by a command that was acknowledged.
///
/// # Errors
/// When the database refuses, there is no such event, or the mistake is not one that can be made
/// there.
pub async fn tamper(
    mistake: Mistake,
    database: &str,
    history: &[Operation],
    events: &[Event],
) -> anyhow::Result<()> {
    let statement = match mistake {
        Mistake::Lost => {
            "delete from events where (aggregate_type, aggregate_id, sequence) = ($1, $2, $3)"
        }
        Mistake::Doubled => {
            "insert into events (aggregate_type, aggregate_id, sequence, event_type, \
             event_version, payload, metadata) select aggregate_type, aggregate_id || '-again', \
             sequence, event_type, event_version, payload, metadata from events \
             where (aggregate_type, aggregate_id, sequence) = ($1, $2, $3)"
        }
        Mistake::Gap | Mistake::Inverted | Mistake::Stuck | Mistake::View => {
            anyhow::bail!("only a lost and a doubled event can be planted in the table")
        }
    };
    let acknowledged: HashSet<String> = history
        .iter()
        .filter(|it| it.outcome() == Outcome::Ok && it.sent.expectation == Expectation::Event)
        .map(|it| format!("http/{}", it.sent.key))
        .collect();
    let mut streams = HashSet::new();
    let event = events.iter().rev().find(|event| {
        let last = streams.insert((&event.aggregate_type, &event.aggregate_id));
        last && event
            .command_id
            .as_ref()
            .is_some_and(|it| acknowledged.contains(it))
    });
    let event = event.context("there is no event to tamper with")?;
    let mut connection = PgConnection::connect(database).await?;
    let done = sqlx::query(statement)
        .bind(&event.aggregate_type)
        .bind(&event.aggregate_id)
        .bind(event.sequence)
        .execute(&mut connection)
        .await?;
    ensure!(
        done.rows_affected() == 1,
        "the event to tamper with is not there"
    );
    connection.close().await.context("close the connection")
}

/// The place of the first event of an acknowledged creation.
fn acknowledged(history: &[Operation], events: &[Event]) -> Option<usize> {
    let done = history.iter().find(|it| {
        it.outcome() == Outcome::Ok
            && it.sent.expectation == Expectation::Event
            && it.sent.what == What::Crear
    })?;
    let command = format!("http/{}", done.sent.key);
    events
        .iter()
        .position(|event| event.command_id.as_deref() == Some(command.as_str()))
}

/// The places of the first two events of one stream.
fn neighbours(events: &[Event]) -> Option<(usize, usize)> {
    let seconds = events
        .iter()
        .enumerate()
        .filter(|(_, event)| event.sequence == 2);
    let mut pairs = seconds.filter_map(|(second, of)| {
        let first = events.iter().position(|event| {
            let stream = (&event.aggregate_type, &event.aggregate_id);
            event.sequence == 1 && stream == (&of.aggregate_type, &of.aggregate_id)
        });
        Some((first?, second))
    });
    pairs.next()
}
