//! The PostgreSQL of a bench: a given one, else one of its own with `fsync` on.
//!
//! Promises: each side has an empty database of its own on the same server, dropped at the end.
//! Does not: set anything on a given server; what it says about itself is printed.

use std::path::PathBuf;

use anyhow::Context;
use ingesta_embedded::{Embedded, EmbeddedOptions};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, PgConnection, PgPool};

use crate::cpu;

/// Connections of each side: more gain postgres-es nothing.
pub const CONNECTIONS: u32 = 16;

/// A running server.
pub struct Server {
    url: String,
    own: Option<(Embedded, PathBuf)>,
    made: Vec<String>,
    /// Its first process, where it runs on this machine.
    pub postmaster: Option<u32>,
    /// Version and durability, for the reader of the figures.
    pub about: String,
}

impl Server {
    /// That of `DATABASE_URL`, else one of its own.
    ///
    /// # Errors
    /// When there is none, or it does not answer.
    pub async fn start() -> anyhow::Result<Self> {
        let given = std::env::var("DATABASE_URL")
            .ok()
            .filter(|url| !url.is_empty());
        let (url, own) = match given {
            Some(url) => (url, None),
            None => {
                let name = format!("ingesta-bench-{}", uuid::Uuid::now_v7().simple());
                let mut options = EmbeddedOptions::new(std::env::temp_dir().join(name));
                options.max_connections = 300;
                let own = Embedded::start(options.clone())
                    .await
                    .context("a bench needs a PostgreSQL")?;
                tune(own.url()).await?;
                own.stop().await?;
                let own = Embedded::start(options).await?;
                season(own.url()).await?;
                let folder = own.data_dir().to_owned();
                (own.url().to_owned(), Some((own, folder)))
            }
        };
        let mut server = Self {
            url,
            own,
            made: Vec::new(),
            postmaster: None,
            about: String::new(),
        };
        server.look().await?;
        Ok(server)
    }

    async fn look(&mut self) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let settings: (String, i32, Option<String>) = sqlx::query_as(
            "select 'PostgreSQL ' || current_setting('server_version') \
               || (select string_agg(', ' || name || ' ' || current_setting(name), '' \
                                     order by place) \
                     from unnest(array['fsync', 'synchronous_commit', 'full_page_writes', \
                          'shared_buffers', 'max_wal_size']) with ordinality as s(name, place)), \
             pg_backend_pid(), host(inet_server_addr())",
        )
        .fetch_one(&mut connection)
        .await?;
        let (about, backend, host) = settings;
        self.about = about;
        let local = host.is_none_or(|host| host == "127.0.0.1" || host == "::1");
        self.postmaster = u32::try_from(backend)
            .ok()
            .filter(|_| local)
            .and_then(cpu::parent);
        Ok(connection.close().await?)
    }

    /// The address of a new, empty database.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn database(&mut self, name: &str) -> anyhow::Result<String> {
        let name = format!("bench_{name}_{}", uuid::Uuid::now_v7().simple());
        self.administrate(&format!("create database {name}"))
            .await?;
        let (base, query) = self
            .url
            .split_once('?')
            .map_or((self.url.as_str(), None), |(b, q)| (b, Some(q)));
        let (server, _) = base
            .rsplit_once('/')
            .context("the address names no database")?;
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let url = format!("{server}/{name}{query}");
        self.made.push(name);
        Ok(url)
    }

    /// A pool as a program on postgres-es has it.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn pool(url: &str) -> anyhow::Result<PgPool> {
        let options = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .min_connections(CONNECTIONS);
        Ok(options.connect(url).await?)
    }

    /// Drops the databases that were made here, and writes out what is left, so that whatever is
    /// measured next does not pay for it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn clear(&mut self) -> anyhow::Result<()> {
        for name in std::mem::take(&mut self.made) {
            self.administrate(&format!("drop database if exists {name} with (force)"))
                .await?;
        }
        self.checkpoint().await
    }

    /// Writes out what waits for the next checkpoint, so that none comes in the middle.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn checkpoint(&self) -> anyhow::Result<()> {
        self.administrate("checkpoint").await
    }

    /// Drops what was made here.
    ///
    /// # Errors
    /// When the server refuses or does not stop.
    pub async fn finish(mut self) -> anyhow::Result<()> {
        self.clear().await?;
        if let Some((own, folder)) = self.own.take() {
            own.stop().await?;
            std::fs::remove_dir_all(folder)?;
        }
        Ok(())
    }

    async fn administrate(&self, statement: &str) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect(&self.url).await?;
        sqlx::query(statement).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }
}

/// What a server of 24 GiB would have. Nothing of it touches durability; both sides have it.
async fn tune(url: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    for setting in [
        "shared_buffers = '1GB'",
        "max_wal_size = '8GB'",
        "min_wal_size = '4GB'",
        "checkpoint_timeout = '30min'",
    ] {
        let statement = format!("alter system set {setting}");
        sqlx::query(&statement).execute(&mut connection).await?;
    }
    Ok(connection.close().await?)
}

/// Makes the server one that has run for a while: it then reuses the files of its write-ahead log.
/// A new one makes each of them, 16 MB of zeros and a flush, in the middle of what is measured.
async fn season(url: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query(
        "select count(pg_logical_emit_message(false, 'season', repeat('x', 1000000))) \
           from generate_series(1, 3000)",
    )
    .execute(&mut connection)
    .await?;
    sqlx::query("checkpoint").execute(&mut connection).await?;
    Ok(connection.close().await?)
}
