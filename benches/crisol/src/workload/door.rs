//! One request, and what its answer means for an operation.
//!
//! An answer that leaves the outcome open (nobody there, 408, 429, 502, 503, 504) is never taken
//! for a failure; neither is a fault of the server (500), which is counted besides.

use std::time::Duration;

use anyhow::Context;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::history::{Sent, What};

/// What one try came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Try {
    /// Acknowledged, naming this ingesta.
    Acknowledged { status: u16, id: Option<String> },
    /// Refused.
    Refused { status: u16 },
    /// Not known.
    Open { status: Option<u16>, fault: bool },
}

#[derive(Deserialize)]
struct Named {
    id_ingesta: String,
}

/// A client for servers on this machine. Its connections die with the servers.
pub(crate) fn client() -> anyhow::Result<reqwest::Client> {
    let builder = reqwest::Client::builder().no_proxy();
    let builder = builder
        .connect_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(15));
    builder.build().context("make a client of HTTP")
}

/// Sends the operation once.
pub(super) async fn send(http: &reqwest::Client, server: &str, sent: &Sent, body: &Value) -> Try {
    let id = sent.id.as_deref().unwrap_or_default();
    let (method, path) = match sent.what {
        What::Crear => (Method::POST, "/ingesta/crear-ingesta-comando".to_owned()),
        What::Eliminar => (Method::POST, format!("/ingesta/{id}/eliminar")),
        What::Revertir => (Method::POST, format!("/ingesta/{id}/revertir")),
        What::Leer => (Method::GET, format!("/ingesta/consulta-por-id/{id}")),
    };
    let mut request = http.request(method, format!("{server}{path}"));
    if sent.what != What::Leer {
        request = request.header("idempotency-key", &sent.key).json(body);
    }
    let Ok(answer) = request.send().await else {
        return Try::Open {
            status: None,
            fault: false,
        };
    };
    let status = answer.status();
    // An acknowledgement counts when it has arrived whole.
    let Ok(body) = answer.bytes().await else {
        return Try::Open {
            status: Some(status.as_u16()),
            fault: false,
        };
    };
    read(status, &body)
}

fn read(status: StatusCode, body: &[u8]) -> Try {
    let number = status.as_u16();
    match status {
        _ if status.is_success() => {
            let id = serde_json::from_slice(body)
                .ok()
                .map(|Named { id_ingesta }| id_ingesta);
            Try::Acknowledged { status: number, id }
        }
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Try::Open {
            status: Some(number),
            fault: false,
        },
        _ if status.is_client_error() => Try::Refused { status: number },
        _ => Try::Open {
            status: Some(number),
            fault: true,
        },
    }
}

/// The body of a creation. `variant` makes it one of its kind.
pub(crate) fn creation(variant: u64, url: &str, modality: &str) -> Value {
    json!({
        "id_proveedor": uuid::Uuid::from_u128(0x1d67_0540_715a_4ee7_a1cb_0000_0000_0000),
        "id_paciente": uuid::Uuid::from_u128(
            0x8210_e5ca_bdf4_4f3e_9276_0000_0000_0000 | u128::from(variant)
        ),
        "url_path": url,
        "modalidad": modality,
        "bytes": variant + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_leaves_it_open_is_never_a_refusal() {
        for status in [408, 429, 502, 503, 504] {
            let status = StatusCode::from_u16(status).unwrap();
            assert!(
                matches!(read(status, b""), Try::Open { fault: false, .. }),
                "{status}"
            );
        }
        assert!(matches!(
            read(StatusCode::INTERNAL_SERVER_ERROR, b""),
            Try::Open { fault: true, .. }
        ));
        assert_eq!(
            read(StatusCode::CONFLICT, b"{}"),
            Try::Refused { status: 409 }
        );
        let named = Try::Acknowledged {
            status: 202,
            id: Some("a".to_owned()),
        };
        assert_eq!(read(StatusCode::ACCEPTED, br#"{"id_ingesta":"a"}"#), named);
    }
}
