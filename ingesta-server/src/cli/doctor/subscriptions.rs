//! What follows the log, and how it stands.
//!
//! Promises: every subscription of this program and every one that has ever run here is looked at.
//! Does not: wait; a subscription that is a moment behind is not found.

use ingesta_event_store::SubscriptionStorage;
use ingesta_event_store::subscription::{ParkedStream, SubscriptionStatus};
use ingesta_event_store::{EventStorage, Lag, Position, PostgresStorage, StoreError};
use ingesta_projections::{is_build, is_verification};
use serde_json::json;

use super::finding::{Finding, Severity};
use crate::app::Messaging;
use crate::config::Config;
use crate::registry;

pub(super) async fn check(
    storage: &PostgresStorage,
    config: &Config,
    head: Position,
) -> Result<Vec<Finding>, StoreError> {
    let statuses = storage.subscriptions().await?;
    // Without a broker the relays are not meant to run.
    let relays = config.messaging.iter().flat_map(|_| registry::RELAYS);
    let sagas = config.saga.iter().flat_map(|_| registry::SAGAS);
    let mut found: Vec<Finding> = registry::subscriptions()
        .into_iter()
        .chain(relays.copied())
        .chain(sagas.copied())
        .filter(|name| statuses.iter().all(|status| status.name != *name))
        .filter(|name| !rests(name, config))
        .map(|name| never_run(name, head))
        .collect();
    for status in &statuses {
        let lag = storage.lag(status.checkpoint).await?;
        found.extend(standing(status, &lag, config));
        for stream in storage.parked(&status.name).await? {
            found.push(parked(&status.name, &stream));
        }
    }
    Ok(found)
}

fn is_ours(name: &str) -> bool {
    let all = registry::subscriptions().into_iter();
    all.chain(registry::RELAYS.iter().copied())
        .chain(registry::SAGAS.iter().copied())
        .any(|ours| ours == name)
}

/// Whether it is not meant to run: images hear of ingestas by topic.
fn rests(name: &str, config: &Config) -> bool {
    let messaging = config.messaging.as_ref();
    name == registry::IMAGENES && messaging.is_some_and(Messaging::images_by_topic)
}

fn never_run(name: &str, head: Position) -> Finding {
    let (severity, events) = if head == Position::START {
        (Severity::Info, "the log is empty")
    } else {
        (Severity::Warning, "there are events for it")
    };
    let message = format!("subscription {name} has never run, and {events}");
    let advice = "start a server that follows all";
    Finding::new(severity, "subscription_never_run", message, advice)
        .about(json!({ "subscription": name }))
}

fn standing(status: &SubscriptionStatus, lag: &Lag, config: &Config) -> Option<Finding> {
    let name = &status.name;
    let events = lag.events;
    let about = json!({
        "subscription": name,
        "lag_events": events,
        "lag_seconds": lag.age.map(|age| age.as_secs_f64()),
    });
    let late = lag.age.is_some_and(|age| age > config.lag_alarm);
    let finding = if status.cluster_changed {
        Finding::new(
            Severity::Error,
            "subscription_cluster_changed",
            format!("subscription {name} was kept in another database cluster and stands still"),
            "be sure that the data is right, stop every server, run `ingesta subscriptions rebase \
             --yes`",
        )
    } else if is_build(name) {
        if status.running {
            return None;
        }
        interrupted(name)
    } else if !is_ours(name) {
        Finding::new(
            Severity::Info,
            "subscription_unknown",
            format!("subscription {name} is not one of this program's"),
            "nothing, if another program or an earlier version has it",
        )
    } else if !status.running && rests(name, config) {
        Finding::new(
            Severity::Info,
            "subscription_rests",
            format!("subscription {name} rests, because kafka_imagenes is topico"),
            "nothing: it goes on from its place when kafka_imagenes is registro again",
        )
    } else if !status.running && events > 0 {
        Finding::new(
            Severity::Warning,
            "subscription_stopped",
            format!("nobody advances subscription {name}, and {events} events wait for it"),
            "start a server that follows all; if one runs, its log says why it stands still",
        )
    } else if !status.running {
        Finding::new(
            Severity::Info,
            "subscription_idle",
            format!("nobody advances subscription {name}, and nothing waits for it"),
            "nothing, if no server is meant to run",
        )
    } else if late {
        Finding::new(
            Severity::Warning,
            "subscription_behind",
            format!("subscription {name} is {events} events behind, longer than the alarm allows"),
            "look at `ingesta subscriptions list` and at `/readyz` of the server for what holds it up",
        )
    } else {
        return None;
    };
    Some(finding.about(about))
}

fn interrupted(name: &str) -> Finding {
    let message = format!("{name} was interrupted; the view that is read is not affected");
    let (code, advice) = if is_verification(name) {
        (
            "verification_interrupted",
            "run `ingesta projections verify` for it again: it begins anew, and clears away what \
             was left behind",
        )
    } else {
        (
            "rebuild_interrupted",
            "run `ingesta projections rebuild` for it again: it goes on where it stopped",
        )
    };
    Finding::new(Severity::Info, code, message, advice)
}

fn parked(subscription: &str, parked: &ParkedStream) -> Finding {
    let (stream, reason) = (&parked.stream, &parked.reason);
    let message = format!(
        "{stream} is parked in {subscription} at event {} ({})",
        parked.sequence, reason.code
    );
    let about = json!({
        "subscription": subscription,
        "stream": stream.to_string(),
        "sequence": parked.sequence,
        "reason": reason.code,
        "attempts": parked.attempts,
    });
    let (severity, advice) = match parked.retry_at {
        Some(_) => (
            Severity::Warning,
            "it is tried again by itself; `ingesta subscriptions list` says why it failed",
        ),
        None => (
            Severity::Error,
            "mend the cause, then `ingesta subscriptions resume`; or `skip` the event for ever",
        ),
    };
    Finding::new(severity, "stream_parked", message, advice).about(about)
}
