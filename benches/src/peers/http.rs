//! The whole way through HTTP: the same POST to our server and to the peer's route.
//!
//! Both keep one row per ingesta and react to nothing; the client is in the bench's own process for
//! both. Our time ends when the views have caught up, asked of the database every 20 ms.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::ensure;
use ingesta_event_store::subscription::{Waited, wait_for};
use ingesta_event_store::{Database, DatabaseOptions, EventStorage, PostgresStorage};
use ingesta_server::registry::PROJECTIONS;
use ingesta_server::{App, AppOptions, Follow};

use super::Bench;
use crate::closed_loop::{self, Load, Measured};
use crate::http::{Clients, Peer};
use crate::postgres::{CONNECTIONS, Server};
use crate::series::{Window, interleave};
use crate::vanilla;

const CALLERS: u32 = 128;
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let pool = Server::pool(&bench.server.database("vanilla").await?).await?;
    sqlx::raw_sql(vanilla::SCHEMA).execute(&pool).await?;
    let peer = Peer::start(&pool).await?;

    let options = DatabaseOptions {
        connections_max: CONNECTIONS,
        ..DatabaseOptions::default()
    };
    let database = Database::connect(&bench.server.database("ingesta").await?, options).await?;
    database.migrate().await?;
    let told = AppOptions {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        follow: Follow::Views,
        ..AppOptions::default()
    };
    let app = App::start(database.clone(), told).await?;
    let storage = PostgresStorage::new(database);

    let body = bench.sample.body();
    let to_peer = Clients::open(peer.addr, CALLERS, &body).await?;
    let to_ours = Clients::open(app.addr(), CALLERS, &body).await?;
    let load = bench.load(CALLERS);
    let warm = Load {
        time: Duration::from_millis(300),
        ..load
    };
    let vanilla = |load| {
        let (clients, lost) = (to_peer.clone(), peer.lost.clone());
        measure(load, clients, async move { lost.check() })
    };
    let ours = |load| measure(load, to_ours.clone(), caught_up(&storage));
    vanilla(warm).await?;
    ours(warm).await?;
    bench.server.checkpoint().await?;

    let windows = [
        Window::new("vanilla http create 128", || vanilla(load)),
        Window::new("ours http create 128", || ours(load)),
    ];
    let table = interleave(bench.passes(), &windows).await?;
    drop(windows);
    peer.stop();
    app.stop().await;

    let (vanilla, ours) = (
        table.of("vanilla http create 128"),
        table.of("ours http create 128"),
    );
    let figures = &mut bench.figures;
    figures.ratio_of("http_create_128", &ours.rates(), &vanilla.rates());
    figures.report_of("rate_http_create_128_ours", &ours.rates(), "commands/s");
    figures.report_of(
        "rate_http_create_128_vanilla",
        &vanilla.rates(),
        "commands/s",
    );
    figures.report_of("p99_http_create_128_ours", &ours.p99(), "ms");
    figures.report_of("p99_http_create_128_vanilla", &vanilla.p99(), "ms");
    figures.cpu("http_create", ours, vanilla);
    Ok(())
}

async fn measure(
    load: Load,
    clients: Clients,
    settle: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<Measured> {
    let post = move |_| {
        let clients = clients.clone();
        async move { clients.post().await }
    };
    closed_loop::run(load, post, settle).await
}

async fn caught_up(storage: &PostgresStorage) -> anyhow::Result<()> {
    let head = storage.head().await?;
    for name in PROJECTIONS {
        let waited = wait_for(storage, name, head, PATIENCE, None).await?;
        ensure!(waited == Waited::Reached, "a view stands still");
    }
    Ok(())
}
