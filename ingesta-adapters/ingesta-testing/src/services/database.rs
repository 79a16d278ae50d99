//! A database of one's own inside the server that tests share.
//!
//! Promises: names that never meet; few connections at a time however many tests run; only
//! databases that were made here are dropped.
//! Does not: migrate; pass a migrated template to [`create_database_from`] for that.

use std::time::Duration;

use anyhow::{Context, ensure};
use sqlx::{Connection, PgConnection};
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

use super::postgres_url;

/// Creating and dropping are heavy, and the server is shared.
static ADMINISTRATORS: Semaphore = Semaphore::const_new(4);
const PATIENCE: Duration = Duration::from_secs(60);

/// Creates an empty database and answers its address. Whoever creates it drops it
/// ([`drop_database`]), or lets [`OwnedDatabase`] do so.
///
/// # Errors
/// When there is no PostgreSQL, or it refuses.
pub async fn create_database(name_prefix: &str) -> anyhow::Result<String> {
    create_database_from(name_prefix, "template1").await
}

/// Creates a copy of another database of the same server, which nobody may be connected to.
///
/// # Errors
/// When there is no PostgreSQL, or it refuses, for example because the template is in use.
pub async fn create_database_from(name_prefix: &str, template: &str) -> anyhow::Result<String> {
    ensure!(is_plain(template), "the name of the template is not plain");
    let server = postgres_url().await?;
    let name = unique_name(name_prefix);
    let statement = format!("create database \"{name}\" template \"{template}\"");
    administrate(&server, &statement)
        .await
        .context("create a database for a test")?;
    Ok(with_database(&server, &name))
}

/// Drops a database that [`create_database`] made, and throws out whoever is connected to it.
/// That it is gone already is fine.
///
/// # Errors
/// When the address names a database that was not made here, or the server refuses.
pub async fn drop_database(url: &str) -> anyhow::Result<()> {
    let name = database_of(url).context("the address names no database")?;
    ensure!(is_ours(name), "only databases made for tests are dropped");
    let statement = format!("drop database if exists \"{name}\" with (force)");
    let server = postgres_url().await?;
    administrate(&server, &statement)
        .await
        .context("drop a test's database")
}

/// A database that is dropped with this value, or with the throw-away server that it is in.
#[derive(Debug)]
pub struct OwnedDatabase {
    url: String,
}

impl OwnedDatabase {
    /// Creates an empty database.
    ///
    /// # Errors
    /// As [`create_database`].
    pub async fn create(name_prefix: &str) -> anyhow::Result<Self> {
        Ok(Self {
            url: create_database(name_prefix).await?,
        })
    }

    /// Creates a copy of another database.
    ///
    /// # Errors
    /// As [`create_database_from`].
    pub async fn create_from(name_prefix: &str, template: &str) -> anyhow::Result<Self> {
        Ok(Self {
            url: create_database_from(name_prefix, template).await?,
        })
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for OwnedDatabase {
    /// Waits for it, so that the process does not end before: a server that was given by
    /// `DATABASE_URL` keeps what is left behind. A thread of its own, because the runtime of a
    /// test that fails is on its way out.
    #[expect(
        clippy::print_stderr,
        reason = "what stays behind must be seen, and drop cannot fail"
    )]
    fn drop(&mut self) {
        // A throw-away server goes as a whole. Dropping a database holds a transaction open through
        // a checkpoint, and an open writer holds back every reader of the log in the same cluster.
        if super::given("DATABASE_URL").is_none() {
            return;
        }
        let url = std::mem::take(&mut self.url);
        let name = database_of(&url).unwrap_or_default().to_owned();
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(drop_database(&url))
        });
        match dropped.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("the test database {name} stays behind: {error:#}"),
            Err(_) => eprintln!("the test database {name} stays behind"),
        }
    }
}

async fn administrate(server: &str, statement: &str) -> anyhow::Result<()> {
    let _permit: SemaphorePermit<'_> = ADMINISTRATORS.acquire().await?;
    let work = async {
        let mut connection = PgConnection::connect(server).await?;
        sqlx::query(statement).execute(&mut connection).await?;
        connection.close().await
    };
    tokio::time::timeout(PATIENCE, work)
        .await
        .context("no answer within 60 s")??;
    Ok(())
}

/// `<prefix>_<32 hex digits>`, within the 63 bytes that a name may have.
fn unique_name(prefix: &str) -> String {
    let prefix: String = prefix
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .take(24)
        .collect();
    format!("{prefix}_{}", Uuid::new_v4().simple())
}

fn is_ours(name: &str) -> bool {
    let id = name.rsplit_once('_').map(|(_, id)| id);
    is_plain(name)
        && id.is_some_and(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Where the path of an address begins and ends.
fn path_of(url: &str) -> (usize, usize) {
    let end = url.find('?').unwrap_or(url.len());
    let host = url.find("://").map_or(0, |at| at + 3);
    let start = url
        .get(host..end)
        .and_then(|rest| rest.find('/'))
        .map_or(end, |at| host + at);
    (start, end)
}

fn with_database(url: &str, name: &str) -> String {
    let (start, end) = path_of(url);
    format!("{}/{name}{}", &url[..start], &url[end..])
}

fn database_of(url: &str) -> Option<&str> {
    let (start, end) = path_of(url);
    url.get(start..end)?
        .strip_prefix('/')
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_an_address_is_exchanged_and_the_rest_stays() {
        let cases = [
            ("postgres://u:p@host:1/old", "postgres://u:p@host:1/new"),
            ("postgres://u:p@host:1", "postgres://u:p@host:1/new"),
            (
                "postgres://host/old?sslmode=disable",
                "postgres://host/new?sslmode=disable",
            ),
            (
                "postgres:///old?host=/run/pg",
                "postgres:///new?host=/run/pg",
            ),
        ];
        for (before, after) in cases {
            assert_eq!(with_database(before, "new"), after);
            assert_eq!(database_of(after), Some("new"));
        }
        assert_eq!(database_of("postgres://host?x=/y"), None);
    }

    #[test]
    fn names_are_plain_short_unique_and_known_as_ours() {
        let name = unique_name("A test's name; that is far too long for a database");
        assert!(is_ours(&name) && name.len() <= 63, "{name}");
        assert_ne!(unique_name("same"), unique_name("same"));
        assert!(!is_ours("production") && !is_ours("postgres") && !is_ours(""));
    }
}
