//! `Peer`: who is at the other end of the connection, as an extension of each request.

use std::net::SocketAddr;

/// The address that a request came from: the client's, or that of the proxy before us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);
