//! Wishes: a new ingesta, by either name, and its withdrawal.

use async_graphql::{Context, ID, Object, Result};
use chrono::Utc;
use ingesta_domain::ingesta::EliminarIngesta;

use super::tipos::IngestaRespuesta;
use super::{app, error, id_de, quien};
use crate::comandos::CrearIngestaRecibida;
use crate::http::acceso::visible;
use crate::http::circunstancias::Circunstancias;
use crate::http::crear::entregar;
use crate::http::rechazo::rechazo;

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
        let (id, app) = (id_de("idIngesta", &id_ingesta)?, app(context)?);
        let seen = visible(app, quien(context)?, id).await;
        seen.map_err(|problem| error(&problem))?;
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
