//! Throw-away services that stand until they are taken down: for shells, CI, benches and people.
//!
//! Promises: `up` twice answers the same services; `down` is harmless when nothing runs.
//! Does not: keep data: `down` deletes it.

use std::time::Duration;

use ingesta_embedded::Durability;

use super::folder::Folder;
use super::lock::{self, Kind};
use super::postgres::Postgres;
use super::throwaway::Throwaway;

const PATIENCE: Duration = Duration::from_secs(900);

/// A service that runs: the variable that names it, and its address.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Service {
    /// `DATABASE_URL`.
    pub variable: &'static str,
    /// The address, with its password; letters, digits and `:/@.` only.
    pub address: String,
}

/// Starts what does not run yet and answers all of it; with `durable`, commits are synced to disk,
/// as a measurement needs it.
///
/// # Errors
/// When a service cannot be had, or runs with another durability than the one asked for.
pub async fn up(durable: bool) -> anyhow::Result<Vec<Service>> {
    let durability = if durable {
        Durability::Durable
    } else {
        Durability::Fast
    };
    let postgres = up_in(&Folder::of_this_workspace("up"), &Postgres(durability)).await?;
    Ok(vec![postgres])
}

/// Stops all services that [`up`] started and deletes their data; answers whether any ran.
///
/// # Errors
/// When one does not stop.
pub async fn down() -> anyhow::Result<bool> {
    let postgres = Postgres(Durability::Fast);
    down_in(&Folder::of_this_workspace("up"), &postgres).await
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
