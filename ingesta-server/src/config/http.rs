//! The keys of what HTTP clients may cost.
//!
//! Promises: a default here is the default of the server as a library.

use std::time::Duration;

use ingesta_http::edge::{BodyLimits, EdgeOptions};
use ingesta_http::live::FeedOptions;

use super::read::number;
use super::{ConfigError, Layers};
use crate::app::HttpLimits;

/// The limits.
pub(super) fn limits(layers: &Layers) -> Result<HttpLimits, ConfigError> {
    Ok(HttpLimits {
        edge: EdgeOptions {
            head_within: seconds(layers, "http_head_seconds")?,
            stalled_for: seconds(layers, "http_stalled_seconds")?,
            connections: count(layers, "http_connections")?,
            connections_per_address: count(layers, "http_connections_per_address")?,
        },
        body: BodyLimits {
            bytes: body_limit(layers)?,
            within: seconds(layers, "http_body_seconds")?,
        },
        requests: count(layers, "http_requests")?,
        live: FeedOptions {
            watchers: count(layers, "live_watchers")?,
            ..FeedOptions::default()
        },
    })
}

/// The greatest accepted: an ingesta is a few hundred bytes, so 16 MiB is beyond any use.
fn body_limit(layers: &Layers) -> Result<usize, ConfigError> {
    let expected = "a whole number of bytes, 1024 to 16777216";
    let bytes = number(layers, "body_limit_bytes", 1_024..=16_777_216, expected)?;
    Ok(usize::try_from(bytes).expect("at most 16 MiB"))
}

fn seconds(layers: &Layers, key: &'static str) -> Result<Duration, ConfigError> {
    let expected = "a whole number of seconds, 1 to 3600";
    number(layers, key, 1..=3_600, expected).map(Duration::from_secs)
}

fn count(layers: &Layers, key: &'static str) -> Result<usize, ConfigError> {
    let count = number(layers, key, 1..=1_000_000, "a number, 1 to 1000000")?;
    Ok(usize::try_from(count).expect("at most a million"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sets_is_as_in_the_library() {
        let read = limits(&Layers::defaults()).expect("sound");
        let library = HttpLimits::default();
        assert_eq!(read.edge, library.edge);
        assert_eq!(read.body, library.body);
        assert_eq!(read.requests, library.requests);
        assert_eq!(read.live, library.live);
    }
}
