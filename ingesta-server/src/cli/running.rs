//! A server with its database, from start to stop, for `serve` and `demo`.
//!
//! Promises: what was started is stopped, in order: first the server, then its own PostgreSQL;
//! a second signal shortens the first part; a PostgreSQL of our own that dies is started again.
//! Does not: print; its callers do.

use ingesta_embedded::Embedded;

use super::database::Opened;
use super::exit::CliError;
use super::out::Out;
use super::signals::StopSignals;
use crate::config::Config;
use crate::{App, AppOptions};

/// A running server.
pub(super) struct Running {
    pub(super) app: App,
    pub(super) opened: Opened,
}

impl Running {
    /// Starts the database where none is given, then the server.
    pub(super) async fn start(config: &Config, migrate: bool, out: &Out) -> Result<Self, CliError> {
        super::open_files::make_room_for(config.http.edge.connections);
        let opened = Opened::for_serving(config, out).await?;
        match start_app(config, migrate, &opened).await {
            Ok(app) => Ok(Self { app, opened }),
            Err(error) => {
                opened.close().await?;
                Err(error)
            }
        }
    }

    /// Where it is reached.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.app.addr())
    }

    /// Serves until a signal comes, or something that cannot be mended.
    pub(super) async fn serve(&mut self, signals: &mut StopSignals) -> Result<(), CliError> {
        tokio::select! {
            () = signals.next() => Ok(()),
            () = self.app.failed() => Err(CliError::Ended),
            error = keep_alive(self.opened.own.as_mut()) => Err(error),
        }
    }

    /// Stops the server, then its own PostgreSQL.
    pub(super) async fn stop(self, signals: &mut StopSignals) -> Result<(), CliError> {
        tokio::select! {
            () = self.app.stop() => {}
            // What is still under way is cut off; a command that was sent is stored or not, and
            // its client, left without an answer, asks again with the same key.
            () = signals.next() => tracing::warn!("second signal: not waiting any longer"),
        }
        tokio::select! {
            closed = self.opened.close() => closed,
            // Dropping the handle asks PostgreSQL to stop and waits for nothing.
            () = signals.next() => Ok(()),
        }
    }
}

async fn start_app(config: &Config, migrate: bool, opened: &Opened) -> Result<App, CliError> {
    if migrate || opened.own.is_some() {
        let status = opened.database.migrate().await?;
        if !status.applied.is_empty() {
            tracing::info!(
                from = status.from,
                to = status.to,
                "schema brought up to date"
            );
        }
    }
    let options = AppOptions {
        listen: config.listen,
        acceso: config.acceso.clone(),
        http: config.http.clone(),
        shutdown_grace: config.shutdown_grace,
        read_wait: config.read_wait,
        lag_alarm: config.lag_alarm,
        follow: config.follow,
        messaging: config.messaging.clone(),
        saga: config.saga,
        ..AppOptions::default()
    };
    Ok(App::start(opened.database.clone(), options).await?)
}

/// Starts our own PostgreSQL again whenever it dies. Ends only when that cannot help.
async fn keep_alive(own: Option<&mut Embedded>) -> CliError {
    let Some(own) = own else {
        return std::future::pending().await;
    };
    own.keep_alive().await;
    CliError::Moved
}
