//! A pause between two tries of a command that keeps losing.

use std::time::Duration;

use uuid::Uuid;

/// Conflicts after which a command tries again at once.
const AT_ONCE: u32 = 2;
/// The longest pause after the next one, in microseconds; it doubles four times.
const FIRST_US: u64 = 1_000;

/// A pause of random length after the third conflict and each one behind it: rivals that march in
/// step would otherwise meet at every step, and the same one could lose each time.
pub(super) async fn step_aside(attempts: u32) {
    let Some(doubled) = attempts.checked_sub(AT_ONCE + 1) else {
        return;
    };
    let longest = FIRST_US << doubled.min(4);
    let (random, _) = Uuid::new_v4().as_u64_pair();
    tokio::time::sleep(Duration::from_micros(random % longest)).await;
}
