//! Wishes: a new ingesta, by either name, and its withdrawal.

use async_graphql::{Context, ID, Object, Result};
use chrono::Utc;
use ingesta_domain::ingesta::EliminarIngesta;
use ingesta_domain::valor::IdIngesta;
use ingesta_http::Problem;

use super::tipos::IngestaRespuesta;
use super::{app, error, quien};
use crate::comandos::CrearIngestaRecibida;
use crate::http::circunstancias::Circunstancias;
use crate::http::crear::entregar;
use crate::http::rechazo::{no_existe, rechazo};

/// Everything that can be wished for.
pub(in crate::http) struct Comandos;

#[Object]
impl Comandos {
    /// Hand an image reference in. `clave` names the wish: the same one with the same key is done
    /// once, and answered as the first time.
    async fn crear_ingesta(
        &self,
        context: &Context<'_>,
        id_proveedor: String,
        id_paciente: String,
        url_path: String,
        clave: Option<String>,
    ) -> Result<IngestaRespuesta> {
        crear(context, (id_proveedor, id_paciente, url_path), clave).await
    }

    /// The same, as the later of the first systems calls it.
    async fn create_ingest(
        &self,
        context: &Context<'_>,
        provider_id: String,
        patient_id: String,
        url_path: String,
        clave: Option<String>,
    ) -> Result<IngestaRespuesta> {
        crear(context, (provider_id, patient_id, url_path), clave).await
    }

    /// Withdraw an ingesta.
    async fn eliminar_ingesta(
        &self,
        context: &Context<'_>,
        id_ingesta: ID,
        clave: Option<String>,
    ) -> Result<IngestaRespuesta> {
        let id: IdIngesta = id_ingesta.parse().map_err(|_| {
            let detail = "idIngesta no es un uuid";
            error(&Problem::bad_request("id_malformado", detail))
        })?;
        let app = app(context)?;
        if let Some(own) = quien(context)?.solo() {
            let owner = app.despachador.proveedor(id).await;
            if owner.map_err(|cause| error(&rechazo(cause)))? != Some(own) {
                return Err(error(&no_existe()));
            }
        }
        let circunstancias = nombradas(context, clave)?;
        let command = EliminarIngesta { fecha: Utc::now() };
        let (name, how) = (circunstancias.command_id(), circunstancias.context());
        let ended = app.despachador.ejecutar(id, command, name, how).await;
        Ok(ended.map_err(|cause| error(&rechazo(cause)))?.into())
    }
}

async fn crear(
    context: &Context<'_>,
    (id_proveedor, id_paciente, url_path): (String, String, String),
    clave: Option<String>,
) -> Result<IngestaRespuesta> {
    let recibida = CrearIngestaRecibida {
        id_proveedor,
        id_paciente,
        url_path,
        ..CrearIngestaRecibida::default()
    };
    let circunstancias = nombradas(context, clave)?;
    let ended = entregar(app(context)?, quien(context)?, recibida, &circunstancias).await;
    Ok(ended.map_err(|problem| error(&problem))?.into())
}

/// The circumstances of the request, with this name: one request may hold several wishes, so its
/// header names none of them.
fn nombradas(context: &Context<'_>, clave: Option<String>) -> Result<Circunstancias> {
    let circunstancias = context.data::<Circunstancias>()?;
    let named = circunstancias.con_clave(clave.as_deref());
    named.map_err(|problem| error(&problem))
}
