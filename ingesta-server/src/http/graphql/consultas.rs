//! Questions: one ingesta, all of them in pages, the image of one.

use std::num::NonZeroU32;

use async_graphql::{Context, ID, Object, Result};
use ingesta_domain::consulta::{ObtenerImagen, ObtenerIngesta, ObtenerTodasIngestas};
use ingesta_http::Problem;

use super::tipos::{Imagen, Ingesta, PaginaIngestas};
use super::{app, error, id_de, quien};
use crate::consultas::Pagina;
use crate::http::momento::posicion;
use crate::http::rechazo::{no_existe, sin_respuesta};
use crate::vistas::FilaIngesta;

const LIMITE_MAXIMO: u32 = 500;

/// Everything that can be asked.
pub(in crate::http) struct Consultas;

#[Object]
impl Consultas {
    /// Ingestas, in the order in which they were handed in: `limite` of them (1 to 500), behind the
    /// one with the id `despues`.
    #[graphql(complexity = "limite as usize * child_complexity")]
    async fn ingestas(
        &self,
        context: &Context<'_>,
        #[graphql(default = 100)] limite: u32,
        despues: Option<ID>,
    ) -> Result<Vec<Ingesta>> {
        lista(context, limite, despues).await
    }

    /// The same, as the later of the first systems calls it.
    #[graphql(complexity = "limite as usize * child_complexity")]
    async fn ingests(
        &self,
        context: &Context<'_>,
        #[graphql(default = 100)] limite: u32,
        despues: Option<ID>,
    ) -> Result<Vec<Ingesta>> {
        lista(context, limite, despues).await
    }

    /// The same, with where to go on. `desde` is a position that the answer reflects at least.
    #[graphql(complexity = "limite as usize * child_complexity")]
    async fn pagina_ingestas(
        &self,
        context: &Context<'_>,
        #[graphql(default = 100)] limite: u32,
        despues: Option<ID>,
        desde: Option<String>,
    ) -> Result<PaginaIngestas> {
        let page = pagina(context, limite, despues, desde).await?;
        Ok(PaginaIngestas {
            ingestas: page.filas.into_iter().map(Into::into).collect(),
            siguiente: page.siguiente.map(|id| id.to_string().into()),
        })
    }

    /// One ingesta.
    async fn ingesta(
        &self,
        context: &Context<'_>,
        id_ingesta: ID,
        desde: Option<String>,
    ) -> Result<Ingesta> {
        Ok(una(context, &id_ingesta, desde).await?.into())
    }

    /// The image of an ingesta.
    async fn imagen(
        &self,
        context: &Context<'_>,
        id_ingesta: ID,
        desde: Option<String>,
    ) -> Result<Imagen> {
        let fila = una(context, &id_ingesta, None).await?;
        let consulta = ObtenerImagen {
            id_ingesta: fila.id_ingesta,
        };
        let desde = posicion(desde).map_err(|problem| error(&problem))?;
        let found = app(context)?.consultas.consultar(consulta, desde).await;
        let found = found.map_err(|cause| error(&sin_respuesta(cause)))?;
        Ok(found.ok_or_else(|| error(&no_existe()))?.into())
    }
}

/// The rows of a page alone, as both of the first systems have them.
async fn lista(context: &Context<'_>, limite: u32, despues: Option<ID>) -> Result<Vec<Ingesta>> {
    let page = pagina(context, limite, despues, None).await?;
    Ok(page.filas.into_iter().map(Into::into).collect())
}

/// One that whoever asks may see; any other is none.
async fn una(context: &Context<'_>, id: &ID, desde: Option<String>) -> Result<FilaIngesta> {
    let id = id_de("idIngesta", id)?;
    let desde = posicion(desde).map_err(|problem| error(&problem))?;
    let consulta = ObtenerIngesta { id };
    let found = app(context)?.consultas.consultar(consulta, desde).await;
    let found = found.map_err(|cause| error(&sin_respuesta(cause)))?;
    let principal = quien(context)?;
    found
        .filter(|fila| principal.ve(fila.id_proveedor))
        .ok_or_else(|| error(&no_existe()))
}

async fn pagina(
    context: &Context<'_>,
    limite: u32,
    despues: Option<ID>,
    desde: Option<String>,
) -> Result<Pagina> {
    let limite = NonZeroU32::new(limite).filter(|limite| limite.get() <= LIMITE_MAXIMO);
    let limite = limite.ok_or_else(|| {
        let detail = format!("limite debe estar entre 1 y {LIMITE_MAXIMO}");
        error(&Problem::bad_request("limite_fuera_de_rango", detail))
    })?;
    let despues_de = despues.map(|id| id_de("despues", &id)).transpose()?;
    let consulta = ObtenerTodasIngestas {
        de: quien(context)?.solo(),
        estado: None,
        recientes: false,
        despues_de,
        limite,
    };
    let desde = posicion(desde).map_err(|problem| error(&problem))?;
    let found = app(context)?.consultas.consultar(consulta, desde).await;
    found.map_err(|cause| error(&sin_respuesta(cause)))
}
