//! Everything that follows the log in this process: two projections, two
//! reactions, and where there is a broker two relays.
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
use ingesta_kafka::relay::runner_options;
use ingesta_projections::{
    InvalidTableName, ProjectionSubscriber, ReadModel, TableName, ViewProjection, ViewTable,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::broker::Relays;
use super::{AppOptions, Follow, Messaging};
use crate::comandos::Despachador;
use crate::consultas::Lecturas;
use crate::reacciones::{ReaccionImagenes, ReaccionIngestas};
use crate::registry::{IMAGENES, INGESTAS, VISTA_IMAGENES, VISTA_INGESTAS};
use crate::vistas::{ImagenVista, IngestaVista};

type Projected<A, V> = ProjectionSubscriber<ViewProjection<A, V>>;

/// The running subscriptions.
pub(super) struct Subscriptions {
    handles: Vec<RunnerHandle>,
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
    /// Makes the views' tables, starts everything, and answers with what reads may wait for.
    ///
    /// # Errors
    /// When a table cannot be made. Nothing was started then.
    pub(super) async fn start(
        ground: &Ground<'_>,
    ) -> Result<(Self, Lecturas, Statuses), StoreError> {
        let (ingestas, imagenes) = (
            ingestas(ground.database, ground.codec),
            imagenes(ground.database, ground.codec),
        );
        // Before the first read: a reader must find the tables.
        ingestas.prepare().await?;
        imagenes.prepare().await?;
        let views = (ingestas.view(), imagenes.view());

        let mut all = Self {
            handles: Vec::new(),
            token: CancellationToken::new(),
        };
        let mut statuses = Statuses::new();
        let (mut followed_ingestas, mut followed_imagenes) = (None, None);
        if matches!(ground.options.follow, Follow::All | Follow::Views) {
            followed_ingestas = Some(all.run(ground, VISTA_INGESTAS, ingestas, &mut statuses));
            followed_imagenes = Some(all.run(ground, VISTA_IMAGENES, imagenes, &mut statuses));
        }
        let messaging = ground.options.messaging.as_ref();
        let by_topic = messaging.is_some_and(Messaging::images_by_topic);
        let mut made = None;
        if ground.options.follow == Follow::All {
            let despachador = || ground.despachador.clone();
            let rechazar_ingestas = ReaccionIngestas::new(despachador(), ground.codec.clone());
            if !by_topic {
                let hacer_imagenes = ReaccionImagenes::new(despachador(), ground.codec.clone());
                made = Some(all.run(ground, IMAGENES, hacer_imagenes, &mut statuses));
            }
            all.run(ground, INGESTAS, rechazar_ingestas, &mut statuses);
            for relay in ground.relays.subscribers() {
                all.run_with(ground, relay, runner_options(), &mut statuses);
            }
        }

        let ingestas = model(ground, views.0, VISTA_INGESTAS, followed_ingestas);
        let imagenes = model(ground, views.1, VISTA_IMAGENES, followed_imagenes);
        let lecturas = Lecturas {
            ingestas,
            imagenes,
            reaccion: made,
            imagenes_por_topico: by_topic,
            storage: Arc::clone(ground.storage),
            codec: ground.codec.clone(),
            wait: ground.options.read_wait,
        };
        Ok((all, lecturas, statuses))
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
        };
        if tokio::time::timeout(grace, ended).await.is_err() {
            tracing::warn!("subscriptions did not end in time; their leases run out by themselves");
        }
    }
}
