//! The store on PostgreSQL 13 or newer.
//!
//! Every write is one statement that commits by itself: there is no BEGIN that a cancelled caller
//! could leave open, and no lock held across a round trip. One file per kind of statement.

mod appender;
mod bell;
mod classify;
mod cluster;
mod command;
mod commit;
mod database;
mod durability;
mod horizon;
mod identity;
mod lag;
mod lease;
mod lineage;
mod load;
mod loader;
mod log;
mod migrate;
mod neighbours;
mod parked;
mod patience;
mod purge;
mod rebase;
mod row;
mod snapshot;
mod status;
mod storage;
mod versions;

pub use database::{Database, DatabaseOptions};
pub use durability::Durability;
pub use migrate::{MigrationStatus, SCHEMA_VERSION};
pub use purge::{PurgePolicy, PurgeProgress, Purged};
pub use rebase::Rebased;
pub use storage::PostgresStorage;
pub use versions::StoredVersion;
