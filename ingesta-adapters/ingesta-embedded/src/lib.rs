//! Starts a real PostgreSQL of one's own where none is given, and stops it again.
//!
//! Promises: data kept between runs under one folder, fsync on unless a test asks otherwise,
//! reachable on 127.0.0.1 only and with a random password, root never runs the database itself,
//! a start or a stop that is bounded, and a refusal that says what to install.
//! Does not: upgrade data between major versions, serve other machines, run on anything but Unix.
//!
//! ```no_run
//! use ingesta_embedded::{Embedded, EmbeddedError, EmbeddedOptions};
//!
//! # async fn run() -> Result<(), EmbeddedError> {
//! let database = Embedded::start(EmbeddedOptions::new(".ingesta")).await?;
//! // ... connect to `database.url()` ...
//!
//! // A second start on the same folder is refused, and the refusal names the owner.
//! match Embedded::start(EmbeddedOptions::new(".ingesta")).await {
//!     Err(EmbeddedError::AlreadyRunning { owner_pid, .. }) => assert!(owner_pid.is_some()),
//!     other => panic!("two servers on one folder: {other:?}"),
//! }
//! database.stop().await
//! # }
//! ```

mod attach;
mod command;
mod connect;
mod embedded;
mod error;
mod hint;
mod initdb;
mod launch;
mod layout;
mod locate;
mod lock;
mod npm;
mod options;
mod orphan;
mod place;
mod postmaster;
mod process;
mod secret;
mod state;
mod stop;
mod user;

pub use attach::{Attached, attach, stop_detached};
pub use embedded::{Detached, Embedded};
pub use error::EmbeddedError;
pub use options::{BinarySearch, Durability, EmbeddedOptions};
