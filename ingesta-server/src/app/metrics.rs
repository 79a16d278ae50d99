//! What is counted and measured, in the OpenMetrics text format.
//!
//! Promises: labels are constants of the program (names of commands, routes, subscriptions), never
//! an id or a value of a client, so their number is bounded and nothing personal is in them.
//! Gauges are measured when they are asked for, not before.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::broker::{InboxFigures, RelayFigures};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CommandLabels {
    command: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SubscriptionLabels {
    subscription: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TroubleLabels {
    subscription: &'static str,
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct InboxLabels {
    topic: &'static str,
}

type Float = Gauge<f64, AtomicU64>;

/// Everything that this process counts. Cheap to clone; clones count together.
#[derive(Clone, Default)]
pub(crate) struct Metrics {
    commands: Family<CommandLabels, Counter>,
    requests: Family<RequestLabels, Counter>,
    lag_events: Family<SubscriptionLabels, Gauge>,
    lag_seconds: Family<SubscriptionLabels, Float>,
    parked: Family<SubscriptionLabels, Gauge>,
    stopped: Family<SubscriptionLabels, Gauge>,
    stuck: Family<SubscriptionLabels, Gauge>,
    oldest_writer: Float,
    database_up: Gauge,
    live_watchers: Gauge,
    relay_in_flight: Family<SubscriptionLabels, Gauge>,
    relay_acknowledged: Family<SubscriptionLabels, Gauge>,
    relay_clients: Family<SubscriptionLabels, Gauge>,
    relay_trouble: Family<TroubleLabels, Gauge>,
    inbox_in_flight: Family<InboxLabels, Gauge>,
    inbox_lag: Family<InboxLabels, Gauge>,
    inbox_handled: Family<InboxLabels, Gauge>,
    inbox_dead_lettered: Family<InboxLabels, Gauge>,
}

/// What is measured of one subscription.
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) lag_events: u64,
    pub(crate) lag_seconds: f64,
    pub(crate) parked: u64,
    pub(crate) stopped: bool,
    pub(crate) stuck: bool,
}

impl Metrics {
    pub(crate) fn command(&self, command: &'static str, outcome: &'static str) {
        self.commands
            .get_or_create(&CommandLabels { command, outcome })
            .inc();
    }

    pub(crate) fn request(&self, method: &'static str, route: &str, status: u16) {
        let labels = RequestLabels {
            method,
            route: route.to_owned(),
            status,
        };
        self.requests.get_or_create(&labels).inc();
    }

    /// Takes the measurements of one look at the database; `None`: it did not answer.
    pub(crate) fn measured(&self, seen: Option<(Vec<Measured>, f64)>) {
        self.database_up.set(i64::from(seen.is_some()));
        let Some((subscriptions, oldest_writer)) = seen else {
            return;
        };
        self.oldest_writer.set(oldest_writer);
        for seen in subscriptions {
            let labels = SubscriptionLabels {
                subscription: seen.name,
            };
            self.lag_events
                .get_or_create(&labels)
                .set(whole(seen.lag_events));
            self.lag_seconds
                .get_or_create(&labels)
                .set(seen.lag_seconds);
            self.parked.get_or_create(&labels).set(whole(seen.parked));
            self.stopped
                .get_or_create(&labels)
                .set(i64::from(seen.stopped));
            self.stuck.get_or_create(&labels).set(i64::from(seen.stuck));
        }
    }

    /// Takes how many clients watch live feeds.
    pub(crate) fn watching(&self, watchers: usize) {
        self.live_watchers.set(whole(watchers as u64));
    }

