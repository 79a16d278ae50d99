//! A throw-away PostgreSQL, by the launcher that the server itself uses.
//!
//! Promises: one with fsync is never answered by one without.
//! Does not: find binaries or start processes; `ingesta-embedded` does.

use anyhow::{Context, ensure};
use ingesta_embedded::{Durability, Embedded, EmbeddedOptions, attach, stop_detached};
use sqlx::{Connection, PgConnection};

use super::folder::{Folder, remove_tree};
use super::throwaway::{Running, Throwaway};

/// How durable it has to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Postgres(pub(crate) Durability);

impl Throwaway for Postgres {
    const NAME: &'static str = "PostgreSQL";
    const VARIABLE: &'static str = "DATABASE_URL";
    // Open sessions are ended; then at once; then by force.
    const SIGNALS: &'static str = "INT:15 QUIT:10 KILL:10";

    async fn find(&self, folder: &Folder) -> anyhow::Result<Option<Running>> {
        let attached = attach(&folder.data())
            .await
            .context("look for a running server")?;
        let Some(found) = attached else {
            return Ok(None);
        };
        ensure!(
            self.0 == Durability::Fast || is_durable(&found.url).await?,
            "PostgreSQL is up without fsync; take it down first"
        );
        Ok(Some(Running {
            address: found.url,
            pid: found.pid,
            data: found.data_dir,
        }))
    }

    async fn start(&self, folder: &Folder) -> anyhow::Result<Running> {
        let mut options = EmbeddedOptions::new(folder.data());
        options.durability = self.0;
        options.max_connections = 300;
        let server = Embedded::start(options).await.with_context(|| {
            format!(
                "start a throw-away PostgreSQL in {}",
                folder.root().display()
            )
        })?;
        let data = server.data_dir().to_owned();
        let detached = server
            .detach()
            .context("leave the throw-away PostgreSQL running")?;
        Ok(Running {
            address: detached.url,
            pid: detached.pid,
            data,
        })
    }

    async fn stop(&self, folder: &Folder) -> anyhow::Result<bool> {
        let attached = attach(&folder.data()).await;
        let data = match attached.context("look for a running server")? {
            Some(server) => {
                stop_detached(&folder.data())
                    .await
                    .context("stop PostgreSQL")?;
                Some(server.data_dir)
            }
            // A start that was killed half-way may have left a server without an owner behind.
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
