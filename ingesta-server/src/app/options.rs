//! What a server can be told before it starts, with a default for everything.
//!
//! It reads no file and no environment: the command line does that and fills this in.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use ingesta_domain::saga::Plan;
use uuid::Uuid;

use super::{HttpLimits, Messaging};
use crate::acceso::Acceso;

/// Which subscriptions a process advances, beside others on the same database that do the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// Views and reactions.
    #[default]
    All,
    /// Views only: what a command causes elsewhere is left to another process.
    Views,
    /// None: it takes commands and answers queries from what others keep.
    Nothing,
}

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct AppOptions {
    /// Where it listens; port 0 takes a free one. Default 127.0.0.1:5000.
    pub listen: SocketAddr,
    /// Who this process is, unique among all servers of one database: the holder of its leases.
    /// Default: process id and a new uuid.
    pub owner: String,
    /// Who may come in. Default none: everybody may do everything, so it listens on a loopback
    /// address or not at all.
    pub acceso: Option<Acceso>,
    /// What clients may cost.
    pub http: HttpLimits,
    /// How long requests and subscriptions may go on after the stop was asked for. Default 10 s.
    pub shutdown_grace: Duration,
    /// How long a read waits for its view to reach `?desde=`. Default 5 s.
    pub read_wait: Duration,
    /// A subscription that is further behind than this is not ready. Default 60 s.
    pub lag_alarm: Duration,
    /// Which subscriptions it advances. Default all of them.
    pub follow: Follow,
    /// A broker to publish the log to and to take commands from; it does both where it advances
    /// everything ([`Follow::All`]). Default none: the log waits.
    pub messaging: Option<Messaging>,
    /// How patient sagas are; with it, and beside a broker whose table has their topics, each
    /// verified image is led through the neighbours. Default none: an ingesta stays as it is until
    /// somebody acts.
    pub saga: Option<Plan>,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 5000)),
            owner: format!("{}-{}", std::process::id(), Uuid::now_v7()),
            acceso: None,
            http: HttpLimits::default(),
            shutdown_grace: Duration::from_secs(10),
            read_wait: Duration::from_secs(5),
            lag_alarm: Duration::from_secs(60),
            follow: Follow::All,
            messaging: None,
            saga: None,
        }
    }
}
