//! Images handed in over HTTP, and what the server says of them.
//!
//! Promises: the same images in every run, whatever their ids; some of them are such that the
//! control plane or the labeller refuses them, so that every end is seen; a server that is away for
//! a while is asked again.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Context, bail};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

const AT_ONCE: usize = 8;
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
const SPACE: Uuid = Uuid::from_u128(0x0c2f_5a9e_44d1_4a37_9b86_e1f0_73cd_2854);
const MODALIDADES: [&str; 6] = ["CT", "MR", "US", "DX", "MG", "PT"];

/// How long the server may be away: it is killed on purpose, and a debug build starts slowly.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(200);

pub(super) struct Puerta {
    client: Client,
    url: String,
}

#[derive(Deserialize)]
struct Creada {
    id_ingesta: String,
}

#[derive(Deserialize)]
struct Leida {
    estado: String,
}

/// The image of this number.
fn imagen(number: usize) -> Value {
    let named = |what: &str| Uuid::new_v5(&SPACE, format!("{what}-{number}").as_bytes());
    let mut body = json!({
        "id_proveedor": Uuid::new_v5(&SPACE, b"proveedor"),
        "id_paciente": named("paciente"),
        "url_path": format!("https://imagenes.example.org/demo/{number}.dcm"),
    });
    match number % 10 {
        // No size has that.
        7 => body["bytes"] = json!(-1),
        // The labeller needs a modality.
        3 => {}
        _ => body["modalidad"] = json!(MODALIDADES[number % MODALIDADES.len()]),
    }
    body
}

impl Puerta {
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        let client = Client::builder()
            .no_proxy()
            .timeout(ANSWER_WITHIN)
            .build()?;
        Ok(Self {
            client,
            url: url.to_owned(),
        })
    }

    /// Hands in the images of these numbers; each is named, so that none is taken twice.
    pub(super) async fn entregar(
        &self,
        numbers: Range<usize>,
        run: &str,
    ) -> anyhow::Result<Vec<String>> {
        let handing = stream::iter(numbers.map(|number| self.una(number, run)));
        handing.buffered(AT_ONCE).try_collect().await
    }

    async fn una(&self, number: usize, run: &str) -> anyhow::Result<String> {
        let url = format!("{}/ingesta/crear-ingesta-comando", self.url);
        let key = format!("{run}{number}");
        let body = imagen(number);
        let answer = self
            .ask(|| {
                let request = self.client.post(&url);
                request.header("Idempotency-Key", &key).json(&body)
            })
            .await
            .context("hand in an image")?;
        match answer.status() {
            StatusCode::ACCEPTED => {
                let created: Creada = answer.json().await.context("read an answer")?;
                Ok(created.id_ingesta)
            }
            status => bail!("the server answers {status} to an image"),
        }
    }

    /// The states of these, as the server answers.
    pub(super) async fn estados(&self, ids: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
        let reading = stream::iter(ids.iter().map(|id| self.estado(id)));
        reading.buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn estado(&self, id: &str) -> anyhow::Result<(String, String)> {
        let url = format!("{}/ingesta/consulta-por-id/{id}", self.url);
        let answer = self.ask(|| self.client.get(&url)).await;
        let read: Leida = answer
            .context("read an ingesta")?
            .error_for_status()
            .map_err(reqwest::Error::without_url)?
            .json()
            .await
            .context("read an answer")?;
        Ok((id.to_owned(), read.estado))
    }

    /// Asks for a change by hand; false where the state forbids it.
    pub(super) async fn ordenar(&self, id: &str, verb: &str, body: &Value) -> anyhow::Result<bool> {
        let url = format!("{}/ingesta/{id}/{verb}", self.url);
        let key = format!("persona-{id}");
        let answer = self
            .ask(|| {
                let request = self.client.post(&url);
                request.header("Idempotency-Key", &key).json(body)
            })
            .await;
        let status = answer.context("decide on an ingesta")?.status();
        match status {
            StatusCode::ACCEPTED => Ok(true),
            StatusCode::CONFLICT => Ok(false),
            other => bail!("the server answers {other} to a decision"),
        }
    }

    /// Asks until there is an answer other than "not now": the server may be killed at any moment,
    /// and every request may be sent again.
    async fn ask(&self, request: impl Fn() -> RequestBuilder) -> anyhow::Result<Response> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = request().send().await;
            let over = Instant::now() >= deadline;
            match answer {
                Ok(answer) if answer.status() != StatusCode::SERVICE_UNAVAILABLE || over => {
                    return Ok(answer);
                }
                Err(error) if over => return Err(error.without_url().into()),
                Ok(_) | Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}
