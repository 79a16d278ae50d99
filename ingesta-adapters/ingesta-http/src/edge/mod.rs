//! The edge: an accept loop that slow, idle and greedy clients cannot hold up.
//!
//! Promises: a connection costs a bounded time until its request is there, and a bounded number of
//! them is open, in all and from one address; an answer that nobody takes ends; a stop ends every
//! connection in order, and dropping the loop cuts off what is left.
//! Does not: know who is asking or what for. TLS is for whoever stands before it.

mod accept;
mod body;
mod busy;
mod impatient;
mod options;
mod peer;
mod seats;
mod security;

pub use accept::serve;
pub(crate) use body::too_large;
pub use body::{BodyLimits, whole_body};
pub use busy::{Busy, shed};
pub use options::EdgeOptions;
pub use peer::Peer;
pub use security::security_headers;
