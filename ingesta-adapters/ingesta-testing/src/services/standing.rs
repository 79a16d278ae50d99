//! Throw-away services that stand until they are taken down: for shells, CI, benches and people.
//!
//! Promises: `up` twice answers the same services; `down` is harmless when nothing runs.
//! Does not: keep data: `down` deletes it.

use std::time::Duration;

use ingesta_embedded::Durability;

use super::folder::Folder;
use super::kafka::{Kafka, Pace};
use super::lock::{self, Kind};
use super::postgres::Postgres;
use super::throwaway::Throwaway;

const PATIENCE: Duration = Duration::from_secs(900);

/// A service that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Which {
    /// PostgreSQL, named by `DATABASE_URL`.
    Postgres,
    /// Apache Kafka, named by `KAFKA_BROKERS`.
    Kafka,
}

impl Which {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Postgres, Self::Kafka];

    /// The word for it on a command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Kafka => "kafka",
        }
    }
}

/// A service that runs: the variable that names it, and its address.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Service {
    /// `DATABASE_URL` or `KAFKA_BROKERS`.
    pub variable: &'static str,
    /// The address, with its password if it has one; letters, digits and `:/@.` only.
    pub address: String,
}

/// Starts what is wanted and does not run yet, and answers all that is wanted; with `durable`,
/// PostgreSQL syncs commits to disk, as a measurement needs it.
///
/// # Errors
/// When a service cannot be had, or runs with another durability than the one asked for.
pub async fn up(wanted: &[Which], durable: bool) -> anyhow::Result<Vec<Service>> {
    let durability = if durable {
        Durability::Durable
    } else {
        Durability::Fast
    };
    let mut services = Vec::new();
    for which in wanted {
        let folder = folder_of(*which);
        services.push(match which {
            Which::Postgres => up_in(&folder, &Postgres(durability)).await?,
            Which::Kafka => up_in(&folder, &Kafka(Pace::LongRun)).await?,
        });
    }
    Ok(services)
}

/// Stops those of these services that [`up`] started and deletes their data; answers whether any ran.
///
/// # Errors
/// When one does not stop; the others are stopped all the same.
pub async fn down(wanted: &[Which]) -> anyhow::Result<bool> {
    let (mut any, mut failed) = (false, None);
    for which in wanted {
        let folder = folder_of(*which);
        let outcome = match which {
            Which::Postgres => down_in(&folder, &Postgres(Durability::Fast)).await,
            Which::Kafka => down_in(&folder, &Kafka(Pace::LongRun)).await,
        };
        match outcome {
            Ok(ran) => any |= ran,
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(any), Err)
}

fn folder_of(which: Which) -> Folder {
    Folder::of_this_workspace(match which {
        Which::Postgres => "up",
        Which::Kafka => "up-kafka",
    })
}

pub(crate) async fn up_in<S: Throwaway>(folder: &Folder, service: &S) -> anyhow::Result<Service> {
    folder.create()?;
    let _alone = lock::take(&folder.lock(), Kind::Alone, PATIENCE).await?;
    let running = match service.find(folder).await? {
        Some(running) => running,
        None => service.start(folder).await?,
    };
    Ok(Service {
        variable: S::VARIABLE,
        address: running.address,
    })
}

pub(crate) async fn down_in<S: Throwaway>(folder: &Folder, service: &S) -> anyhow::Result<bool> {
    folder.create()?;
    let _alone = lock::take(&folder.lock(), Kind::Alone, PATIENCE).await?;
    service.stop(folder).await
}
