//! What is left after a run: the log in its order, the view as clients read it, what is behind.
//!
//! The log is read from the table, past every server; the view through HTTP. Payloads are not
//! read: what is checked is who made which event, where, and in which order.

use anyhow::Context;
use reqwest::header::LINK;
use reqwest::{Client, Url};
use serde::Deserialize;
use sqlx::{Connection, PgConnection};

/// An event of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `Ingesta` or `Imagen`.
    pub aggregate_type: String,
    /// Which one.
    pub aggregate_id: String,
    /// Its number in its stream.
    pub sequence: i64,
    /// What happened.
    pub event_type: String,
    /// The command that made it.
    pub command_id: Option<String>,
}

/// A row of the view.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// Which ingesta.
    pub id_ingesta: String,
    /// Where it is in its life.
    pub estado: String,
    /// The number of its events.
    pub version: i64,
}

/// Everything that is left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    /// The log, in its order.
    pub events: Vec<Event>,
    /// The view of ingestas.
    pub view: Vec<Row>,
    /// Subscriptions that never reached the end of the log, and streams that are parked.
    pub behind: Vec<String>,
}

/// The log, in its order.
///
/// # Errors
/// When the database does not answer.
pub async fn events(database: &str) -> anyhow::Result<Vec<Event>> {
    let mut connection = PgConnection::connect(database).await?;
    let rows: Vec<(String, String, i64, String, Option<String>)> = sqlx::query_as(
        "select aggregate_type, aggregate_id, sequence, event_type, \
         metadata ->> 'command_id' as command_id from events order by xact, position",
    )
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    let events = rows.into_iter().map(|row| {
        let (aggregate_type, aggregate_id, sequence, event_type, command_id) = row;
        Event {
            aggregate_type,
            aggregate_id,
            sequence,
            event_type,
            command_id,
        }
    });
    Ok(events.collect())
}

/// What has not reached the end of the log, by name, and what is parked.
///
/// # Errors
/// When the database does not answer.
pub async fn behind(database: &str) -> anyhow::Result<Vec<String>> {
    let mut connection = PgConnection::connect(database).await?;
    let behind: Vec<(String,)> = sqlx::query_as(
        "select s.name from ingesta_subscriptions s where exists (select from events e \
         where (e.xact, e.position) > (s.xact, s.position)) \
         union all select p.subscription || ' has parked ' || p.aggregate_type || '/' || \
         p.aggregate_id || ': ' || p.code from ingesta_parked_streams p",
    )
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    Ok(behind.into_iter().map(|(name,)| name).collect())
}

/// Every row of the view, page by page.
///
/// # Errors
/// When the server does not answer, or with something else than a page.
pub async fn view(client: &Client, base: &str) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut next = Some(Url::parse(base)?.join("/ingesta/todas?limite=500")?);
    while let Some(page) = next {
        let answer = client.get(page.clone()).send().await?.error_for_status()?;
        let link = answer
            .headers()
            .get(LINK)
            .map(|link| link.to_str().map(str::to_owned));
        let more: Vec<Row> = answer.json().await.context("a page of the view")?;
        rows.extend(more);
        let link = link.transpose()?;
        let target = link
            .as_deref()
            .and_then(|it| it.split_once('<')?.1.split_once('>'));
        next = target.map(|(target, _)| page.join(target)).transpose()?;
    }
    Ok(rows)
}
