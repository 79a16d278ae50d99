//! `ObtenerHistoria`: everything that has happened to an ingesta and its image, in the log's order.
//!
//! Promises: the log itself is read, so it is as new as can be; an event that this program cannot
//! read has its line like any other, and says so.

use cqrs_es::{Aggregate, DomainEvent as _};
use ingesta_domain::consulta::ObtenerHistoria;
use ingesta_domain::imagen::Imagen;
use ingesta_domain::ingesta::Ingesta;
use ingesta_domain::valor::IdImagen;
use ingesta_event_store::{Metadata, Position, RecordedEvent};
use serde::Serialize;
use serde_json::Value;

use super::{ConsultaError, Lecturas, Manejada};
use crate::vistas::Hecho;

impl Manejada for ObtenerHistoria {
    /// Empty: the log knows no such ingesta.
    type Respuesta = Vec<Hecho>;

    async fn manejar(
        self,
        lecturas: &Lecturas,
        _: Option<Position>,
    ) -> Result<Self::Respuesta, ConsultaError> {
        let (id, imagen) = (self.id.to_string(), IdImagen::de_ingesta(self.id));
        let ingesta = lecturas.stream::<Ingesta>(&id).await?;
        if ingesta.is_empty() {
            return Ok(Vec::new());
        }
        let imagen = lecturas.stream::<Imagen>(&imagen.to_string()).await?;
        let mut all = Vec::with_capacity(ingesta.len() + imagen.len());
        for event in &ingesta {
            lecturas.hechos::<Ingesta>(event, "ingesta", &mut all);
        }
        for event in &imagen {
            lecturas.hechos::<Imagen>(event, "imagen", &mut all);
        }
        // Stable: what one stored event became stays in its order.
        all.sort_by_key(|(position, _)| *position);
        Ok(all.into_iter().map(|(_, hecho)| hecho).collect())
    }
}

impl Lecturas {
    /// The lines of one stored event: one, unless it was lifted to several or to none.
    fn hechos<A: Aggregate<Event: Serialize>>(
        &self,
        event: &RecordedEvent,
        de: &'static str,
        all: &mut Vec<(Position, Hecho)>,
    ) {
        let line = |evento: String, datos: Option<Value>| {
            let metadata: Metadata = Metadata::from_json(&event.metadata).unwrap_or_default();
            let hecho = Hecho {
                de,
                version: event.sequence,
                evento,
                posicion: event.position.to_string(),
                registrado: event.recorded_at,
                ilegible: datos.is_none(),
                datos: datos.unwrap_or_default(),
                correlacion: metadata.correlation_id,
                causa: metadata.causation_id,
                actor: metadata.actor,
            };
            (event.position, hecho)
        };
        let before = all.len();
        let read = self.codec.decode_each::<A>(event, |envelope| {
            let datos = serde_json::to_value(&envelope.payload).map(fields);
            all.push(line(envelope.payload.event_type(), datos.ok()));
        });
        if read.is_err() {
            all.truncate(before);
            all.push(line(event.event_type.clone(), None));
        }
    }
}

/// What stands behind the name of the event, which is told apart.
fn fields(event: Value) -> Value {
    let Value::Object(named) = event else {
        return Value::Null;
    };
    let fields = named.into_iter().next().map(|(_, fields)| fields);
    fields.unwrap_or_default()
}
