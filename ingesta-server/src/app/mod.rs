//! The composition root: a database goes in, a running server comes out.
//!
//! Promises: it refuses a schema that it does not know; it listens before it says that it started;
//! it stops in bounded time, requests first, then the subscriptions, whose leases it gives back.
//! It does not migrate, configure or log by itself: the command line does.

mod broker;
mod codec;
mod error;
mod health;
mod limits;
mod messaging;
mod metrics;
mod options;
mod puerta;
mod sagas;
mod state;
mod subscriptions;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::{Database, EventCodec, EventStorage, PostgresStorage, Storage};
use ingesta_http::edge::{self, EdgeOptions};
use ingesta_http::live::{FeedOptions, LiveFeed};
use ingesta_kafka::avro::SchemaError;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use codec::{event_codec, known_types};
pub use error::AppError;
pub(crate) use health::{Component, Health};
pub use limits::HttpLimits;
pub use messaging::{ImagenesDesde, Messaging, RelayMode};
pub(crate) use metrics::Metrics;
pub use options::{AppOptions, Follow};
pub(crate) use puerta::{Cliente, Puerta};
pub(crate) use state::AppState;
pub(crate) use subscriptions::{imagenes, ingestas, sagas as vista_de_sagas};

use self::broker::{Broker, Relays};
use self::sagas::Motor;
use self::subscriptions::{Ground, Subscriptions};
use crate::comandos::Despachador;
use crate::consultas::Consultas;
use crate::entradas::{Entrada, entradas, entradas_de_imagenes, entradas_de_saga};
use crate::mensajes::EnVivo;
use crate::operacion::Operacion;
use crate::reacciones::ReaccionImagenes;
use crate::saga::Sagas;

/// A running server: HTTP and the subscriptions behind it.
///
/// Dropping it does not stop it: see [`App::stop`].
pub struct App {
    addr: SocketAddr,
    grace: Duration,
    subscriptions: Subscriptions,
    relays: Relays,
    operacion: Operacion,
    broker: Option<Broker>,
    server: JoinHandle<()>,
    vivo: LiveFeed,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl App {
    /// Starts a server on a database that has been migrated.
    ///
    /// # Errors
    /// See [`AppError`]. Nothing is left running then.
    pub async fn start(database: Database, options: AppOptions) -> Result<Self, AppError> {
        Puerta::closed_to_others(&options)?;
        database.check_schema().await?;
        database.check_cluster().await?;
        let (listener, addr) = bind(options.listen).await?;
        let postgres = PostgresStorage::new(database.clone());
        let storage: Arc<dyn Storage> = Arc::new(postgres.clone());
        let listening_to = postgres.clone();
        let (codec, metrics) = (event_codec(), Metrics::default());
        let despachador =
            Despachador::measured(Arc::clone(&storage), codec.clone(), metrics.clone());
        let puerta = Puerta::new(&options, &storage, &codec)?;
        let messaging = messaging(&options);
        let operacion = Operacion::new(postgres.clone(), messaging)?;
        let motor = motor(&options, messaging, &storage, &codec)?;
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        // Where the start fails, the feed ends too.
        let started = stop.clone().drop_guard();
        let vivo = live_feed(&storage, &codec, options.http.live, &stop).await?;
        let (entradas, relays) = match messaging {
            Some(messaging) => doors(messaging, motor.as_ref(), (&despachador, &codec, &storage))?,
            None => (Vec::new(), Relays::default()),
        };
        let ground = Ground {
            database: &database,
            storage: &storage,
            codec: &codec,
            despachador: &despachador,
            options: &options,
            relays: &relays,
            motor: motor.as_ref(),
        };
        let (subscriptions, lecturas, statuses) = Subscriptions::start(&ground).await?;
        let grace = options.shutdown_grace;
        let at_work = messaging.map(|messaging| Broker::start(messaging, entradas, &relays, grace));
        let (broker, standing) = at_work.unzip();
        let timers = subscriptions.timers();
        let health = Health::new(postgres, (statuses, standing), timers, &options);
        let state = AppState {
            despachador,
            consultas: Consultas::new(lecturas),
            sagas: Sagas::new(Arc::clone(&storage), codec.clone()),
            operacion: operacion.clone(),
            puerta,
            health,
            vivo: vivo.clone(),
            stop: stop.clone(),
            registry: metrics.registry(),
            metrics,
        };
        let router = crate::http::router(state, &options.http);
        drop(listening_to.listen(stop.clone()));
        let edge = options.http.edge;
        let server = serve(listener, router, edge, stop.clone(), ended.clone());
        started.disarm();
        Ok(Self {
            addr,
            grace,
            subscriptions,
            relays,
            operacion,
            broker,
            server,
            vivo,
            stop,
            ended,
        })
    }

    /// The address that it listens on, with the port that was taken.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops it: no new requests and no new messages, those under way are finished, the leases are
    /// given back, and what the relays have given to the broker is waited for.
    ///
    /// Takes at most three times the grace of the options, whatever hangs.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(broker) = &self.broker {
            broker.close();
        }
        let inboxes = async {
            if let Some(broker) = self.broker {
                broker.ended(self.grace).await;
            }
        };
        let requests = async {
            let both = async { tokio::join!(&mut self.server, self.vivo.ended()) };
            if tokio::time::timeout(self.grace, both).await.is_err() {
                tracing::warn!("requests did not end in time and are cut off");
                self.server.abort();
            }
        };
        let rebuilds = async {
            let ended = tokio::time::timeout(self.grace, self.operacion.obras.terminar());
            if ended.await.is_err() {
                tracing::warn!("a rebuild did not end in time; the next one takes it over");
            }
        };
        tokio::join!(inboxes, requests, rebuilds);
        self.subscriptions.stop(self.grace).await;
        self.relays.close(self.grace).await;
    }

    /// Ends when the HTTP server ends by itself, which nothing but a fault makes it do.
    pub async fn failed(&self) {
        self.ended.cancelled().await;
    }
}

