//! The public keys of an identity provider, had by URL and kept.
//!
//! Promises: a key that is not known is asked for, but not more often than twice a minute, whatever
//! is asked of us; keys that are known go on working while their source is away.

use std::collections::HashMap;
use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// After this long they are asked for again, so that one that was withdrawn is forgotten.
const FRESH: Duration = Duration::from_secs(600);
/// Between two askings, whoever wants them.
const PAUSE: Duration = Duration::from_secs(30);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A set has a few keys of some hundred bytes.
const BYTES_MAX: usize = 256 * 1024;

/// Why the keys of an identity provider cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum EmisorError {
    /// The URL is none that this build can ask. *Handling*: correct it, or build with the feature
    /// `tls` where it is https.
    #[error(
        "the URL of the keys cannot be asked: expected http, or https in a build with the feature `tls`"
    )]
    Url,
    /// It does not answer with a set of keys, and none are known. *Handling*: wait; it is asked again.
    #[error("the identity provider does not answer with keys, and none are known")]
    Away,
}

struct Known {
    keys: HashMap<String, Jwk>,
    had: Option<Instant>,
    asked: Option<Instant>,
}

/// Where keys come from.
pub(super) struct Emisor {
    client: reqwest::Client,
    url: reqwest::Url,
    known: Mutex<Known>,
}

impl Emisor {
    pub(super) fn new(url: &str) -> Result<Self, EmisorError> {
        let url: reqwest::Url = url.parse().map_err(|_| EmisorError::Url)?;
        let tls = cfg!(feature = "tls");
        if !(url.scheme() == "http" || tls && url.scheme() == "https") || !url.has_host() {
            return Err(EmisorError::Url);
        }
        let client = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| EmisorError::Url)?;
        Ok(Self {
            client,
            url,
            known: Mutex::new(Known {
                keys: HashMap::new(),
                had: None,
                asked: None,
            }),
        })
    }

    /// The key of this name; without a name the only one there is. `None`: there is none, or it is
    /// not for this algorithm.
    pub(super) async fn clave(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<DecodingKey>, EmisorError> {
        // One asks, the others wait for the same answer.
        let mut known = self.known.lock().await;
        let old = known.had.is_none_or(|at| at.elapsed() >= FRESH);
        if (old || found(&known.keys, kid).is_none())
            && known.asked.is_none_or(|at| at.elapsed() >= PAUSE)
        {
            known.asked = Some(Instant::now());
            match self.ask().await {
                Some(set) => {
                    known.keys = named(set);
                    known.had = Some(Instant::now());
                }
                None => tracing::warn!("the keys of the identity provider cannot be had"),
            }
        }
        if known.had.is_none() {
            return Err(EmisorError::Away);
        }
        let key = found(&known.keys, kid).filter(|key| is_for(key, algorithm));
        Ok(key.and_then(|key| DecodingKey::from_jwk(key).ok()))
    }

    async fn ask(&self) -> Option<JwkSet> {
        let answer = self.client.get(self.url.clone()).send().await.ok()?;
        let mut answer = answer.error_for_status().ok()?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.ok()? {
            body.extend_from_slice(&part);
            if body.len() > BYTES_MAX {
                return None;
            }
        }
        serde_json::from_slice(&body).ok()
    }
}

fn named(set: JwkSet) -> HashMap<String, Jwk> {
    let keys = set.keys.into_iter();
    keys.map(|key| (key.common.key_id.clone().unwrap_or_default(), key))
        .collect()
}

fn found<'k>(keys: &'k HashMap<String, Jwk>, kid: Option<&str>) -> Option<&'k Jwk> {
    match kid {
        Some(kid) => keys.get(kid),
        None if keys.len() == 1 => keys.values().next(),
        None => None,
    }
}

/// A key says for itself what it signs with; one that does not is for what its kind allows, which
/// decoding looks at.
fn is_for(key: &Jwk, algorithm: Algorithm) -> bool {
    let said = key.common.key_algorithm;
    said.is_none_or(|said| said.to_string() == format!("{algorithm:?}"))
}
