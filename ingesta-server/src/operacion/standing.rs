//! The words for how a subscription or a projection stands, the same at every door.

use ingesta_event_store::subscription::SubscriptionStatus;
use ingesta_projections::{ProjectionStatus, is_build, is_verification};

/// Of a follower of the log.
pub(crate) fn follower(cluster_changed: bool, running: bool) -> &'static str {
    match (cluster_changed, running) {
        (true, _) => "cluster-changed",
        (false, true) => "running",
        (false, false) => "idle",
    }
}

/// Of anything in the list of subscriptions. That of a rebuild or a verification is no follower, and
/// is there only while it lasts.
pub(crate) fn subscription(status: &SubscriptionStatus) -> &'static str {
    match (is_build(&status.name), status.running) {
        (true, true) if is_verification(&status.name) => "verifying",
        (true, true) => "rebuilding",
        (true, false) => "interrupted",
        (false, running) => follower(status.cluster_changed, running),
    }
}

/// Of a projection: it answers while it is rebuilt, but that is what an operator wants to know of it.
pub(crate) fn projection(status: &ProjectionStatus) -> &'static str {
    if status.rebuilding {
        return "rebuilding";
    }
    follower(status.cluster_changed, status.running)
}