/// What comes in from topics, and what goes out to them.
fn doors(
    messaging: &Messaging,
    motor: Option<&Motor>,
    (despachador, codec, storage): (&Despachador, &EventCodec, &Arc<dyn Storage>),
) -> Result<(Vec<Entrada>, Relays), AppError> {
    let mut entradas = topics(messaging, despachador, codec, storage)?;
    if let Some(motor) = motor {
        entradas.extend(entradas_de_saga(&messaging.rutas, &motor.sagas)?);
    }
    let relays = Relays::of(messaging, codec, storage, motor.is_some())?;
    Ok((entradas, relays))
}

async fn bind(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), AppError> {
    let listening = async {
        let listener = TcpListener::bind(listen).await?;
        let addr = listener.local_addr()?;
        Ok((listener, addr))
    };
    let refused = |cause| AppError::Listen { listen, cause };
    listening.await.map_err(refused)
}

async fn live_feed(
    storage: &Arc<dyn Storage>,
    codec: &EventCodec,
    options: FeedOptions,
    stop: &CancellationToken,
) -> Result<LiveFeed, AppError> {
    let log = || -> Arc<dyn EventStorage> { Arc::clone(storage) as _ };
    let told = EnVivo::new(codec.clone(), log());
    Ok(LiveFeed::start(log(), told, options, stop.clone()).await?)
}

/// The broker that this process works with. Without one it says so, once.
fn messaging(options: &AppOptions) -> Option<&Messaging> {
    if options.follow != Follow::All {
        return None;
    }
    if options.messaging.is_none() {
        tracing::info!("no broker is configured: the log waits to be published");
    }
    options.messaging.as_ref()
}

/// Every topic that this process reads, beside those that answer to sagas.
fn topics(
    messaging: &Messaging,
    despachador: &Despachador,
    codec: &EventCodec,
    storage: &Arc<dyn Storage>,
) -> Result<Vec<Entrada>, SchemaError> {
    let mut topics = entradas(&messaging.rutas, despachador)?;
    if messaging.images_by_topic() {
        let reaccion = Arc::new(ReaccionImagenes::new(despachador.clone(), codec.clone()));
        let log: Arc<dyn EventStorage> = Arc::clone(storage) as _;
        topics.extend(entradas_de_imagenes(&messaging.rutas, &reaccion, &log)?);
    }
    Ok(topics)
}

/// What leads sagas in this process. Where they are wanted and cannot be, it says so, once.
fn motor(
    options: &AppOptions,
    messaging: Option<&Messaging>,
    storage: &Arc<dyn Storage>,
    codec: &EventCodec,
) -> Result<Option<Motor>, AppError> {
    let Some(plan) = options.saga else {
        return Ok(None);
    };
    match messaging {
        Some(messaging) if messaging.rutas.tiene_saga() => {
            Ok(Some(Motor::new(storage, codec, plan)))
        }
        Some(_) => Err(AppError::NoSagaTopics),
        None => {
            if options.follow == Follow::All {
                tracing::info!("sagas need a broker: ingestas stay as they are");
            }
            Ok(None)
        }
    }
}

fn serve(
    listener: TcpListener,
    router: axum::Router,
    options: EdgeOptions,
    stop: CancellationToken,
    ended: CancellationToken,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        // Also where the server panics or is cut off.
        let _ended = ended.drop_guard();
        edge::serve(listener, router, options, stop).await;
    })
}
