//! What a running server says of its relays, read from its `/metrics` and its `/readyz`.
//!
//! A server that does not answer in time, or answers something else, has said nothing. One that
//! stands by for another says so, and has no figures.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::cli::import::shown;
use crate::config::ApiKey;

/// How long the server may take.
const WITHIN: Duration = Duration::from_secs(3);

/// What is known of one relay besides its place in the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) in_flight: u64,
    pub(super) acknowledged: u64,
    pub(super) trouble: Option<(String, DateTime<Utc>)>,
}

/// What the server at an address has said.
#[derive(Debug)]
pub(super) struct Said {
    metrics: String,
    ready: Option<Value>,
}

impl Said {
    /// The figures of a relay that this server has.
    pub(super) fn figures(&self, relay: &str) -> Option<Figures> {
        Figures::of(&self.metrics, relay)
    }

    /// How the relay stands there, in the server's words.
    pub(super) fn standing(&self, relay: &str) -> Option<&str> {
        let mut components = self.ready.as_ref()?["components"].as_array()?.iter();
        let found = components.find(|component| component["name"] == relay)?;
        found["detail"].as_str()
    }
}

/// Asks the server at this address.
pub(super) async fn ask(url: &str, key: Option<&ApiKey>) -> Option<Said> {
    let client = reqwest::Client::builder()
        .default_headers(shown(key).ok()?)
        .connect_timeout(WITHIN)
        .timeout(WITHIN);
    // A proxy knows another machine's loopback, not this one's.
    let client = client.no_proxy().build().ok()?;
    let url = url.trim_end_matches('/');
    let metrics = client.get(format!("{url}/metrics")).send();
    let metrics = metrics.await.ok()?.error_for_status().ok()?;
    // Also a server that is not ready says how it stands.
    let ready = async {
        client
            .get(format!("{url}/readyz"))
            .send()
            .await
            .ok()?
            .json()
            .await
            .ok()
    };
    Some(Said {
        metrics: metrics.text().await.ok()?,
        ready: ready.await,
    })
}

impl Figures {
    /// Those of this relay, if the text speaks of it.
    pub(super) fn of(text: &str, relay: &str) -> Option<Self> {
        let named = format!("subscription=\"{relay}\"");
        let samples = |metric: &str| {
            let start = format!("ingesta_{metric}{{");
            let lines = text.lines().filter(move |line| line.starts_with(&start));
            let named = named.clone();
            lines.filter(move |line| line.contains(&named))
        };
        let number = |metric| {
            let (_, value) = samples(metric).next()?.rsplit_once(' ')?;
            value.parse::<u64>().ok()
        };
        let trouble = samples("relay_trouble_since_seconds")
            .next()
            .and_then(|line| {
                let (labels, since) = line.rsplit_once(' ')?;
                let (_, kind) = labels.split_once("kind=\"")?;
                let (kind, _) = kind.split_once('"')?;
                let since = DateTime::from_timestamp(since.parse().ok()?, 0)?;
                Some((kind.to_owned(), since))
            });
        Some(Self {
            in_flight: number("relay_in_flight_messages")?,
            acknowledged: number("relay_acknowledged_messages")?,
            trouble,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# TYPE ingesta_relay_in_flight_messages gauge
ingesta_relay_in_flight_messages{subscription=\"a\"} 7
ingesta_relay_in_flight_messages{subscription=\"b\"} 0
ingesta_relay_acknowledged_messages{subscription=\"a\"} 41
ingesta_relay_acknowledged_messages{subscription=\"b\"} 3
ingesta_relay_trouble_since_seconds{subscription=\"a\",kind=\"unreachable\"} 1740787200
# EOF
";

    #[test]
    fn each_relay_has_its_own_figures() {
        let a = Figures::of(TEXT, "a").expect("it is there");
        assert_eq!((a.in_flight, a.acknowledged), (7, 41));
        let (kind, since) = a.trouble.expect("there is trouble");
        assert_eq!(
            (kind.as_str(), since.timestamp()),
            ("unreachable", 1_740_787_200)
        );
        assert_eq!(Figures::of(TEXT, "b").expect("it is there").trouble, None);
        assert_eq!(Figures::of(TEXT, "c"), None);
    }
}
