//! Waiting in tests: for a condition, within a bound, and never for a guessed time.
//!
//! The bound is generous, because it is only reached by a test that fails. It says nothing about
//! how fast anything is.

use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long [`eventually`] waits before it gives up.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Asks `probe` again and again until it answers with a value, and returns that.
///
/// # Panics
/// When nothing came within [`PATIENCE`], naming `what` and the caller's line.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let mut asked = 0;
/// let third = ingesta_testing::eventually("the third answer", async || {
///     asked += 1;
///     (asked == 3).then_some(asked)
/// });
/// assert_eq!(third.await, 3);
/// # });
/// ```
#[track_caller]
pub fn eventually<T>(
    what: &str,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(value) = probe().await {
                return value;
            }
            assert!(
                Instant::now() < deadline,
                "{caller}: waited in vain for {what}"
            );
            sleep(Duration::from_millis(5)).await;
        }
    }
}
