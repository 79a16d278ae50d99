//! Folds the ordered log into tables: exactly once, in batches, behind the commit.
//!
//! A [`Projection`] says which rows an event touches and how; a `View` of cqrs-es is one as it
//! stands ([`ViewProjection`]). A [`ProjectionSubscriber`] follows the log and hands its rows to
//! the runner, which stores them together with the checkpoint: both or neither. [`ViewTable`]
//! reads what was folded; a [`ReadModel`] also waits until a write has arrived there.
//!
//! **A changed projection gets a new name and a new table.** Rows are what the code of their day
//! made of the log; other code does not go on where they stop. Give it a new subscription name
//! and a new table, let it catch up beside the old one, then move the readers. A table remembers
//! its projection, and another one is refused.
//!
//! **A view can be made anew** from the log while it is read and kept up: a [`Rebuild`] folds it
//! into a table beside it and swaps the two; it also verifies that a view is a fold of the log, and
//! mends a single row.
//!
//! ```
//! use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, View, event_sink::EventSink};
//! use ingesta_event_store::EventCodec;
//! use ingesta_projections::{MemoryView, TableName, ViewProjection};
//! use serde::{Deserialize, Serialize};
//!
//! # #[derive(Default, Serialize, Deserialize)]
//! # struct Account;
//! # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! # enum AccountEvent { Deposited(i64) }
//! # impl DomainEvent for AccountEvent {
//! #     fn event_type(&self) -> String { "Deposited".into() }
//! #     fn event_version(&self) -> String { "1".into() }
//! # }
//! # impl Aggregate for Account {
//! #     const TYPE: &'static str = "account";
//! #     type Command = ();
//! #     type Event = AccountEvent;
//! #     type Error = std::fmt::Error;
//! #     type Services = ();
//! #     async fn handle(&mut self, _: (), _: &(), _: &EventSink<Self>) -> Result<(), Self::Error> { Ok(()) }
//! #     fn apply(&mut self, _: AccountEvent) {}
//! # }
//! #[derive(Debug, Default, Serialize, Deserialize)]
//! struct Balance { total: i64 }
//!
//! impl View<Account> for Balance {
//!     fn update(&mut self, event: &EventEnvelope<Account>) {
//!         let AccountEvent::Deposited(amount) = event.payload;
//!         self.total += amount;
//!     }
//! }
//!
//! let table = TableName::new("balance_v1")?;
//! let balances = ViewProjection::<Account, Balance>::new("balance-v1", table, EventCodec::default());
//! let view = MemoryView::new(balances); // in a server: `ProjectionSubscriber::new(&database, balances)`
//! assert!(view.get("nobody").is_ok_and(|row| row.is_none()));
//!
//! assert!(TableName::new("Balance; drop table events").is_err());
//! # Ok::<(), ingesta_projections::InvalidTableName>(())
//! ```

mod as_of;
mod database;
mod error;
mod fold;
mod live_row;
mod memory;
mod page_query;
mod projection;
mod read_model;
mod reads;
mod rebuild;
mod row;
mod status;
mod subscriber;
mod table;
mod view_projection;
mod view_table;

pub use as_of::{RowAsOfError, as_of};
pub use error::{ProjectionError, ReadError, RowError};
pub use memory::MemoryView;
pub use page_query::PageQuery;
pub use projection::{Change, Projection, Versioning};
pub use read_model::ReadModel;
pub use reads::Reads;
pub use rebuild::{Compared, Differing, Digest, Mended, Rebuild, RebuildError, RebuildOptions};
pub use rebuild::{RebuildPhase, RebuildProgress, Rebuilt, Verified, is_build, is_verification};
pub use row::Row;
pub use status::{ProjectionEntry, ProjectionStatus, projection_statuses};
pub use subscriber::ProjectionSubscriber;
pub use table::{InvalidTableName, TableName};
pub use view_projection::ViewProjection;
pub use view_table::ViewTable;

/// The README's program, compiled and run with the doc tests of this crate.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}
