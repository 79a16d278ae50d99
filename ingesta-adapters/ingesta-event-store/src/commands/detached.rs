//! Work that goes on when its caller stops waiting for it.
//!
//! It runs in the caller's own task, which costs nothing, and only if the caller drops it half-way
//! does it become a task by itself. A spawn for every command would cost a lone caller two
//! wake-ups of other threads.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// A future that is finished whether or not somebody waits for its answer.
///
/// Nobody polls it while its caller neither polls nor drops it: it may hold nothing that others
/// wait for.
pub(super) struct Detached<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    /// `None` once it has answered or panicked.
    work: Option<Pin<Box<F>>>,
    /// Where it goes on: the runtime that it was begun on, wherever it is dropped.
    runtime: Handle,
}

impl<F> Detached<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    /// # Panics
    /// Outside a tokio runtime.
    pub(super) fn new(work: F) -> Self {
        Self {
            work: Some(Box::pin(work)),
            runtime: Handle::current(),
        }
    }
}

impl<F> Future for Detached<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Taken out for the time of the call: what panics is not polled again.
        let mut work = self.work.take().expect("it has not answered yet");
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}

impl<F> Drop for Detached<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            drop(self.runtime.spawn(work));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_dropped_half_way_is_finished_and_what_never_began_too() {
        for polls in [0, 1] {
            let (go, gone) = oneshot::channel::<()>();
            let (tell, told) = oneshot::channel();
            let mut work = Box::pin(Detached::new(async move {
                let _ = gone.await;
                let _ = tell.send(7);
            }));
            if polls == 1 {
                let waited = tokio::time::timeout(Duration::ZERO, &mut work).await;
                assert!(waited.is_err(), "it waits for a word");
            }
            drop(work);
            go.send(()).expect("it still listens");
            assert_eq!(told.await, Ok(7));
        }
    }

    #[tokio::test]
    async fn what_has_answered_is_not_done_again() {
        let again = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&again);
        Detached::new(async move {
            assert!(!seen.swap(true, Ordering::SeqCst), "once");
        })
        .await;
        assert!(again.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_panic_is_the_callers() {
        let work = Detached::new(async { panic!("as planned") });
        let panicked = tokio::spawn(work).await.expect_err("it panics");
        assert!(panicked.is_panic());
    }
}
