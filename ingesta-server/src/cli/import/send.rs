//! One row over HTTP, tried until its outcome is known or patience is at its end.
//!
//! Promises: every try carries the same key, so a try whose answer was lost does no harm; tries
//! back off; a refusal is shown by its code only.
//! Does not: decide what becomes of the rows after this one.

use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;

use super::row::Row;
use crate::cli::exit::CliError;
use crate::config::ApiKey;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A server that fails on one row again and again must not hold up the others.
const TRIES_ON_FAULT: u32 = 4;

/// What became of a row.
pub(super) enum Sent {
    /// It is in, now or from an earlier run.
    Accepted { id: String },
    /// The server refuses it.
    Refused { code: String },
    /// No outcome: nobody there.
    Away { reason: String },
    /// No outcome: somebody else is there.
    NotIngesta { reason: String },
}

/// Where rows are handed in.
pub(in crate::cli) struct Door {
    client: Client,
    route: Url,
    url: String,
    patience: Duration,
}

#[derive(Deserialize)]
struct Accepted {
    id_ingesta: String,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
}

impl Door {
    /// The door of the server at `url`.
    pub(in crate::cli) fn new(
        url: &str,
        key: Option<&ApiKey>,
        patience: Duration,
    ) -> Result<Self, CliError> {
        let usage = |what: &str| CliError::Usage(format!("--url: {what}"));
        let base = Url::parse(url).map_err(|_| usage("expected http://host:port"))?;
        if base.scheme() != "http" || base.host_str().is_none() {
            return Err(usage("expected http://host:port (TLS ends at a proxy)"));
        }
        if base.path() != "/" || base.query().is_some() {
            return Err(usage("expected http://host:port without a path"));
        }
        let route = base
            .join("/ingesta/crear-ingesta-comando")
            .map_err(|_| usage("unusable"))?;
        let url = base.origin().ascii_serialization();
        Ok(Self {
            client: client(&base, key)?,
            route,
            url,
            patience,
        })
    }

    /// For messages.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Hands the row in. `waiting` is called once if the server is away.
    pub(super) async fn send(&self, row: &Row, waiting: impl Fn(&str)) -> Sent {
        let began = Instant::now();
        let (mut pause, mut tries, mut told) = (FIRST_PAUSE, 0, false);
        loop {
            tries += 1;
            let (reason, asked_pause) = match self.try_once(row).await {
                Try::Known(sent) => return sent,
                Try::Fault { code } if tries >= TRIES_ON_FAULT => return Sent::Refused { code },
                Try::Fault { code } => (code, None),
                Try::Away {
                    reason,
                    retry_after,
                } => (reason, retry_after),
            };
            let wait = asked_pause.map_or(pause, |asked| asked.clamp(pause, LONGEST_PAUSE));
            if began.elapsed() + wait > self.patience {
                return Sent::Away { reason };
            }
            if !std::mem::replace(&mut told, true) {
                waiting(&reason);
            }
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_once(&self, row: &Row) -> Try {
        let request = self
            .client
            .post(self.route.clone())
            .header("content-type", "application/json")
            .header("idempotency-key", &row.key)
            .body(row.body.clone());
        match request.send().await {
            Ok(response) => read(response).await,
            Err(error) => Try::Away {
                reason: innermost(error),
                retry_after: None,
            },
        }
    }
}

/// How one try ended.
enum Try {
    Known(Sent),
    /// The server says that it failed.
    Fault {
        code: String,
    },
    Away {
        reason: String,
        retry_after: Option<Duration>,
    },
}

async fn read(response: Response) -> Try {
    let status = response.status();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    let body = match response.bytes().await {
        Ok(body) => body,
        // It was handed in, and the answer was lost on its way.
        Err(error) => {
            return Try::Away {
                reason: innermost(error),
                retry_after,
            };
        }
    };
    let code = || {
        let refusal = serde_json::from_slice::<Refusal>(&body).ok();
        refusal
            .map(|refusal| refusal.code)
            .filter(|code| is_code(code))
    };
    let known_code = || code().unwrap_or_else(|| format!("http_{}", status.as_u16()));
    match status {
        StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED => {
            Try::Known(match serde_json::from_slice::<Accepted>(&body) {
                Ok(accepted) => Sent::Accepted {
                    id: accepted.id_ingesta,
                },
                Err(_) => Sent::NotIngesta {
                    reason: "its answer names no id_ingesta".to_owned(),
                },
            })
        }
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Try::Away {
            reason: known_code(),
            retry_after,
        },
        StatusCode::UNAUTHORIZED => Try::Known(Sent::NotIngesta {
            reason: "it asks who comes: set INGESTA_API_KEY to a key of `ingesta keys add`"
                .to_owned(),
        }),
        // One row of another provider says nothing about the next one.
        StatusCode::FORBIDDEN if code().as_deref() == Some("proveedor_ajeno") => {
            Try::Known(Sent::Refused { code: known_code() })
        }
        StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::NOT_IMPLEMENTED => Try::Known(Sent::NotIngesta {
            reason: format!("it answers {}", status.as_u16()),
        }),
        _ if status.is_client_error() => Try::Known(Sent::Refused { code: known_code() }),
        _ if status.is_server_error() => Try::Fault { code: known_code() },
        _ => Try::Known(Sent::NotIngesta {
            reason: format!("it answers {}", status.as_u16()),
        }),
    }
}

/// A code is a word of the program. Anything else might quote the row.
fn is_code(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// The last cause says most: "connection refused" rather than "error sending request".
pub(super) fn innermost(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut last: &dyn std::error::Error = &error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

/// A client for a server of ours; no proxy stands between this machine and itself.
pub(in crate::cli) fn client(base: &Url, key: Option<&ApiKey>) -> Result<Client, CliError> {
    let builder = Client::builder()
        .default_headers(shown(key)?)
        .connect_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(30));
    let loopback = matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let builder = if loopback {
        builder.no_proxy()
    } else {
        builder
    };
    builder
        .build()
        .map_err(|error| CliError::Failed(innermost(error)))
}

/// What shows who asks, to a server that wants to know.
pub(in crate::cli) fn shown(key: Option<&ApiKey>) -> Result<HeaderMap, CliError> {
    let mut headers = HeaderMap::new();
    if let Some(key) = key {
        let value = HeaderValue::try_from(format!("Bearer {}", key.reveal()));
        let wrong = |_| CliError::Usage("api_key: expected a key of `ingesta keys add`".into());
        let mut value = value.map_err(wrong)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}
