//! What became of the rows: read over HTTP, once everything that follows the log is at its end.
//!
//! Promises: every id is asked for by itself and looked for in the list; waiting is bounded.
//! Does not: trust what the import believed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use ingesta_event_store::{Database, EventStorage, PostgresStorage, SubscriptionStorage};
use reqwest::header::LINK;
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;

use crate::cli::exit::CliError;
use crate::cli::import::client;
use crate::config::ApiKey;

/// How many in which state.
pub(super) type Counts = BTreeMap<String, u64>;

/// How long followers may take before they are shown as they are.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was found.
pub(super) struct ReadBack {
    /// How many of the ids answer by themselves and are in the list.
    pub(super) found: usize,
    /// Ingestas in the list, of these ids or not.
    pub(super) total: u64,
    /// States of these ids.
    pub(super) ingestas: Counts,
    /// Verdicts on their images.
    pub(super) images: Counts,
    /// True if every follower had come to the end of the log.
    pub(super) settled: bool,
}

/// Reads from a server, and looks at its log.
pub(super) struct Reader {
    client: Client,
    base: Url,
    storage: PostgresStorage,
}

#[derive(Deserialize)]
struct Listed {
    id_ingesta: String,
}

#[derive(Deserialize)]
struct Standing {
    estado: String,
}

impl Reader {
    pub(super) fn new(
        url: &str,
        key: Option<&ApiKey>,
        database: Database,
    ) -> Result<Self, CliError> {
        let base = Url::parse(url).map_err(|_| CliError::Failed(format!("{url} is no address")))?;
        Ok(Self {
            client: client(&base, key)?,
            base,
            storage: PostgresStorage::new(database),
        })
    }

    /// Ingestas in the list, once the list is up to date.
    pub(super) async fn total(&self) -> Result<u64, CliError> {
        self.settle().await?;
        Ok(self.list().await?.len() as u64)
    }

    pub(super) async fn read_back(&self, ids: &BTreeSet<String>) -> Result<ReadBack, CliError> {
        let settled = self.settle().await?;
        let list = self.list().await?;
        let (mut found, mut ingestas, mut images) = (0, Counts::new(), Counts::new());
        let mut answers = stream::iter(ids)
            .map(|id| self.both(id))
            .buffer_unordered(8);
        while let Some((id, ingesta, image)) = answers.try_next().await? {
            found += usize::from(ingesta.is_some() && list.contains(id));
            for (state, counts) in [(ingesta, &mut ingestas), (image, &mut images)] {
                *counts
                    .entry(state.unwrap_or_else(|| "(none)".to_owned()))
                    .or_default() += 1;
            }
        }
        let total = list.len() as u64;
        Ok(ReadBack {
            found,
            total,
            ingestas,
            images,
            settled,
        })
    }

    /// Waits until nothing follows behind the log; false if that took too long.
    async fn settle(&self) -> Result<bool, CliError> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if self.is_settled().await? {
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(false)
    }

    /// Twice the same end of the log, and nobody behind it: no follower has work, so no follower
    /// makes work for another one.
    async fn is_settled(&self) -> Result<bool, CliError> {
        let head = self.storage.head().await?;
        let subscriptions = self.storage.subscriptions().await?;
        let known = crate::registry::subscriptions();
        for subscription in known {
            let Some(status) = subscriptions
                .iter()
                .find(|status| status.name == subscription)
            else {
                return Ok(false);
            };
            if self.storage.lag(status.checkpoint).await?.events > 0 {
                return Ok(false);
            }
        }
        Ok(self.storage.head().await? == head)
    }

    /// The states of an ingesta and of its image.
    async fn both<'a>(
        &self,
        id: &'a str,
    ) -> Result<(&'a str, Option<String>, Option<String>), CliError> {
        let ingesta = self
            .state(&format!("/ingesta/consulta-por-id/{id}"))
            .await?;
        let image = self.state(&format!("/ingesta/{id}/imagen")).await?;
        Ok((id, ingesta, image))
    }

    async fn state(&self, path: &str) -> Result<Option<String>, CliError> {
        let response = self.get(path).await?;
        if response.status() != StatusCode::OK {
            return Ok(None);
        }
        let read = response.json::<Standing>().await;
        read.map(|standing| Some(standing.estado))
            .map_err(|_| self.strange("an answer without estado"))
    }

    /// The ids of all ingestas, page by page.
    async fn list(&self) -> Result<BTreeSet<String>, CliError> {
        let mut list = BTreeSet::new();
        let mut next = Some("/ingesta/todas?limite=500".to_owned());
        while let Some(path) = next {
            let response = self.get(&path).await?;
            let status = response.status();
            next = next_page(&response);
            let page: Vec<Listed> = match response.json().await {
                Ok(page) if status == StatusCode::OK => page,
                _ => return Err(self.strange(&format!("the list answers {}", status.as_u16()))),
            };
            list.extend(page.into_iter().map(|row| row.id_ingesta));
        }
        Ok(list)
    }

    async fn get(&self, path: &str) -> Result<Response, CliError> {
        let url = self
            .base
            .join(path)
            .map_err(|_| self.strange("a page that is no address"))?;
        let sent = self.client.get(url).send().await;
        sent.map_err(|error| CliError::ServerAway {
            url: self.base.to_string(),
            reason: error.without_url().to_string(),
        })
    }

    fn strange(&self, reason: &str) -> CliError {
        CliError::NotIngesta {
            url: self.base.to_string(),
            reason: reason.to_owned(),
        }
    }
}

/// The address in `Link: <...>; rel="next"`.
fn next_page(response: &Response) -> Option<String> {
    let link = response.headers().get(LINK)?.to_str().ok()?;
    let (address, rest) = link.strip_prefix('<')?.split_once('>')?;
    rest.contains("rel=\"next\"").then(|| address.to_owned())
}
