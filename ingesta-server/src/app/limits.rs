//! `HttpLimits`: what clients of the HTTP door may cost, each with a default.

use std::num::NonZeroU32;
use std::time::Duration;

use ingesta_http::edge::{BodyLimits, EdgeOptions};
use ingesta_http::live::FeedOptions;

/// What clients may cost.
#[derive(Clone, Debug)]
pub struct HttpLimits {
    /// Pages of these origins (`https://host[:port]`) may ask, and open web sockets. Default none:
    /// only pages of this server's own origin.
    pub origins: Vec<String>,
    /// How patient the server is with connections, and how many it has open at once.
    pub edge: EdgeOptions,
    /// The largest request body, in bytes, and how long one may take to come. Default 64 KiB, 30 s.
    pub body: BodyLimits,
    /// Requests that are answered at once; one more is told to come back. A live feed counts only
    /// until it has begun. Default 512.
    pub requests: usize,
    /// Requests a second of one principal, or of one address that shows nobody's key, and twice as
    /// many at once after a pause. Default none.
    pub rate: Option<NonZeroU32>,
    /// How live feeds behave, and how many may watch.
    pub live: FeedOptions,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            edge: EdgeOptions::default(),
            body: BodyLimits {
                bytes: 64 * 1024,
                within: Duration::from_secs(30),
            },
            requests: 512,
            rate: None,
            live: FeedOptions::default(),
        }
    }
}
