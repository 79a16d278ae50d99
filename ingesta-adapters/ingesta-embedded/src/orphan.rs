//! What a crash left behind: a PostgreSQL without its owner, or parts of a dead one.
//!
//! Promises: an orphan that answers and is as durable as asked is adopted, any other is stopped;
//! a stale pid file or a dying process of a killed server does not prevent the next start.
//! Does not: touch a server whose owner lives.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::connect::{Access, Server};
use crate::error::{EmbeddedError, io};
use crate::initdb::read_password;
use crate::layout::Layout;
use crate::options::{Durability, EmbeddedOptions};
use crate::postmaster::{self, Postmaster};
use crate::process::{can_list_processes, working_in};
use crate::state::State;
use crate::stop;

/// How long processes of a dead server may take to notice.
const PATIENCE: Duration = Duration::from_secs(10);

/// An orphan that was taken over, or `None` when the field is clear for a start.
/// The caller holds the folder's lock.
pub(crate) async fn settle(
    layout: &Layout,
    options: &EmbeddedOptions,
) -> Result<Option<(Postmaster, Access, Server)>, EmbeddedError> {
    refuse_live_owner(layout)?;
    if let Some((process, port)) = postmaster::find(layout) {
        let mut found = Postmaster::found(process);
        if let Some((access, server)) = adopt(layout, options, port).await {
            tracing::info!(
                pid = process.pid,
                "took over a PostgreSQL that had lost its owner"
            );
            return Ok(Some((found, access, server)));
        }
        tracing::info!(
            pid = process.pid,
            "stopping a PostgreSQL that had lost its owner"
        );
        stop::stop(&mut found, options.stop_timeout).await?;
    }
    clear_remains(layout).await?;
    Ok(None)
}

/// A detached server owns itself and holds no lock; and a lock may be void on some file systems.
fn refuse_live_owner(layout: &Layout) -> Result<(), EmbeddedError> {
    match State::read(layout)? {
        Some(state) if state.owner.is_alive() && state.postgres.is_alive() => {
            Err(EmbeddedError::AlreadyRunning {
                dir: layout.root().to_owned(),
                owner_pid: Some(state.owner.pid),
            })
        }
        _ => Ok(()),
    }
}

async fn adopt(
    layout: &Layout,
    options: &EmbeddedOptions,
    port: Option<u16>,
) -> Option<(Access, Server)> {
    let access = Access {
        port: port?,
        password: read_password(layout).ok()?,
    };
    let server = access.ask(&layout.cluster()).await.ok()?;
    let durable_enough = server.fsync || options.durability == Durability::Fast;
    durable_enough.then_some((access, server))
}

/// Sessions of a killed postmaster live on for a moment and hold its shared memory. When none is
/// left, its pid file says nothing any more; kept, it would stop the start as soon as another
/// process happens to have that number.
pub(crate) async fn clear_remains(layout: &Layout) -> Result<(), EmbeddedError> {
    if !can_list_processes() {
        return Ok(());
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let remains = working_in(&layout.cluster());
        let Some(first) = remains.first() else { break };
        if Instant::now() >= deadline + PATIENCE {
            return Err(EmbeddedError::StillRunning { pid: first.pid });
        }
        // Without a postmaster there is nothing that a hard end could harm; the log recovers.
        let signal = if Instant::now() < deadline {
            Signal::QUIT
        } else {
            Signal::KILL
        };
        remains.iter().for_each(|process| process.signal(signal));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    match std::fs::remove_file(layout.postmaster_pid()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(io("remove", layout.postmaster_pid())(error))
        }
        _ => Ok(()),
    }
}
