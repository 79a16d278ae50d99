//! What a batch changes about timers in the end: of several changes to one timer the last counts.

use std::collections::BTreeMap;

use crate::timers::{TimerChanges, TimerSetting};

/// One change, in the order in which it was asked for.
pub(super) enum TimerChange {
    Set(TimerSetting),
    /// Instance and timer.
    Cancel(String, String),
}

/// At most one change per timer.
pub(super) fn of(changes: impl IntoIterator<Item = TimerChange>) -> TimerChanges {
    let mut last = BTreeMap::new();
    for change in changes {
        match change {
            TimerChange::Set(setting) => {
                let key = (setting.saga_id.clone(), setting.timer.clone());
                last.insert(key, Some(setting));
            }
            TimerChange::Cancel(saga_id, timer) => {
                last.insert((saga_id, timer), None);
            }
        }
    }
    let mut net = TimerChanges::default();
    for (key, change) in last {
        match change {
            Some(setting) => net.set.push(setting),
            None => net.cancel.push(key),
        }
    }
    net
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn set(timer: &str, token: &str) -> TimerChange {
        TimerChange::Set(TimerSetting {
            saga_id: "1".to_owned(),
            timer: timer.to_owned(),
            token: token.to_owned(),
            after: Duration::ZERO,
            metadata: "{}".to_owned(),
        })
    }

    fn cancel(timer: &str) -> TimerChange {
        TimerChange::Cancel("1".to_owned(), timer.to_owned())
    }

    #[test]
    fn of_several_changes_to_a_timer_the_last_one_counts() {
        let changes = [
            set("a", "1"),
            cancel("b"),
            cancel("a"),
            set("b", "2"),
            set("b", "3"),
        ];
        let net = of(changes);
        assert_eq!(net.cancel, [("1".to_owned(), "a".to_owned())]);
        let tokens: Vec<_> = net.set.iter().map(|setting| &setting.token).collect();
        assert_eq!(tokens, ["3"]);
    }
}
