//! Images handed in over HTTP, and what the server says of them.
//!
//! Promises: the same images in every run, whatever their ids; some of them are such that the
//! control plane or the labeller refuses them, so that every end is seen.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

const AT_ONCE: usize = 8;
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
const SPACE: Uuid = Uuid::from_u128(0x0c2f_5a9e_44d1_4a37_9b86_e1f0_73cd_2854);
const MODALIDADES: [&str; 6] = ["CT", "MR", "US", "DX", "MG", "PT"];

/// Where an ingesta stands, in the server's words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Estado(pub(super) String);

impl Estado {
    /// The states after which nothing happens.
    pub(super) const FINALES: [&str; 4] = ["Finalizada", "Fallida", "Rechazada", "Eliminada"];

    pub(super) fn is_final(&self) -> bool {
        Self::FINALES.contains(&self.0.as_str())
    }
}

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
fn imagen(number: u32) -> Value {
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
        _ => body["modalidad"] = json!(MODALIDADES[number as usize % MODALIDADES.len()]),
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

    /// Hands in so many images; each is named, so that none is taken twice.
    pub(super) async fn entregar(&self, count: u32, run: &str) -> anyhow::Result<Vec<String>> {
        let handing = stream::iter((0..count).map(|number| self.una(number, run)));
        let ids: Vec<Option<String>> = handing.buffered(AT_ONCE).try_collect().await?;
        Ok(ids.into_iter().flatten().collect())
    }

    async fn una(&self, number: u32, run: &str) -> anyhow::Result<Option<String>> {
        let request = self
            .client
            .post(format!("{}/ingesta/crear-ingesta-comando", self.url))
            .header("Idempotency-Key", format!("{run}{number}"))
            .json(&imagen(number));
        let answer = request.send().await.context("hand in an image")?;
        match answer.status() {
            StatusCode::ACCEPTED => {
                let created: Creada = answer.json().await.context("read an answer")?;
                Ok(Some(created.id_ingesta))
            }
            status => bail!("the server answers {status} to an image"),
        }
    }

    /// Where each of them stands.
    pub(super) async fn estados(&self, ids: &[String]) -> anyhow::Result<BTreeMap<String, Estado>> {
        let reading = stream::iter(ids.iter().map(|id| self.estado(id)));
        reading.buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn estado(&self, id: &str) -> anyhow::Result<(String, Estado)> {
        let url = format!("{}/ingesta/consulta-por-id/{id}", self.url);
        let answer = self
            .client
            .get(url)
            .send()
            .await
            .context("read an ingesta")?;
        let read: Leida = answer
            .error_for_status()
            .map_err(reqwest::Error::without_url)?
            .json()
            .await
            .context("read an answer")?;
        Ok((id.to_owned(), Estado(read.estado)))
    }

    /// Asks for a change by hand; false where the state forbids it.
    pub(super) async fn ordenar(&self, id: &str, verb: &str, body: &Value) -> anyhow::Result<bool> {
        let url = format!("{}/ingesta/{id}/{verb}", self.url);
        let answer = self.client.post(url).json(body).send().await;
        let status = answer.context("decide on an ingesta")?.status();
        match status {
            StatusCode::ACCEPTED => Ok(true),
            StatusCode::CONFLICT => Ok(false),
            other => bail!("the server answers {other} to a decision"),
        }
    }
}
