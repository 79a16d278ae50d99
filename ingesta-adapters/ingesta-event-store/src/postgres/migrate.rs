//! The schema, version by version.
//!
//! The bookkeeping has a table of its own: a program that embeds this library may keep its own
//! migrations in the same database, and two histories must not share one table.

use sha2::{Digest, Sha256};
use sqlx::{Connection, Executor, PgConnection, Row};

use super::{Database, classify};
use crate::StoreError;

/// A step of the schema. Applied ones are never edited.
struct Migration {
    version: i32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "log",
        sql: include_str!("../../migrations/0001_log.sql"),
    },
    Migration {
        version: 2,
        name: "subscriptions",
        sql: include_str!("../../migrations/0002_subscriptions.sql"),
    },
    Migration {
        version: 3,
        name: "derived",
        sql: include_str!("../../migrations/0003_derived.sql"),
    },
];

/// The schema version that this library works on.
pub const SCHEMA_VERSION: i32 = 3;

/// What a migration did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// The version found; 0 where there was none.
    pub from: i32,
    /// The version now.
    pub to: i32,
    /// Names of the steps that were applied.
    pub applied: Vec<String>,
}

/// Any fixed number: it keeps two programs from migrating at once.
const LOCK: i64 = 0x1e6e_57a0;

const BOOKKEEPING: &str = "
create table if not exists ingesta_migrations (
    version    integer primary key,
    name       text not null,
    checksum   bytea not null,
    applied_at timestamptz not null default clock_timestamp()
)";

impl Database {
    /// Brings the schema to [`SCHEMA_VERSION`]; does nothing where it is there already. A database
    /// of plain postgres-es is adopted: its events get their place in the log.
    ///
    /// # Errors
    /// When the schema is newer than this library, when an applied step was another one, or the
    /// database refuses. All steps are applied or none.
    pub async fn migrate(&self) -> Result<MigrationStatus, StoreError> {
        const ATTEMPTED: &str = "migrating the schema";
        let failed = |e| classify::store(ATTEMPTED, e);
        // A connection of its own, closed at the end: whatever happens here stays here.
        let mut connection = self.connection().await?;
        let mut tx = connection.begin().await.map_err(failed)?;
        sqlx::query("select pg_advisory_xact_lock($1)")
            .bind(LOCK)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        tx.execute(BOOKKEEPING).await.map_err(failed)?;
        let from = check(&mut tx).await?;
        let mut applied = Vec::new();
        for migration in MIGRATIONS.iter().filter(|m| m.version > from) {
            tx.execute(migration.sql).await.map_err(failed)?;
            sqlx::query(
                "insert into ingesta_migrations (version, name, checksum) values ($1, $2, $3)",
            )
            .bind(migration.version)
            .bind(migration.name)
            .bind(checksum(migration))
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
            applied.push(migration.name.to_owned());
        }
        tx.commit().await.map_err(failed)?;
        connection.close().await.map_err(failed)?;
        Ok(MigrationStatus {
            from,
            to: SCHEMA_VERSION,
            applied,
        })
    }

    /// Makes sure that the schema is the one that this library works on, without changing it.
    ///
    /// # Errors
    /// [`StoreError::SchemaTooOld`], [`StoreError::SchemaTooNew`] or
    /// [`StoreError::MigrationChanged`].
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        const ATTEMPTED: &str = "reading the schema version";
        let failed = |e| classify::store(ATTEMPTED, e);
        let mut connection = self.pool().acquire().await.map_err(failed)?;
        let there: bool =
            sqlx::query("select to_regclass('ingesta_migrations') is not null as there")
                .fetch_one(&mut *connection)
                .await
                .and_then(|row| row.try_get("there"))
                .map_err(failed)?;
        let found = if there {
            check(&mut connection).await?
        } else {
            0
        };
        if found < SCHEMA_VERSION {
            return Err(StoreError::SchemaTooOld {
                found,
                needed: SCHEMA_VERSION,
            });
        }
        Ok(())
    }
}

/// The version in the database, once every applied step is known to be ours.
async fn check(connection: &mut PgConnection) -> Result<i32, StoreError> {
    const ATTEMPTED: &str = "reading the schema version";
    let rows = sqlx::query("select version, checksum from ingesta_migrations order by version")
        .fetch_all(connection)
        .await
        .map_err(|e| classify::store(ATTEMPTED, e))?;
    let mut found = 0;
    for row in &rows {
        let read = || Ok((row.try_get("version")?, row.try_get("checksum")?));
        let (version, stored): (i32, Vec<u8>) =
            read().map_err(|e| classify::store(ATTEMPTED, e))?;
        match MIGRATIONS.iter().find(|m| m.version == version) {
            None => {
                return Err(StoreError::SchemaTooNew {
                    found: version,
                    known: SCHEMA_VERSION,
                });
            }
            Some(known) if checksum(known) != stored => {
                return Err(StoreError::MigrationChanged { version });
            }
            Some(_) => found = version,
        }
    }
    Ok(found)
}

fn checksum(migration: &Migration) -> Vec<u8> {
    Sha256::digest(migration.sql).to_vec()
}
