//! What queries read from: the views, and the log where a view does not hold it yet.

use std::sync::Arc;
use std::time::Duration;

use cqrs_es::{Aggregate, View};
use ingesta_domain::imagen::Imagen;
use ingesta_event_store::subscription::{Waited, wait_for};
use ingesta_event_store::{EventCodec, Position, RecordedEvent, Storage, StoreError, StreamId};
use ingesta_projections::ReadModel;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::Instant;

use super::ConsultaError;
use crate::registry::{IMAGENES, VISTA_IMAGENES, VISTA_INGESTAS, VISTA_SAGAS};
use crate::vistas::{ImagenVista, IngestaVista, SagaVista};

/// Between two looks for an image that a topic's message will bring.
const LOOK_MIN: Duration = Duration::from_millis(10);
const LOOK_MAX: Duration = Duration::from_millis(250);

/// The views of this server, and the log behind them.
#[derive(Clone)]
pub struct Lecturas {
    pub(crate) ingestas: ReadModel<IngestaVista>,
    pub(crate) imagenes: ReadModel<ImagenVista>,
    pub(crate) sagas: ReadModel<SagaVista>,
    /// The reaction that makes images, where it runs in this process.
    pub(crate) reaccion: Option<watch::Receiver<Position>>,
    /// Whether images are made by what a topic tells, which no place in the log says the end of.
    pub(crate) imagenes_por_topico: bool,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) codec: EventCodec,
    /// Pages that are read at once: a page is hundreds of rows, and many of them at once would keep
    /// commands, which are short, from their turn.
    pub(crate) paginas: Arc<Semaphore>,
    /// How long one read waits at most.
    pub(crate) wait: Duration,
}

impl Lecturas {
    /// Waits until both views hold everything up to `position`, at most for `timeout`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn alcanzar(
        &self,
        position: Position,
        timeout: Duration,
    ) -> Result<Waited, StoreError> {
        let ingestas = self.ingestas.wait_for(position, timeout);
        let imagenes = self.imagenes.wait_for(position, timeout);
        let (ingestas, imagenes) = tokio::join!(ingestas, imagenes);
        Ok(match ingestas? {
            Waited::Reached => imagenes?,
            behind @ Waited::TimedOut { .. } => behind,
        })
    }

    /// One's turn to read a page, waited for as long as a read waits.
    pub(super) async fn turno(&self) -> Result<SemaphorePermit<'_>, ConsultaError> {
        let turn = tokio::time::timeout(self.wait, self.paginas.acquire()).await;
        let turn = turn.map_err(|_late| ConsultaError::Ocupada)?;
        // Nobody closes it.
        turn.map_err(|_closed| ConsultaError::Ocupada)
    }

    /// The events of one aggregate, from the log.
    pub(super) async fn stream<A: Aggregate>(
        &self,
        id: &str,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.storage.load(&StreamId::of::<A>(id), 0).await
    }

    /// What the view would hold if it had arrived: the same fold, over the stream itself.
    pub(super) fn fold<A: Aggregate, V: View<A>>(
        &self,
        events: &[RecordedEvent],
    ) -> Result<V, ConsultaError> {
        let mut view = V::default();
        for event in events {
            self.codec
                .decode_each::<A>(event, |envelope| view.update(&envelope))?;
        }
        Ok(view)
    }

    /// Whether the view `name` can answer for the stream as of `desde`: it is there, and the
    /// stream does not wait behind an event that failed. Without `desde` anything will do.
    pub(super) async fn sirve(
        &self,
        name: &'static str,
        stream: &StreamId,
        desde: Option<Position>,
    ) -> Result<bool, ConsultaError> {
        let Some(desde) = desde else { return Ok(true) };
        if !self.llega(name, desde).await? {
            // The log itself may answer, unless it has never been that far.
            if desde > self.storage.head().await? {
                return Err(ConsultaError::Atrasada { what: name });
            }
            return Ok(false);
        }
        let parked = self.storage.parked(name).await?;
        Ok(parked.iter().all(|row| row.stream != *stream))
    }

    /// The events of the image of an ingesta that was created at `creation`: waits for its reaction,
    /// at most as long as a read waits.
    pub(super) async fn imagen(
        &self,
        id: &str,
        creation: Position,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        if !self.imagenes_por_topico {
            self.llega(IMAGENES, creation).await?;
            return self.stream::<Imagen>(id).await;
        }
        let (deadline, mut pause) = (Instant::now() + self.wait, LOOK_MIN);
        loop {
            let events = self.stream::<Imagen>(id).await?;
            if !events.is_empty() || Instant::now() >= deadline {
                return Ok(events);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LOOK_MAX);
        }
    }

    /// Waits for a subscription of this server, at most as long as a read waits.
    pub(super) async fn llega(
        &self,
        name: &'static str,
        position: Position,
    ) -> Result<bool, StoreError> {
        let waited = match name {
            VISTA_INGESTAS => self.ingestas.wait_for(position, self.wait).await?,
            VISTA_IMAGENES => self.imagenes.wait_for(position, self.wait).await?,
            VISTA_SAGAS => self.sagas.wait_for(position, self.wait).await?,
            other => {
                let local = self.reaccion.clone();
                wait_for(&*self.storage, other, position, self.wait, local).await?
            }
        };
        Ok(waited == Waited::Reached)
    }
}
