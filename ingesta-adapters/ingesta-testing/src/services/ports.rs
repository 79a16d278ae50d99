//! Ports of 127.0.0.1 that are free now and stay so.
//!
//! Promises: outside the range that outgoing connections are given, so that a port is still free
//! when a service that was away comes back to it.
//! Does not: hold them.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::bail;
use uuid::Uuid;

/// Below what Linux and macOS give to outgoing connections.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// A port that nobody listens on, other than these.
pub(crate) fn free_port(but: &[u16]) -> anyhow::Result<u16> {
    for _ in 0..1_000 {
        let bytes = Uuid::new_v4().into_bytes();
        let chance = u16::from_be_bytes([bytes[0], bytes[1]]);
        let port = PORTS.start + chance % (PORTS.end - PORTS.start);
        if !but.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!(
        "no port of 127.0.0.1 between {} and {} is free",
        PORTS.start,
        PORTS.end
    )
}
