//! Real services for tests: the one that the environment names, else one that is started here.
//!
//! Promises: one PostgreSQL for all test binaries of a run, gone a minute after the last of them;
//! where none can be had, the test fails and says what is missing.
//! Does not: migrate anything; a database from here is empty.
//!
//! Kafka joins as a sibling of [`postgres_url`] and as one more line of [`up`].

mod database;
mod folder;
mod lock;
mod postgres;
mod shared;
mod skip;
mod standing;
mod throwaway;
mod watchdog;

#[cfg(test)]
mod tests;

pub use database::{OwnedDatabase, create_database, create_database_from, drop_database};
pub use skip::postgres_or_skip;
pub use standing::{Service, down, up};

use std::time::Duration;

use anyhow::Context;
use ingesta_embedded::Durability;
use tokio::sync::OnceCell;

use folder::Folder;
use postgres::Postgres;
use shared::Shared;

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
    static URL: OnceCell<String> = OnceCell::const_new();
    let url = URL
        .get_or_try_init(|| async {
            match given("DATABASE_URL") {
                Some(url) => Ok(url),
                None => shared_server().await,
            }
        })
        .await
        .context("this test needs a PostgreSQL")?;
    Ok(url.clone())
}

async fn shared_server() -> anyhow::Result<String> {
    // Held until this process ends, however it ends: the kernel then tells the watchdog.
    static USER: OnceCell<shared::User> = OnceCell::const_new();
    let folder = Folder::of_this_workspace("run");
    let server = Shared::new(Postgres(Durability::Fast), folder, GRACE);
    let user = USER.get_or_try_init(|| server.join()).await?;
    Ok(user.address.clone())
}

/// A variable that is set to something.
fn given(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
