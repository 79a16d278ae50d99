//! How everything about the broker stands, for health and for the gauges: kinds and numbers.
//!
//! Promises: no word of a message's data; asking connects to nobody and waits for nothing.

use chrono::{DateTime, SecondsFormat, Utc};
use ingesta_kafka::inbox::{InboxState, InboxStatus};
use ingesta_kafka::relay::{LastError, RelayGauges, RelayStatus};
use tokio::sync::watch;

use super::inboxes::Inboxes;
use super::topics::TopicsState;
use crate::app::Component;

/// Trouble that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// A stable word.
    pub(crate) kind: &'static str,
    /// One sentence.
    pub(crate) message: String,
    /// Since when, on this machine's clock.
    pub(crate) since: DateTime<Utc>,
}

impl From<LastError> for Trouble {
    fn from(error: LastError) -> Self {
        Self {
            kind: error.kind,
            message: error.message,
            since: error.since,
        }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let since = self.since.to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(f, "{} since {since}: {}", self.kind, self.message)
    }
}

/// What is measured of a relay.
pub(crate) struct RelayFigures {
    pub(crate) name: &'static str,
    pub(crate) status: RelayStatus,
}

/// What is measured of an inbox.
pub(crate) struct InboxFigures {
    pub(crate) name: &'static str,
    pub(crate) status: InboxStatus,
}

/// How the broker's side of this server stands.
pub(crate) struct Standing {
    pub(super) topics: watch::Receiver<TopicsState>,
    pub(super) relays: Vec<(&'static str, RelayGauges)>,
    pub(super) inboxes: Inboxes,
}

impl Standing {
    /// True if this subscription is a relay.
    pub(crate) fn is_relay(&self, name: &str) -> bool {
        self.relays.iter().any(|(relay, _)| *relay == name)
    }

    /// What keeps a relay from publishing now.
    pub(crate) fn trouble(&self, name: &str) -> Option<Trouble> {
        let (_, gauges) = self.relays.iter().find(|(relay, _)| *relay == name)?;
        gauges.read().last_error.map(Trouble::from)
    }

    pub(crate) fn relays(&self) -> Vec<RelayFigures> {
        let figures = |(name, gauges): &(&'static str, RelayGauges)| RelayFigures {
            name,
            status: gauges.read(),
        };
        self.relays.iter().map(figures).collect()
    }

    pub(crate) fn inboxes(&self) -> Vec<InboxFigures> {
        let statuses = self.inboxes.statuses().into_iter();
        let figures = |(name, status): (&'static str, Option<InboxStatus>)| {
            Some(InboxFigures {
                name,
                status: status?,
            })
        };
        statuses.filter_map(figures).collect()
    }

    /// The topics, and each inbox: none of them is ever `down`, because commands by HTTP and reads
    /// need no broker.
    pub(crate) fn components(&self) -> Vec<Component> {
        let topics = match &*self.topics.borrow() {
            TopicsState::Ready => Component::new("kafka", "up", "its topics are there"),
            TopicsState::Asking => Component::new("kafka", "up", "its topics are asked for"),
            TopicsState::Waiting(trouble) => {
                Component::new("kafka", "degraded", format!("topics: {trouble}"))
            }
        };
        let inboxes = self.inboxes.statuses().into_iter();
        std::iter::once(topics)
            .chain(inboxes.map(|(name, status)| inbox(name, status.as_ref())))
            .collect()
    }
}

fn inbox(name: &'static str, status: Option<&InboxStatus>) -> Component {
    let Some(status) = status else {
        return Component::new(name, "degraded", "it waits for its topic");
    };
    let standing = match status.state {
        InboxState::Joining => "joining its group",
        InboxState::Following => "following",
        InboxState::Unreachable => "no broker answers",
        InboxState::Ended => "ended",
    };
    let mut detail = format!(
        "{standing}, {} handled, {} put aside",
        status.handled, status.dead_lettered
    );
    if let Some(since) = status.retrying_since {
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        detail.push_str(&format!(", trying one again since {since}"));
    }
    let works = matches!(status.state, InboxState::Joining | InboxState::Following);
    let well = works && status.retrying_since.is_none() && status.missing.is_none();
    if let Some(missing) = &status.missing {
        detail.push_str(&format!(", not authorised: grant {missing}"));
    }
    if !well && let Some((fault, at)) = status.last_error {
        let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        detail.push_str(&format!(", {fault} at {at}"));
    }
    Component::new(name, if well { "up" } else { "degraded" }, detail)
}
