//! The contract of a store: what [`Storage`] promises, as checks that any store can be held to.
//!
//! Each function takes a fresh, empty store that nobody else uses and panics at the first promise
//! that is broken, with a sentence that names it. [`run_all`] makes a store for each of them.
//! Effects in SQL are only checked where they fail: what they do is the store's own business.

mod append;
mod command;
mod done;
mod effects;
mod lease;
mod log;
mod moment;
mod parking;
mod sample;
mod snapshot;
mod unit_of_work;

use std::sync::Arc;

use ingesta_event_store::Storage;

/// Holds a store to every promise; `make` makes a fresh, empty one.
///
/// ```
/// use std::sync::Arc;
///
/// use ingesta_event_store::{MemoryStorage, Storage};
/// use ingesta_testing::contract;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// contract::run_all(async || Arc::new(MemoryStorage::new()) as Arc<dyn Storage>).await;
/// # });
/// ```
///
/// # Panics
/// At the first promise that is broken.
pub async fn run_all(make: impl AsyncFn() -> Arc<dyn Storage>) {
    append_contract(make().await).await;
    log_contract(make().await).await;
    command_contract(make().await).await;
    subscription_contract(make().await).await;
    snapshot_contract(make().await).await;
    moment_contract(make().await).await;
}

/// Appending and loading: optimistic versions, no gaps, all or none over several streams.
///
/// # Panics
/// At the first promise that is broken.
pub async fn append_contract(storage: Arc<dyn Storage>) {
    let storage = &*storage;
    append::an_unknown_stream_is_empty(storage).await;
    append::events_come_back_as_they_were_stored(storage).await;
    append::a_stale_version_is_a_conflict(storage).await;
    append::a_gap_is_refused(storage).await;
    append::of_rivals_exactly_one_wins(storage).await;
    append::several_events_are_stored_together(storage).await;
    append::what_is_not_json_is_refused_with_its_neighbours(storage).await;
    append::nothing_to_append_is_refused(storage).await;
    unit_of_work::several_streams_are_stored_together(storage).await;
    unit_of_work::a_conflict_on_the_second_stream_stores_nothing(storage).await;
    unit_of_work::a_gap_on_the_second_stream_stores_nothing(storage).await;
    unit_of_work::one_stream_twice_is_refused(storage).await;
}

/// Reading the log: one order, nothing left out, filters that do not stand still.
///
/// # Panics
/// At the first promise that is broken.
pub async fn log_contract(storage: Arc<dyn Storage>) {
    let storage = &*storage;
    log::an_empty_log_is_at_its_start(storage).await;
    log::appending_is_announced(storage).await;
    log::pages_of_any_size_give_the_same_order(storage).await;
    log::the_outcome_is_where_the_last_event_is(storage).await;
    log::a_filter_leaves_out_but_moves_on(storage).await;
    log::lag_counts_what_is_ahead(storage).await;
}

/// Command ids: the same command takes effect once, and another one with its id is refused.
///
/// # Panics
/// At the first promise that is broken.
pub async fn command_contract(storage: Arc<dyn Storage>) {
    let storage = &*storage;
    command::an_unknown_command_is_none(storage).await;
    command::a_repeat_is_answered_as_the_first_time(storage).await;
    command::another_payload_is_refused(storage).await;
    command::a_refused_command_leaves_its_id_free(storage).await;
    command::a_repeat_over_several_streams_names_them_all(storage).await;
    command::of_concurrent_repeats_one_is_stored(storage).await;
    command::ids_have_bounds(storage).await;
    done::a_command_that_stored_nothing_is_remembered(storage).await;
    done::its_id_is_as_taken_as_any(storage).await;
    done::of_what_stores_and_what_does_not_one_counts(storage).await;
    done::followers_are_not_shown_it(storage).await;
    done::nobody_else_writes_its_streams(storage).await;
}

/// Leases, checkpoints, effects and parked streams.
///
/// # Panics
/// At the first promise that is broken.
pub async fn subscription_contract(storage: Arc<dyn Storage>) {
    let storage = &*storage;
    lease::a_subscription_that_never_ran_has_no_checkpoint(storage).await;
    lease::a_lease_is_exclusive_and_given_back(storage).await;
    lease::a_lease_that_ran_out_is_taken_over(storage).await;
    lease::a_commit_renews_the_lease(storage).await;
    lease::subscriptions_are_listed(storage).await;
    effects::a_failing_effect_takes_all_with_it(storage).await;
    effects::effects_and_checkpoint_are_one(storage).await;
    parking::a_parked_stream_is_shown_as_it_was_parked(storage).await;
    parking::parking_again_keeps_the_time_and_counts(storage).await;
    parking::a_pause_without_end_waits_for_resume(storage).await;
    parking::skip_passes_over_one_event(storage).await;
    parking::a_skip_is_not_undone_by_the_retry_it_met(storage).await;
    parking::a_stream_that_moved_on_is_due_from_there(storage).await;
    parking::a_stream_that_caught_up_is_parked_no_more(storage).await;
    parking::what_is_not_parked_cannot_be_resumed_or_skipped(storage).await;
}

/// Snapshots: a cache that is never wrong.
///
/// # Panics
/// At the first promise that is broken.
pub async fn snapshot_contract(storage: Arc<dyn Storage>) {
    let storage = &*storage;
    snapshot::without_a_snapshot_it_is_the_whole_stream(storage).await;
    snapshot::a_snapshot_comes_back_with_what_follows(storage).await;
    snapshot::a_newer_snapshot_stays(storage).await;
    snapshot::another_schema_is_as_good_as_none(storage).await;
    snapshot::what_is_not_stored_is_not_kept(storage).await;
    snapshot::those_of_one_type_are_forgotten(storage).await;
}

/// Questions about the past: settled or refused, never guessed at.
///
/// # Panics
/// At the first promise that is broken.
pub async fn moment_contract(storage: Arc<dyn Storage>) {
    let storage = &*storage;
    moment::the_clock_has_seen_what_is_stored(storage).await;
    moment::every_event_is_a_moment_of_its_stream(storage).await;
    moment::what_is_still_to_come_is_refused(storage).await;
}
