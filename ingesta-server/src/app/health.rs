//! How the server stands, asked of the things themselves and not of what this process hopes.
//!
//! Promises: every look is bounded in time; a component that does not answer is down, never
//! missing. A parked stream is shown and does not take the server out of rotation: its neighbours
//! go on, and another server would not fare better with it. What is stuck is shown with the kind of
//! thing that it is stuck on, and is down when it is late. What concerns the broker is never down:
//! commands and reads need none.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::subscription::{RunnerStatus, SubscriptionStatus};
use ingesta_event_store::{EventStorage, Lag, PostgresStorage, StoreError, SubscriptionStorage};
use ingesta_sagas::TimerStatus;
use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::AppOptions;
use super::broker::{RelayFigures, Standing};
use super::metrics::Measured;
use super::subscriptions::Statuses;
use crate::registry::PLAZOS_SAGA;

/// How long one look may take; beyond it the database counts as away.
const LOOK: Duration = Duration::from_secs(3);

/// Looks at the components.
#[derive(Clone)]
pub(crate) struct Health {
    storage: PostgresStorage,
    statuses: Arc<Statuses>,
    lag_alarm: Duration,
    broker: Option<Arc<Standing>>,
    /// What fires the timers of sagas, where this process does.
    timers: Option<watch::Receiver<TimerStatus>>,
}

/// One part of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Component {
    /// `database`, `schema`, or the name of a subscription.
    pub(crate) name: &'static str,
    /// `up`, `degraded` (works, and somebody should look) or `down`.
    #[schema(value_type = String)]
    pub(crate) status: &'static str,
    /// What is to be seen, free of personal data.
    pub(crate) detail: String,
}

impl Component {
    pub(super) fn new(name: &'static str, status: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            status,
            detail: detail.into(),
        }
    }

    pub(crate) fn is_down(&self) -> bool {
        self.status == "down"
    }
}

impl Health {
    /// Over what runs in this process.
    pub(super) fn new(
        storage: PostgresStorage,
        (statuses, broker): (Statuses, Option<Standing>),
        timers: Option<watch::Receiver<TimerStatus>>,
        options: &AppOptions,
    ) -> Self {
        Self {
            storage,
            statuses: Arc::new(statuses),
            lag_alarm: options.lag_alarm,
            broker: broker.map(Arc::new),
            timers,
        }
    }

    /// The database and whether a subscription has stopped: what the public health says.
    pub(crate) async fn brief(&self) -> Vec<Component> {
        let mut components = vec![self.database().await];
        for (name, status) in self.statuses.iter() {
            if self.is_relay(name) {
                continue;
            }
            if let RunnerStatus::Stopped { error } = &*status.borrow() {
                components.push(Component::new(name, "down", format!("stopped: {error}")));
            }
        }
        components
    }

    /// Every component: what decides whether requests should come here.
    pub(crate) async fn full(&self) -> Vec<Component> {
        let (database, schema, seen) = tokio::join!(
            self.database(),
            self.schema(),
            in_time(self.storage.subscriptions())
        );
        let seen = seen.unwrap_or_default();
        let mut components = vec![database, schema];
        // All at once: a database that hangs costs one look's time and not one for each.
        let looks = self.statuses.iter().map(|(name, status)| {
            let status = status.borrow().clone();
            let stored = seen.iter().find(|stored| stored.name == *name);
            async move {
                let found = self.subscription(name, &status, stored).await;
                self.with_broker(found, &status)
            }
        });
        components.extend(futures_util::future::join_all(looks).await);
        components.extend(self.timers.iter().map(|timers| fired(&timers.borrow())));
        components.extend(self.broker.iter().flat_map(|broker| broker.components()));
        components
    }

    /// How the broker's side stands, where there is a broker.
    pub(crate) fn broker(&self) -> Option<&Standing> {
        self.broker.as_deref()
    }

    /// The figures of the relays that this process has, and not of those that another one has.
    pub(crate) fn relays(&self) -> Vec<RelayFigures> {
        let Some(broker) = &self.broker else {
            return Vec::new();
        };
        let here = |name: &str| {
            let mut statuses = self.statuses.iter();
            statuses.any(|(relay, status)| *relay == name && is_at_work(&status.borrow()))
        };
        let mut figures = broker.relays();
        figures.retain(|relay| here(relay.name));
        figures
    }

    fn is_relay(&self, name: &str) -> bool {
        let broker = self.broker.as_ref();
        broker.is_some_and(|broker| broker.is_relay(name))
    }

    /// A relay is degraded where another subscription would be down, and says what keeps it.
    /// One that stands by publishes nothing, and what kept it before keeps nobody now.
    fn with_broker(&self, mut found: Component, status: &RunnerStatus) -> Component {
        if !self.is_relay(found.name) || !is_at_work(status) {
            return found;
        }
        let broker = self.broker.as_ref();
        if let Some(trouble) = broker.and_then(|broker| broker.trouble(found.name)) {
            found.detail.push_str(&format!(", {trouble}"));
            found.status = "degraded";
        } else if found.is_down() {
            found.status = "degraded";
        }
        found
    }

