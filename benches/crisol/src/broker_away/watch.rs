//! Looking at a server while it works: its memory, what waits to be published, what was published.
//!
//! What waits is counted in the database, past the server.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sqlx::{Connection, PgConnection};

use super::Sample;
use crate::processes::Server;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often what is seen is written down.
const KEEP_EVERY: u64 = 10;
const WHILE_DRAINING: Duration = Duration::from_millis(200);

/// Events that a relay has not come to yet.
const WAITING: &str = "
    select count(*) from ingesta_subscriptions s
      join events e on (e.xact, e.position) > (s.xact, s.position)
       and e.aggregate_type = case s.name when 'integracion_ingesta' then 'Ingesta' else 'Imagen' end
     where s.name in ('integracion_ingesta', 'integracion_imagen')";

pub(super) struct Watch<'s> {
    server: &'s Server,
    http: reqwest::Client,
    database: PgConnection,
    began: Instant,
    samples: Vec<Sample>,
}

impl<'s> Watch<'s> {
    pub(super) async fn over(server: &'s Server, database: &str) -> anyhow::Result<Self> {
        Ok(Self {
            server,
            http: reqwest::Client::builder().no_proxy().build()?,
            database: PgConnection::connect(database).await?,
            began: Instant::now(),
            samples: Vec::new(),
        })
    }

    /// Waits until the server has made its topics.
    pub(super) async fn topics_ready(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(120);
        while !self.text("/readyz").await?.contains("its topics are there") {
            if Instant::now() > deadline {
                bail!("the server's topics are not there after two minutes");
            }
            tokio::time::sleep(WHILE_DRAINING).await;
        }
        Ok(())
    }

    pub(super) fn resident(&self) -> anyhow::Result<u64> {
        self.server.resident_bytes()
    }

    /// Looks on for so long. Answers the most memory that was seen.
    pub(super) async fn during(&mut self, time: Duration) -> anyhow::Result<u64> {
        let (end, mut most) = (Instant::now() + time, self.resident()?);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(most);
            }
            tokio::time::sleep(left.min(LOOK_EVERY)).await;
            let resident = self.resident()?;
            most = most.max(resident);
            let seconds = self.began.elapsed().as_secs();
            let last = self.samples.last().map_or(0, |sample| sample.seconds);
            if seconds >= last + KEEP_EVERY {
                let backlog = self.backlog().await?;
                self.samples.push(Sample {
                    seconds,
                    rss_mib: resident >> 20,
                    backlog,
                });
            }
        }
    }

    /// Waits until no more than so many messages wait. Answers the most memory that was seen.
    pub(super) async fn until_behind(
        &mut self,
        at_most: u64,
        patience: Duration,
    ) -> anyhow::Result<u64> {
        let (deadline, mut most) = (Instant::now() + patience, 0);
        loop {
            most = most.max(self.resident()?);
            let waiting = self.backlog().await?;
            if waiting <= at_most {
                return Ok(most);
            }
            if Instant::now() > deadline {
                bail!(
                    "{waiting} messages still wait after {} s",
                    patience.as_secs()
                );
            }
            tokio::time::sleep(WHILE_DRAINING).await;
        }
    }

    pub(super) async fn backlog(&mut self) -> anyhow::Result<u64> {
        let count: i64 = sqlx::query_scalar(WAITING)
            .fetch_one(&mut self.database)
            .await?;
        Ok(count.unsigned_abs())
    }

    /// Messages that the broker has acknowledged to both relays.
    pub(super) async fn published(&self) -> anyhow::Result<u64> {
        const NAME: &str = "ingesta_relay_acknowledged_messages{";
        let metrics = self.text("/metrics").await?;
        let lines = metrics.lines().filter(|line| line.starts_with(NAME));
        let counts = lines.map(|line| {
            let count = line
                .rsplit(' ')
                .next()
                .and_then(|count| count.parse::<u64>().ok());
            count.context("a count in the metrics")
        });
        counts.sum()
    }

    pub(super) fn samples(self) -> Vec<Sample> {
        self.samples
    }

    async fn text(&self, path: &str) -> anyhow::Result<String> {
        let url = format!("{}{path}", self.server.url());
        Ok(self.http.get(url).send().await?.text().await?)
    }
}
