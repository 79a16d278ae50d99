//! The peer's server: the same route on axum, over vanilla postgres-es with its view.
//!
//! It checks the same fields with the domain's own types, stores the same kind of metadata, and
//! answers with the same headers and the same shape of body. It has no `Idempotency-Key`, no
//! problem texts and no metrics: all to the peer's advantage.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use chrono::Utc;
use ingesta_domain::ingesta::{CrearIngesta, Ingesta};
use ingesta_domain::valor::{HechosRecibidos, UrlPath, ValorError};
use ingesta_server::vistas::IngestaVista;
use postgres_es::PostgresCqrs;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::PATH;
use crate::vanilla::{self, Lost};

/// The running server.
pub struct Peer {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Whether its view was left behind.
    pub lost: Lost,
    task: JoinHandle<()>,
}

#[derive(Deserialize)]
struct Cuerpo {
    id_proveedor: String,
    id_paciente: String,
    url_path: Option<String>,
    sha256: Option<String>,
    bytes: Option<i64>,
    modalidad: Option<String>,
    study_instance_uid: Option<String>,
    series_instance_uid: Option<String>,
    sop_instance_uid: Option<String>,
}

impl Peer {
    /// Serves on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start(pool: &PgPool) -> anyhow::Result<Self> {
        let (query, lost) = vanilla::view::<IngestaVista>(pool);
        let commands = Arc::new(vanilla::commands(pool, Some(query)));
        let router = Router::new().route(PATH, post(create)).with_state(commands);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let task = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { addr, lost, task })
    }

    /// Ends it.
    pub fn stop(self) {
        self.task.abort();
    }
}

fn command(cuerpo: Cuerpo) -> Result<CrearIngesta, ValorError> {
    let hechos = HechosRecibidos {
        sha256: cuerpo.sha256,
        bytes: cuerpo.bytes,
        modalidad: cuerpo.modalidad,
        study_instance_uid: cuerpo.study_instance_uid,
        series_instance_uid: cuerpo.series_instance_uid,
        sop_instance_uid: cuerpo.sop_instance_uid,
    };
    Ok(CrearIngesta {
        id_proveedor: cuerpo.id_proveedor.parse()?,
        id_paciente: cuerpo.id_paciente.parse()?,
        url_path: UrlPath::parse(&cuerpo.url_path.unwrap_or_default())?,
        hechos: hechos.try_into()?,
        fecha: Utc::now(),
    })
}

async fn create(
    State(commands): State<Arc<PostgresCqrs<Ingesta>>>,
    Json(cuerpo): Json<Cuerpo>,
) -> Result<Response, StatusCode> {
    let command = command(cuerpo).map_err(|_| StatusCode::BAD_REQUEST)?;
    let id = Uuid::now_v7().to_string();
    let metadata = HashMap::from([
        ("command_id".to_owned(), format!("crear/{id}")),
        ("correlation_id".to_owned(), Uuid::now_v7().to_string()),
    ]);
    let executed = commands
        .execute_with_metadata(&id, command.into(), metadata)
        .await;
    executed.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let headers = [
        (header::LOCATION, format!("/ingesta/consulta-por-id/{id}")),
        (header::ETAG, "\"1\"".to_owned()),
    ];
    let body = Json(json!({
        "id_ingesta": id,
        "posicion": "0-0",
        "version": 1,
        "estado": "Creada",
    }));
    Ok((StatusCode::ACCEPTED, headers, body).into_response())
}
