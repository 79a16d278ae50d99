//! The schemas of a program's messages: committed files, what may change in them, and the registry.
//!
//! The Avro text is the source; the JSON Schema beside it is made of it and committed too, so that a
//! reader of JSON need not run anything. A revision within a major version reads every earlier one
//! and is read by it; whatever cannot is a new major version under a new name.
//! It reads no folder itself: a program gives the texts, which it may have compiled in.

mod compatibility;
mod json;
mod registry;
mod set;
mod version;

pub use compatibility::{Direction, Incompatible, IncompatibleChange, full_transitive};
pub use json::json_schema;
pub use registry::{RegistryError, RegistryOptions, SchemaRegistry, value_subject};
pub use set::{Finding, Revision, SchemaFile, SchemaSet, SchemaSetError};
pub use version::{InvalidVersion, MajorVersion};
