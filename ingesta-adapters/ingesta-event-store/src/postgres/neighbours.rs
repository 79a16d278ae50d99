//! Waking the followers of other processes, and being woken by them, over `LISTEN` and `NOTIFY`.
//!
//! A notification is a hint: it carries no event, and a lost one costs a poll. It is sent beside
//! the append and not in it (inside, every commit would queue up behind the one lock of the
//! notification queue), once for everything that was stored since the last one, and only while
//! somebody else listens. Plain postgres-es neither tells nor listens.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection, Row};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::PostgresStorage;
use super::bell::Bell;

const CHANNEL: &str = "ingesta_log";
/// Begins the name that a listening session shows; its own mark follows.
const LISTENER: &str = "ingesta listener ";
/// How long it is believed that somebody else listens, or that nobody does.
const BELIEVED: Duration = Duration::from_secs(2);
/// Between two notifications: what is stored meanwhile is told together.
const TOGETHER: Duration = Duration::from_millis(3);
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);

const OTHERS: &str = "
select exists (select 1 from pg_stat_activity
                where datname = current_database()
                  and starts_with(application_name, $1) and application_name <> $1 || $2) as listen";

impl PostgresStorage {
    /// Wakes the followers of other processes when this one appends, and this one's when they do,
    /// until `shutdown`. Followers work without it, by polling; with it they are told at once.
    ///
    /// It keeps two connections. A failure is no error: it tries again, and polling goes on.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn listen(&self, shutdown: CancellationToken) -> JoinHandle<()> {
        // A session that tells need not wait for the disk: what it tells is a hint.
        let connect = self
            .database
            .session()
            .options([("synchronous_commit", "off")]);
        let mark = Uuid::now_v7().simple().to_string();
        let bell = Arc::clone(&self.bell);
        tokio::spawn(async move {
            let work =
                async { tokio::join!(hear(&connect, &mark, &bell), tell(&connect, &mark, &bell)) };
            tokio::select! {
                () = shutdown.cancelled() => {}
                ((), ()) = work => {}
            }
        })
    }
}

async fn hear(connect: &PgConnectOptions, mark: &str, bell: &Bell) {
    let connect = connect
        .clone()
        .application_name(&format!("{LISTENER}{mark}"));
    let mut pause = PAUSE_MIN;
    loop {
        let error = match hear_on(&connect, mark, bell, &mut pause).await {
            Ok(never) => match never {},
            Err(error) => error,
        };
        tracing::debug!(%error, "not listening to other processes for a moment: followers poll");
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

async fn hear_on(
    connect: &PgConnectOptions,
    mark: &str,
    bell: &Bell,
    pause: &mut Duration,
) -> Result<std::convert::Infallible, sqlx::Error> {
    // The driver's listener wants a pool; this one is for it alone.
    let pool = PgPoolOptions::new().max_connections(1);
    let pool = pool.connect_with(connect.clone()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    *pause = PAUSE_MIN;
    // What came before we listened.
    bell.ring_from_afar();
    loop {
        match listener.try_recv().await? {
            Some(told) if told.payload() == mark => {}
            // None: the connection was lost and made again; something may have been missed.
            Some(_) | None => bell.ring_from_afar(),
        }
    }
}

async fn tell(connect: &PgConnectOptions, mark: &str, bell: &Bell) {
    let mut own = bell.own();
    let mut teller = Teller {
        connect,
        connection: None,
        others: false,
        looked: None,
    };
    while own.changed().await.is_ok() {
        if let Err(error) = teller.tell(mark).await {
            teller.connection = None;
            tracing::debug!(%error, "other processes were not told: their followers poll");
            sleep(PAUSE_MIN).await;
        }
        sleep(TOGETHER).await;
    }
}

struct Teller<'c> {
    connect: &'c PgConnectOptions,
    connection: Option<PgConnection>,
    others: bool,
    looked: Option<Instant>,
}

impl Teller<'_> {
    async fn tell(&mut self, mark: &str) -> Result<(), sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect.connect().await?,
        };
        if self.looked.is_none_or(|at| at.elapsed() >= BELIEVED) {
            let row = sqlx::query(OTHERS)
                .bind(LISTENER)
                .bind(mark)
                .fetch_one(&mut connection)
                .await?;
            self.others = row.try_get("listen")?;
            self.looked = Some(Instant::now());
        }
        if self.others {
            sqlx::query("select pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(mark)
                .execute(&mut connection)
                .await?;
        }
        self.connection = Some(connection);
        Ok(())
    }
}
