//! `EdgeOptions`: how patient the edge is, and how much it takes at once.

use std::time::Duration;

/// How an accept loop behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeOptions {
    /// How long a client may take to send the head of a request, and how long a connection may
    /// stay open between two. Then it is closed. More than zero. Default 30 s.
    pub head_within: Duration,
    /// How long a client may take nothing of an answer that waits for it. Then its connection is
    /// cut. More than zero. Default 30 s.
    pub stalled_for: Duration,
    /// Connections that are open at once. One more is answered 503 and closed. Default 4,096.
    pub connections: usize,
    /// Of those, from one address. One more is answered 503 and closed. Behind a proxy, which is
    /// one address, as many as `connections`. Default 1,024.
    pub connections_per_address: usize,
}

impl Default for EdgeOptions {
    fn default() -> Self {
        Self {
            head_within: Duration::from_secs(30),
            stalled_for: Duration::from_secs(30),
            connections: 4096,
            connections_per_address: 1024,
        }
    }
}
