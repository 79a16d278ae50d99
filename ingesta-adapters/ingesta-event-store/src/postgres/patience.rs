//! How long a session waits for its answers, with one timer for all of them.
//!
//! A timer of its own for each statement would wake the runtime's driver each time, only to be
//! cancelled when the answer comes. This one is set again when it rings, and is late by nothing:
//! where it rings for an answer that was begun later, it is set to what that one has left.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The limit of one session's answers.
pub(super) struct Patience {
    limit: Option<Duration>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    /// `None` waits for ever.
    pub(super) fn new(limit: Option<Duration>) -> Self {
        Self { limit, alarm: None }
    }

    /// Waits for the answer to `statements` statements at most; an answer that does not come is
    /// an error of the connection.
    pub(super) async fn answer<T>(
        &mut self,
        answer: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let answer = self.wait(1, answer).await;
        answer.unwrap_or_else(|| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
    }

    /// Waits for as long as this many statements may take, one after the other; `None`: too long.
    pub(super) async fn wait<T>(
        &mut self,
        statements: u32,
        answer: impl Future<Output = T>,
    ) -> Option<T> {
        let Some(limit) = self.limit else {
            return Some(answer.await);
        };
        let until = Instant::now() + limit.saturating_mul(statements);
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        if alarm.deadline() > until {
            alarm.as_mut().reset(until);
        }
        let mut answer = pin!(answer);
        poll_fn(|context| {
            if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                return Poll::Ready(Some(answer));
            }
            while alarm.as_mut().poll(context).is_ready() {
                if Instant::now() >= until {
                    return Poll::Ready(None);
                }
                alarm.as_mut().reset(until);
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(60);

    /// An answer that comes when somebody else's patience is over.
    async fn after(limit: Duration) -> u8 {
        Patience::new(Some(limit)).wait(1, pending::<()>()).await;
        1
    }

    #[tokio::test]
    async fn each_answer_has_the_whole_limit_whenever_the_timer_was_set() {
        let mut patience = Patience::new(Some(LIMIT));
        for _ in 0..4 {
            assert_eq!(patience.wait(1, after(LIMIT * 2 / 3)).await, Some(1));
        }
        assert_eq!(patience.wait(1, pending::<u8>()).await, None);
        // The alarm stands at a time that is past; the next answer has its limit all the same.
        assert_eq!(patience.wait(3, after(LIMIT * 2)).await, Some(1));
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_is_an_error_of_the_connection() {
        let mut patience = Patience::new(Some(LIMIT));
        let error = patience.answer(pending::<Result<u8, sqlx::Error>>()).await;
        assert!(matches!(error, Err(sqlx::Error::Io(_))), "{error:?}");
    }

    #[tokio::test]
    async fn without_a_limit_it_waits() {
        let mut patience = Patience::new(None);
        assert_eq!(patience.wait(1, after(LIMIT * 2)).await, Some(1));
    }
}
