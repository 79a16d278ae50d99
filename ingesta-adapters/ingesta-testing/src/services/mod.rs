//! Real services for tests: the one that the environment names, else one that is started here; and
//! Python, for programs in another language beside them.
//!
//! Promises: one PostgreSQL and one Apache Kafka for all test binaries of a run, each started when
//! the first test asks for it and gone a minute after the last of them; where one cannot be had, the
//! test fails and says what is missing.
//! Does not: migrate anything; a database from here is empty, and a broker has no topics.

mod authority;
mod chromium;
mod database;
mod folder;
mod java;
mod kafka;
mod kept;
mod lock;
mod ports;
mod postgres;
mod program;
mod python;
mod registry;
mod shared;
mod skip;
mod standing;
mod throwaway;
mod watchdog;

#[cfg(test)]
mod tests;

pub use authority::{Authority, Files};
pub use chromium::Chromium;
pub use database::{OwnedDatabase, create_database, create_database_from, drop_database};
pub use kafka::{Certificate, Door, Doors, Operation, OwnedBroker, Resource};
pub use python::Python;
pub use registry::Registry;
pub use skip::{kafka_or_skip, postgres_or_skip};
pub use standing::{Service, Which, down, up};

use std::time::Duration;

use anyhow::Context;
use ingesta_embedded::Durability;
use tokio::sync::OnceCell;

use folder::Folder;
use kafka::{Kafka, Pace};
use postgres::Postgres;
use shared::{Shared, User};
use throwaway::Throwaway;

/// Long enough to compile the next test binary while nobody uses the server.
const GRACE: Duration = Duration::from_secs(60);

/// The address of a PostgreSQL that tests may create databases in: `DATABASE_URL` if set, else one
/// throw-away server (`fsync` off) that all test binaries of this workspace share.
///
/// # Errors
/// When no PostgreSQL can be had; the text says what to install or to set.
///
/// ```no_run
/// # async fn test() -> anyhow::Result<()> {
/// let address = ingesta_testing::services::postgres_url().await?;
/// assert!(address.starts_with("postgres"));
/// # Ok(())
/// # }
/// ```
pub async fn postgres_url() -> anyhow::Result<String> {
    static USER: OnceCell<User> = OnceCell::const_new();
    given_or_shared(&USER, Postgres(Durability::Fast), "run")
        .await
        .context("this test needs a PostgreSQL")
}

/// The address of an Apache Kafka (a host and a port, or several): `KAFKA_BROKERS` if set, else one
/// throw-away broker that all test binaries of this workspace share. Topics are not created by
/// themselves, and other tests have theirs in it: create yours, under names that are unique.
///
/// # Errors
/// When no broker can be had; the text says what to install or to set.
///
/// ```no_run
/// # async fn test() -> anyhow::Result<()> {
/// let brokers = ingesta_testing::services::kafka_brokers().await?;
/// assert!(brokers.contains(':'));
/// # Ok(())
/// # }
/// ```
pub async fn kafka_brokers() -> anyhow::Result<String> {
    static USER: OnceCell<User> = OnceCell::const_new();
    given_or_shared(&USER, Kafka(Pace::QuickStart), "run-kafka")
        .await
        .context("this test needs an Apache Kafka")
}

/// A service that the environment names, else the one that is shared in the folder of this purpose.
/// The use of it is kept until this process ends, however it ends: the kernel tells the watchdog.
async fn given_or_shared<S: Throwaway>(
    user: &OnceCell<User>,
    service: S,
    purpose: &str,
) -> anyhow::Result<String> {
    if let Some(address) = given(S::VARIABLE) {
        return Ok(address);
    }
    let shared = Shared::new(service, Folder::of_this_workspace(purpose), GRACE);
    let user = user.get_or_try_init(|| shared.join()).await?;
    Ok(user.address.clone())
}

/// A variable that is set to something.
fn given(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
