//! Everything that follows the log in this process: three projections, two reactions, and where there
//! is a broker the relays, and the sagas if they are wanted.
//!
//! It starts those that this process was told to follow together, tells how each stands, and ends
//! them together. Beside other processes on the same database each subscription is advanced by one
//! of them, and the others stand by.

use std::sync::Arc;
use std::time::Duration;

use ingesta_domain::imagen::Imagen;
use ingesta_domain::ingesta::Ingesta;
use ingesta_event_store::subscription::{
    Runner, RunnerHandle, RunnerOptions, RunnerStatus, Subscriber,
};
use ingesta_event_store::{Database, EventCodec, Position, Storage, StoreError};
use ingesta_kafka::relay::runner_options_for;
use ingesta_projections::{
    InvalidTableName, ProjectionSubscriber, ReadModel, TableName, ViewProjection, ViewTable,
};
use ingesta_sagas::{TimerHandle, TimerStatus};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::broker::Relays;
use super::sagas::Motor;
use super::{AppOptions, Follow, Messaging};
use crate::comandos::Despachador;
use crate::consultas::Lecturas;
use crate::reacciones::{ReaccionImagenes, ReaccionIngestas};
use crate::registry::{IMAGENES, INGESTAS, VISTA_IMAGENES, VISTA_INGESTAS, VISTA_SAGAS};
use crate::saga::SagaDeIngesta;
use crate::vistas::{ImagenVista, IngestaVista, SagaVista};

type Projected<A, V> = ProjectionSubscriber<ViewProjection<A, V>>;

/// Pages that are read at once: each keeps a core busy for milliseconds.
const PAGES_AT_ONCE: usize = 2;

/// The running subscriptions.
pub(super) struct Subscriptions {
    handles: Vec<RunnerHandle>,
    timers: Option<TimerHandle>,
    token: CancellationToken,
}

/// How the runner of a subscription stands, by name.
pub(crate) type Statuses = Vec<(&'static str, watch::Receiver<RunnerStatus>)>;

/// What the subscriptions work on.
pub(super) struct Ground<'a> {
    pub(super) database: &'a Database,
    pub(super) storage: &'a Arc<dyn Storage>,
    pub(super) codec: &'a EventCodec,
    pub(super) despachador: &'a Despachador,
    pub(super) options: &'a AppOptions,
    pub(super) relays: &'a Relays,
    pub(super) motor: Option<&'a Motor>,
}

fn table(name: &'static str) -> TableName {
    let checked: Result<TableName, InvalidTableName> = TableName::new(name);
    checked.expect("the registry's names are names of tables, a test says so")
}

/// The projection of ingestas.
pub(crate) fn ingestas(
    database: &Database,
    codec: &EventCodec,
) -> Projected<Ingesta, IngestaVista> {
    let projection = ViewProjection::new(VISTA_INGESTAS, table(VISTA_INGESTAS), codec.clone());
    ProjectionSubscriber::new(database, projection)
}

/// The projection of images.
pub(crate) fn imagenes(database: &Database, codec: &EventCodec) -> Projected<Imagen, ImagenVista> {
    let projection = ViewProjection::new(VISTA_IMAGENES, table(VISTA_IMAGENES), codec.clone());
    ProjectionSubscriber::new(database, projection)
}

/// The projection of sagas.
pub(crate) fn sagas(
    database: &Database,
    codec: &EventCodec,
) -> Projected<SagaDeIngesta, SagaVista> {
    let projection = ViewProjection::new(VISTA_SAGAS, table(VISTA_SAGAS), codec.clone());
    ProjectionSubscriber::new(database, projection)
}

/// A view to read; without a runner of this process the store is asked how far it has come.
fn model<V>(
    ground: &Ground<'_>,
    view: ViewTable<V>,
    name: &'static str,
    followed: Option<watch::Receiver<Position>>,
) -> ReadModel<V> {
    let model = ReadModel::new(view, Arc::clone(ground.storage), name);
    match followed {
        Some(runner) => model.beside(runner),
        None => model,
    }
}

impl Subscriptions {
    /// What fires the timers of sagas, where this process does.
    pub(super) fn timers(&self) -> Option<watch::Receiver<TimerStatus>> {
        self.timers.as_ref().map(TimerHandle::status)
    }