    /// What the gauges show; `None` where the database does not answer.
    pub(crate) async fn measure(&self) -> Option<(Vec<Measured>, f64)> {
        let oldest = in_time(self.storage.oldest_writer()).await.ok()?;
        let seen = in_time(self.storage.subscriptions()).await.ok()?;
        let mut measured = Vec::new();
        for (name, status) in self.statuses.iter() {
            let stopped = matches!(*status.borrow(), RunnerStatus::Stopped { .. });
            let stuck = is_stuck(&status.borrow());
            let stored = seen.iter().find(|stored| stored.name == *name);
            let checkpoint = stored.map(|stored| stored.checkpoint).unwrap_or_default();
            let lag = in_time(self.storage.lag(checkpoint)).await.ok()?;
            measured.push(Measured {
                name: (*name).to_owned(),
                lag_events: lag.events,
                lag_seconds: lag.age.unwrap_or_default().as_secs_f64(),
                parked: stored.map_or(0, |stored| stored.parked),
                stopped,
                stuck,
            });
        }
        Some((
            measured,
            oldest.map_or(0.0, |writer| writer.age.as_secs_f64()),
        ))
    }

    async fn database(&self) -> Component {
        match in_time(self.storage.head()).await {
            Ok(_) => Component::new("database", "up", "it answers"),
            Err(error) => Component::new("database", "down", error.to_string()),
        }
    }

    async fn schema(&self) -> Component {
        match in_time(self.storage.database().check_schema()).await {
            Ok(()) => Component::new("schema", "up", "it is the one that this program works on"),
            Err(error) => Component::new("schema", "down", error.to_string()),
        }
    }

    async fn subscription(
        &self,
        name: &'static str,
        status: &RunnerStatus,
        stored: Option<&SubscriptionStatus>,
    ) -> Component {
        let standing = match status {
            RunnerStatus::Following { .. } => "following".to_owned(),
            RunnerStatus::Standby => "standing by for another server".to_owned(),
            RunnerStatus::Stuck { on, .. } => format!("stuck: {on}"),
            RunnerStatus::Starting => return Component::new(name, "down", "not started yet"),
            RunnerStatus::Stopped { error } => {
                return Component::new(name, "down", format!("stopped: {error}"));
            }
            RunnerStatus::Ended => return Component::new(name, "down", "ended"),
        };
        let Some(stored) = stored else {
            return Component::new(name, "down", "its checkpoint could not be read");
        };
        let lag = match in_time(self.storage.lag(stored.checkpoint)).await {
            Ok(lag) => lag,
            Err(error) => return Component::new(name, "down", error.to_string()),
        };
        let behind = format!("{standing}, {}", behind(&lag));
        if lag.age.is_some_and(|age| age > self.lag_alarm) {
            return Component::new(name, "down", behind);
        }
        match stored.parked {
            0 if is_stuck(status) => Component::new(name, "degraded", behind),
            0 => Component::new(name, "up", behind),
            parked => Component::new(
                name,
                "degraded",
                format!("{behind}, {parked} parked streams"),
            ),
        }
    }
}

/// Another process fires them too, so that one that is stuck holds no saga up by itself.
fn fired(status: &TimerStatus) -> Component {
    let (status, detail) = match status {
        TimerStatus::Starting => ("degraded", "has not looked yet".to_owned()),
        TimerStatus::Running { fired } => ("up", format!("{fired} timers fired")),
        TimerStatus::Stuck { on } => ("degraded", format!("stuck: {on}")),
        TimerStatus::Ended => ("down", "ended".to_owned()),
    };
    Component::new(PLAZOS_SAGA, status, detail)
}

/// Whether this process has the subscription, or has stopped with it for a reason of its own.
fn is_at_work(status: &RunnerStatus) -> bool {
    match status {
        RunnerStatus::Standby | RunnerStatus::Starting => false,
        RunnerStatus::Following { .. }
        | RunnerStatus::Stuck { .. }
        | RunnerStatus::Stopped { .. }
        | RunnerStatus::Ended => true,
    }
}

fn is_stuck(status: &RunnerStatus) -> bool {
    matches!(status, RunnerStatus::Stuck { .. })
}

fn behind(lag: &Lag) -> String {
    let mut text = format!("{} events behind", lag.events);
    if let Some(age) = lag.age {
        text.push_str(&format!(", the oldest {} s old", age.as_secs()));
    }
    if let Some(writer) = &lag.blocker {
        let pid = writer
            .pid
            .map_or_else(|| "a prepared one".to_owned(), |pid| pid.to_string());
        let seconds = writer.age.as_secs();
        text.push_str(&format!(
            ", held back by transaction of pid {pid} for {seconds} s"
        ));
    }
    text
}

async fn in_time<T>(look: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = |cause| StoreError::Unavailable {
        attempted: "looking at it",
        cause,
    };
    tokio::time::timeout(LOOK, look)
        .await
        .unwrap_or_else(|elapsed| Err(late(Box::new(elapsed))))
}
