//! The same POST through HTTP: the server of this repository, and the peer's route on axum.
//!
//! Promises: both get the same bytes on as many connections, kept alive, and answer 202 with the
//! same headers and the same shape of body.

mod client;
mod peer;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;

pub use client::Connection;
pub use peer::Peer;

/// The route of both.
pub const PATH: &str = "/ingesta/crear-ingesta-comando";

/// Open connections to one server, and what is posted on them.
#[derive(Clone)]
pub struct Clients {
    idle: Arc<Mutex<Vec<Connection>>>,
    request: Arc<[u8]>,
}

impl Clients {
    /// Opens so many.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn open(
        server: SocketAddr,
        connections: u32,
        body: &serde_json::Value,
    ) -> anyhow::Result<Self> {
        let mut idle = Vec::new();
        for _ in 0..connections {
            idle.push(Connection::open(server).await?);
        }
        let (idle, body) = (Arc::new(Mutex::new(idle)), body.to_string());
        let request = format!(
            "POST {PATH} HTTP/1.1\r\nhost: {server}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let request = request.into_bytes().into();
        Ok(Self { idle, request })
    }

    /// Posts once, and is content with nothing but a 202.
    ///
    /// # Errors
    /// When another answer comes, or none.
    pub async fn post(&self) -> anyhow::Result<()> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = idle().pop();
        let mut connection = connection.context("more callers than connections")?;
        let status = connection.send(&self.request).await?;
        anyhow::ensure!(status == 202, "answered {status}");
        idle().push(connection);
        Ok(())
    }
}
