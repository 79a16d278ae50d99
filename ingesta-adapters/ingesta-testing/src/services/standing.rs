//! Throw-away services that stand until they are taken down: for shells, CI, benches and people.
//!
//! Promises: `up` twice answers the same services; `down` is harmless when nothing runs.
//! Does not: keep data: `down` deletes it.

use std::time::Duration;

use anyhow::{Context, ensure};
use ingesta_embedded::{Durability, Embedded, EmbeddedOptions, stop_detached};
use sqlx::{Connection, PgConnection};

use super::folder::{Folder, remove_tree};
use super::lock::{self, Kind};
use super::shared::{find, start};

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
    up_in(&Folder::of_this_workspace("up"), durable).await
}

/// Stops all services that [`up`] started and deletes their data; answers whether any ran.
///
/// # Errors
/// When one does not stop.
pub async fn down() -> anyhow::Result<bool> {
    down_in(&Folder::of_this_workspace("up")).await
}

pub(crate) async fn up_in(folder: &Folder, durable: bool) -> anyhow::Result<Vec<Service>> {
    folder.create()?;
    let _alone = lock::take(&folder.lock(), Kind::Alone, PATIENCE).await?;
    let server = match find(folder).await? {
        Some(server) => server,
        None if durable => start(folder, Durability::Durable).await?,
        None => start(folder, Durability::Fast).await?,
    };
    let address = server.url;
    ensure!(
        !durable || is_durable(&address).await?,
        "the services are up without fsync; take them down first"
    );
    Ok(vec![Service {
        variable: "DATABASE_URL",
        address,
    }])
}

pub(crate) async fn down_in(folder: &Folder) -> anyhow::Result<bool> {
    folder.create()?;
    let _alone = lock::take(&folder.lock(), Kind::Alone, PATIENCE).await?;
    let data = match find(folder).await? {
        Some(server) => {
            stop_detached(&folder.data())
                .await
                .context("stop PostgreSQL")?;
            Some(server.data)
        }
        // An `up` that was killed half-way may have left a server without an owner behind.
        None if folder.data().join("postgres/data/postmaster.pid").exists() => {
            let server = Embedded::start(EmbeddedOptions::new(folder.data())).await?;
            let data = server.data_dir().to_owned();
            server.stop().await.context("stop PostgreSQL")?;
            Some(data)
        }
        None => None,
    };
    let ran = data.is_some();
    remove_tree(&data.unwrap_or_else(|| folder.data()))?;
    Ok(ran)
}

async fn is_durable(url: &str) -> anyhow::Result<bool> {
    let mut connection = PgConnection::connect(url)
        .await
        .context("ask PostgreSQL for fsync")?;
    let fsync: String = sqlx::query_scalar("select current_setting('fsync')")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(fsync == "on")
}
