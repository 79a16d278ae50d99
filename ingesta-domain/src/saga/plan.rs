//! `Plan`: how long a saga waits for an answer, and how often it asks.
//!
//! It promises that a saga keeps the plan that it began with, so that its history can be read
//! without knowing a configuration.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How patient a saga is.
///
/// ```
/// use std::time::Duration;
/// use ingesta_domain::saga::Plan;
///
/// let plan = Plan { espera_ms: 2_000, intentos: 3 };
/// assert_eq!(plan.espera(1), Duration::from_secs(2));
/// assert_eq!(plan.espera(3), Duration::from_secs(8));
/// assert_eq!(plan.espera(u32::MAX), Plan::ESPERA_MAXIMA);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How long the first answer is waited for, in milliseconds; each further wait is twice as long.
    pub espera_ms: u64,
    /// How often a neighbour is asked before it counts as failed, or is shown as stuck; at least 1.
    pub intentos: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            espera_ms: 30_000,
            intentos: 5,
        }
    }
}

impl Plan {
    /// No wait is longer.
    pub const ESPERA_MAXIMA: Duration = Duration::from_secs(300);

    /// How long the answer to this sending is waited for; at most [`Plan::ESPERA_MAXIMA`].
    #[must_use]
    pub fn espera(&self, intento: u32) -> Duration {
        let veces = 1_u64.checked_shl(intento.saturating_sub(1));
        let veces = veces.unwrap_or(u64::MAX);
        Duration::from_millis(self.espera_ms.saturating_mul(veces)).min(Self::ESPERA_MAXIMA)
    }

    /// Whether it has been sent as often as that, and more will not help by itself.
    #[must_use]
    pub const fn agotado(&self, intento: u32) -> bool {
        intento >= self.intentos
    }
}
