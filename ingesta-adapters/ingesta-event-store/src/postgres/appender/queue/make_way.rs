//! Letting other tasks go first for a moment, without being left with them.

use std::future::poll_fn;
use std::task::Poll;

/// Lets tasks go first that are ready on this thread.
///
/// The task of the runtime's own `yield_now` stays with its thread until that has nothing else to
/// do, however long one of the others computes. Who wakes itself stands at the end of the thread's
/// queue instead, from which threads that have nothing to do take theirs.
pub(super) async fn make_way() {
    let mut gone = false;
    poll_fn(|context| {
        if std::mem::replace(&mut gone, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