    /// Makes the views' tables, starts everything, and answers with what reads may wait for.
    ///
    /// # Errors
    /// When a table cannot be made. Nothing was started then.
    pub(super) async fn start(
        ground: &Ground<'_>,
    ) -> Result<(Self, Lecturas, Statuses), StoreError> {
        let (ingestas, imagenes, sagas) = (
            ingestas(ground.database, ground.codec),
            imagenes(ground.database, ground.codec),
            sagas(ground.database, ground.codec),
        );
        // Before the first read: a reader must find the tables.
        ingestas.prepare().await?;
        imagenes.prepare().await?;
        sagas.prepare().await?;
        let views = (ingestas.view(), imagenes.view(), sagas.view());

        let mut all = Self {
            handles: Vec::new(),
            timers: None,
            token: CancellationToken::new(),
        };
        let mut statuses = Statuses::new();
        let (mut followed_ingestas, mut followed_imagenes, mut followed_sagas) = (None, None, None);
        if matches!(ground.options.follow, Follow::All | Follow::Views) {
            followed_ingestas = Some(all.run(ground, VISTA_INGESTAS, ingestas, &mut statuses));
            followed_imagenes = Some(all.run(ground, VISTA_IMAGENES, imagenes, &mut statuses));
            followed_sagas = Some(all.run(ground, VISTA_SAGAS, sagas, &mut statuses));
        }
        let messaging = ground.options.messaging.as_ref();
        let by_topic = messaging.is_some_and(Messaging::images_by_topic);
        let mut made = None;
        if ground.options.follow == Follow::All {
            if !by_topic {
                let hacer_imagenes =
                    ReaccionImagenes::new(ground.despachador.clone(), ground.codec.clone());
                made = Some(all.run(ground, IMAGENES, hacer_imagenes, &mut statuses));
            }
            all.react(ground, &mut statuses);
        }

        let ingestas = model(ground, views.0, VISTA_INGESTAS, followed_ingestas);
        let imagenes = model(ground, views.1, VISTA_IMAGENES, followed_imagenes);
        let sagas = model(ground, views.2, VISTA_SAGAS, followed_sagas);
        let lecturas = Lecturas {
            ingestas,
            imagenes,
            sagas,
            reaccion: made,
            imagenes_por_topico: by_topic,
            storage: Arc::clone(ground.storage),
            codec: ground.codec.clone(),
            paginas: Arc::new(Semaphore::new(PAGES_AT_ONCE)),
            wait: ground.options.read_wait,
        };
        Ok((all, lecturas, statuses))
    }

    /// Starts what answers events beside the images: reactions, sagas, relays.
    fn react(&mut self, ground: &Ground<'_>, statuses: &mut Statuses) {
        let rechazar_ingestas =
            ReaccionIngestas::new(ground.despachador.clone(), ground.codec.clone());
        self.run(ground, INGESTAS, rechazar_ingestas, statuses);
        if let Some(motor) = ground.motor {
            let options = RunnerOptions::default;
            for subscriber in motor.subscribers(ground) {
                self.run_with(ground, subscriber, options(), statuses);
            }
            self.timers = Some(motor.spawn_timers(ground, self.token.clone()));
        }
        let messaging = ground.options.messaging.as_ref();
        let most = messaging.map_or(1, |messaging| messaging.rutas.mensajes_por_suceso());
        for relay in ground.relays.subscribers() {
            self.run_with(ground, relay, runner_options_for(most), statuses);
        }
    }

    fn run(
        &mut self,
        ground: &Ground<'_>,
        name: &'static str,
        subscriber: impl Subscriber,
        statuses: &mut Statuses,
    ) -> watch::Receiver<Position> {
        let options = RunnerOptions::default();
        self.run_with(ground, (name, Arc::new(subscriber)), options, statuses)
    }

    fn run_with(
        &mut self,
        ground: &Ground<'_>,
        (name, subscriber): (&'static str, Arc<dyn Subscriber>),
        options: RunnerOptions,
        statuses: &mut Statuses,
    ) -> watch::Receiver<Position> {
        let options = RunnerOptions {
            owner: ground.options.owner.clone(),
            shutdown_grace: ground.options.shutdown_grace,
            ..options
        };
        let runner = Runner::new(Arc::clone(ground.storage), subscriber, options);
        let handle = runner.spawn(self.token.clone());
        statuses.push((name, handle.status()));
        let position = handle.position();
        self.handles.push(handle);
        position
    }

    /// Ends all of them, and waits for that at most `grace`.
    pub(super) async fn stop(self, grace: Duration) {
        self.token.cancel();
        let ended = async {
            for handle in self.handles {
                handle.join().await;
            }
            if let Some(timers) = self.timers {
                timers.join().await;
            }
        };
        if tokio::time::timeout(grace, ended).await.is_err() {
            tracing::warn!("subscriptions did not end in time; their leases run out by themselves");
        }
    }
}