    /// Takes what the broker's side of this process says of itself.
    pub(crate) fn broker(&self, relays: Vec<RelayFigures>, inboxes: Vec<InboxFigures>) {
        // What was wrong before and is not now would stay, and a relay that another process has now.
        self.relay_trouble.clear();
        for of_relays in [
            &self.relay_in_flight,
            &self.relay_acknowledged,
            &self.relay_clients,
        ] {
            of_relays.clear();
        }
        for relay in relays {
            let (name, status) = (relay.name, relay.status);
            let labels = SubscriptionLabels {
                subscription: name.to_owned(),
            };
            let set = |family: &Family<_, Gauge>, count| {
                family.get_or_create(&labels).set(whole(count));
            };
            set(&self.relay_in_flight, status.in_flight);
            set(&self.relay_acknowledged, status.acknowledged);
            set(&self.relay_clients, status.clients);
            if let Some(error) = status.last_error {
                let (subscription, kind) = (name, error.kind);
                let labels = TroubleLabels { subscription, kind };
                let since = error.since.timestamp();
                self.relay_trouble.get_or_create(&labels).set(since);
            }
        }
        for inbox in inboxes {
            let (labels, status) = (InboxLabels { topic: inbox.name }, inbox.status);
            let set = |family: &Family<_, Gauge>, count| {
                family.get_or_create(&labels).set(whole(count));
            };
            set(&self.inbox_in_flight, status.in_flight as u64);
            set(&self.inbox_handled, status.handled);
            set(&self.inbox_dead_lettered, status.dead_lettered);
            // Nothing is said where nothing is known.
            if let Some(lag) = status.lag {
                set(&self.inbox_lag, lag);
            }
        }
    }

    /// The text of everything.
    pub(crate) fn text(&self, registry: &Registry) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail; if it ever does, what was written is still answered.
        let _ = text::encode(&mut out, registry);
        out
    }

    /// The names and helps, for a process's one registry.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        let mut registry = Registry::with_prefix("ingesta");
        let r = &mut registry;
        r.register(
            "commands",
            "Commands by name and outcome",
            self.commands.clone(),
        );
        r.register(
            "http_requests",
            "Requests by route and status",
            self.requests.clone(),
        );
        r.register(
            "subscription_lag_events",
            "Committed events after the checkpoint, counted up to 100000",
            self.lag_events.clone(),
        );
        r.register(
            "subscription_lag_seconds",
            "Age of the oldest event after the checkpoint",
            self.lag_seconds.clone(),
        );
        r.register(
            "subscription_parked_streams",
            "Streams behind a failed event",
            self.parked.clone(),
        );
        r.register(
            "subscription_stopped",
            "1 where this process cannot go on with it",
            self.stopped.clone(),
        );
        r.register(
            "subscription_stuck",
            "1 where this process does not get past the next events, and tries again",
            self.stuck.clone(),
        );
        r.register(
            "oldest_writer_seconds",
            "Age of the oldest open writing transaction of the cluster, which holds readers back",
            self.oldest_writer.clone(),
        );
        r.register(
            "database_up",
            "1 if the database answered just now",
            self.database_up.clone(),
        );
        r.register(
            "live_watchers",
            "Clients of live feeds that are connected to this process",
            self.live_watchers.clone(),
        );
        self.register_broker(r);
        Arc::new(registry)
    }

    fn register_broker(&self, r: &mut Registry) {
        let mut gauges = |name, help, family: &Family<SubscriptionLabels, Gauge>| {
            r.register(name, help, family.clone());
        };
        gauges(
            "relay_in_flight_messages",
            "Messages given to the broker's client and not acknowledged",
            &self.relay_in_flight,
        );
        gauges(
            "relay_acknowledged_messages",
            "Messages that the broker has acknowledged since this process started",
            &self.relay_acknowledged,
        );
        gauges(
            "relay_clients",
            "Clients of the broker made since this process started: 1, and one for each abandoned",
            &self.relay_clients,
        );
        r.register(
            "relay_trouble_since_seconds",
            "When what keeps the relay from publishing began, in unix time; absent while all is well",
            self.relay_trouble.clone(),
        );
        let mut gauges = |name, help, family: &Family<InboxLabels, Gauge>| {
            r.register(name, help, family.clone());
        };
        gauges(
            "inbox_in_flight_messages",
            "Commands that are being carried out",
            &self.inbox_in_flight,
        );
        gauges(
            "inbox_lag_messages",
            "Messages of this process's partitions that are not committed yet",
            &self.inbox_lag,
        );
        gauges(
            "inbox_handled_messages",
            "Messages whose command was carried out or found done since this process started",
            &self.inbox_handled,
        );
        gauges(
            "inbox_dead_lettered_messages",
            "Messages that were put aside since this process started",
            &self.inbox_dead_lettered,
        );
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
