//! `ObtenerTodasIngestas`: one page of all ingestas, in the order of their ids.

use ingesta_domain::consulta::ObtenerTodasIngestas;
use ingesta_domain::valor::IdIngesta;
use ingesta_event_store::Position;
use ingesta_projections::PageQuery;

use super::{ConsultaError, Lecturas, Manejada};
use crate::registry::VISTA_INGESTAS;
use crate::vistas::FilaIngesta;

/// A page of ingestas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pagina {
    /// The rows, in the order of their ids: the order in which they were handed in, since ids are
    /// uuid v7, made here.
    pub filas: Vec<FilaIngesta>,
    /// Where the next page begins; `None`: this is the last one.
    pub siguiente: Option<IdIngesta>,
}

impl Manejada for ObtenerTodasIngestas {
    type Respuesta = Pagina;

    async fn manejar(
        self,
        lecturas: &Lecturas,
        desde: Option<Position>,
    ) -> Result<Pagina, ConsultaError> {
        if let Some(desde) = desde
            && !lecturas.llega(VISTA_INGESTAS, desde).await?
        {
            return Err(ConsultaError::Atrasada {
                what: VISTA_INGESTAS,
            });
        }
        let _turn = lecturas.turno().await?;
        let after = self.despues_de.map(|id| id.to_string());
        let limite = self.limite.get();
        // One more than asked for tells whether there is a next page.
        let view = lecturas.ingestas.view();
        let more_than = limite.saturating_add(1);
        let proveedor = self.de.map(|id| id.to_string());
        let only_of = proveedor.as_deref().map(|id| ("id_proveedor", id));
        let only_in = self.estado.map(|estado| ("estado", estado.as_str()));
        let wanted: Vec<_> = only_of.into_iter().chain(only_in).collect();
        let asked = PageQuery {
            limit: more_than,
            after: after.as_deref(),
            wanted: &wanted,
            descending: self.recientes,
        };
        let mut rows = view.page_of(asked).await?;
        let more = u32::try_from(rows.len()).is_ok_and(|found| found > limite);
        rows.truncate(usize::try_from(limite).unwrap_or(usize::MAX));
        let last = rows.last().and_then(|row| row.id.parse().ok());
        Ok(Pagina {
            filas: rows
                .into_iter()
                .filter_map(|row| row.state.fila())
                .collect(),
            siguiente: last.filter(|_| more),
        })
    }
}
