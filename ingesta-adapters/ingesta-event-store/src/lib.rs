//! An event store on Postgres for `cqrs-es`, and what happens after the commit.
//!
//! It keeps the traits of cqrs-es (`Aggregate`, `DomainEvent`, `View`, `CqrsFramework`) and the
//! table of postgres-es, and owns everything else: a durable append in one statement, a loss-free
//! ordered log, subscriptions with leases, checkpoints and parking, idempotent commands, a unit of
//! work over several aggregates. It knows no aggregate of its own and shows no driver type, except
//! in the one constructor that takes a pool.

mod append;
mod backoff;
mod codec;
mod commands;
mod done;
mod error;
mod event;
mod memory;
mod metadata;
mod moment;
mod page;
mod position;
mod postgres;
mod snapshot;
mod storage;
mod stream;
pub mod subscription;
mod tail;

pub use append::{Append, AppendError, CommandOutcome, CommandStamp, StreamAppend};
pub use backoff::Backoff;
pub use codec::{CodecError, DecodeError, EventCodec, KnownTypes, Readable, Upcaster};
pub use codec::{FieldCodec, FieldError, FieldPlace, PersonalFields, PlainFields};
pub use commands::{CommandContext, CommandError, Commands, CqrsContext, CqrsEventStore};
pub use commands::{Executed, Loaded, UnitOfWork, fingerprint};
pub use error::{Cause, StoreError};
pub use event::{NewEvent, RecordedEvent};
pub use memory::{Faults, MemoryClock, MemoryStorage};
pub use metadata::Metadata;
pub use moment::{AsOfError, Horizon, Moment, Past, SETTLE_WITHIN, StreamAsOf};
pub use moment::{load_as_of, settle, stream_as_of};
pub use page::{Blocker, Lag, Page, TypeFilter};
pub use position::{InvalidPosition, Position};
pub use postgres::SCHEMA_VERSION;
pub use postgres::{Database, DatabaseOptions, MigrationStatus, PostgresStorage, Rebased};
pub use postgres::{Durability, StoredVersion};
pub use postgres::{PurgePolicy, PurgeProgress, Purged};
pub use snapshot::{FromSnapshot, SchemaHash, Snapshot, SnapshotStorage, Snapshots};
pub use storage::{EventStorage, Storage, SubscriptionStorage};
pub use stream::StreamId;
pub use tail::Tail;
