//! The keys of what HTTP clients may cost.
//!
//! Promises: a default here is the default of the server as a library.

use std::num::NonZeroU32;
use std::time::Duration;

use ingesta_http::edge::{BodyLimits, EdgeOptions};
use ingesta_http::live::FeedOptions;

use super::read::{bad, number};
use super::{ConfigError, Layers};
use crate::app::HttpLimits;

/// Far above a person, and an import's share of a server.
const RATE: u32 = 500;

/// The limits.
pub(super) fn limits(layers: &Layers) -> Result<HttpLimits, ConfigError> {
    Ok(HttpLimits {
        origins: origins(layers)?,
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
        rate: rate(layers)?,
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

/// Written as browsers write them: scheme, host and port, without a path.
fn origins(layers: &Layers) -> Result<Vec<String>, ConfigError> {
    let said = layers.get("http_origins").map(|setting| &*setting.value);
    let named = said.unwrap_or_default().split(',').map(str::trim);
    let named = named.filter(|origin| !origin.is_empty()).map(|origin| {
        let (scheme, host) = origin.split_once("://")?;
        let sound = matches!(scheme, "http" | "https") && !host.is_empty();
        let plain = !host.contains(['/', '*', '?', '#', '@', ' ']);
        let plain = plain && origin.chars().all(|c| c.is_ascii_graphic());
        (sound && plain).then(|| origin.to_ascii_lowercase())
    });
    named.collect::<Option<_>>().ok_or_else(|| {
        let expected = "origins separated by commas, as in https://bff.example.org";
        bad(layers, "http_origins", expected)
    })
}

/// Where access is controlled there is one by default.
fn rate(layers: &Layers) -> Result<Option<NonZeroU32>, ConfigError> {
    let said = |key| layers.get(key).map(|setting| setting.value.as_str());
    if said("http_rate").is_none() {
        let controlled = said("access") == Some("required");
        return Ok(NonZeroU32::new(RATE).filter(|_| controlled));
    }
    let expected = "requests a second, 1 to 1000000, or 0 for no limit";
    let rate = number(layers, "http_rate", 0..=1_000_000, expected)?;
    Ok(u32::try_from(rate).ok().and_then(NonZeroU32::new))
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
        assert_eq!(read.rate, library.rate);
        assert_eq!(read.origins, library.origins);
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host_and_nothing_more() {
        let read = |said: &str| {
            let mut layers = Layers::defaults();
            let variables = [("INGESTA_HTTP_ORIGINS".into(), said.into())];
            layers.environment(variables).expect("known");
            origins(&layers).map(|origins| origins.len())
        };
        let both = "https://a.example.org, http://localhost:3000,";
        assert_eq!(read(both).expect("sound"), 2);
        for wrong in [
            "*",
            "a.example.org",
            "https://*.example.org",
            "https://a/b",
            "ftp://a",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn where_access_is_controlled_there_is_a_rate_unless_none_is_wanted() {
        let rate = |said: &[(&str, &str)]| {
            let mut layers = Layers::defaults();
            let variables = said
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()));
            layers.environment(variables).expect("known");
            rate(&layers).map(|rate| rate.map_or(0, NonZeroU32::get))
        };
        let required = ("INGESTA_ACCESS", "required");
        assert_eq!(rate(&[required]).expect("sound"), RATE);
        assert_eq!(rate(&[("INGESTA_HTTP_RATE", "7")]).expect("sound"), 7);
        assert_eq!(
            rate(&[required, ("INGESTA_HTTP_RATE", "0")]).expect("sound"),
            0
        );
        assert!(rate(&[("INGESTA_HTTP_RATE", "many")]).is_err());
    }
}
