//! The delivery of a batch: streams side by side, the events of one stream in order.
//!
//! What was done before a failure is asked for again; whoever is asked recognises it by its name.

use std::collections::BTreeMap;
use std::future::Future;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use ingesta_event_store::subscription::ConsumeError;
use ingesta_event_store::{RecordedEvent, StreamId};

use crate::Trouble;

/// Streams that are worked on at once: enough to share the store's round trips, few enough to
/// leave connections for others.
const SIDE_BY_SIDE: usize = 6;

/// What the events of one stream left behind, or the one that failed.
type OfStream<T> = Result<Vec<T>, (usize, Trouble)>;

/// Deals with every event of a batch and answers with what each left behind, stream by stream and
/// in order within one; or says which event failed, the earliest if several did.
pub(crate) async fn deliver<'a, T, F>(
    batch: &'a [RecordedEvent],
    deal: impl Fn(&'a RecordedEvent) -> F + Sync,
) -> Result<Vec<T>, ConsumeError>
where
    T: Send,
    F: Future<Output = Result<T, Trouble>> + Send,
{
    let mut by_stream: BTreeMap<&StreamId, Vec<(usize, &RecordedEvent)>> = BTreeMap::new();
    for (index, event) in batch.iter().enumerate() {
        let events = by_stream.entry(&event.stream).or_default();
        events.push((index, event));
    }
    let deal = &deal;
    let mut work: Vec<BoxFuture<'_, OfStream<T>>> = Vec::new();
    for events in by_stream.into_values() {
        work.push(Box::pin(async move {
            let mut left = Vec::with_capacity(events.len());
            for (index, event) in events {
                left.push(deal(event).await.map_err(|trouble| (index, trouble))?);
            }
            Ok(left)
        }));
    }
    let ended: Vec<_> = stream::iter(work)
        .buffer_unordered(SIDE_BY_SIDE)
        .collect()
        .await;
    let (mut all, mut first) = (Vec::new(), None);
    for one in ended {
        match one {
            Ok(left) => all.extend(left),
            Err((index, trouble @ (Trouble::Obstacle(_) | Trouble::Transient(_)))) => {
                return Err(trouble.at(index));
            }
            Err((index, trouble)) => {
                if first.as_ref().is_none_or(|(earlier, _)| index < *earlier) {
                    first = Some((index, trouble));
                }
            }
        }
    }
    first.map_or(Ok(all), |(index, trouble)| Err(trouble.at(index)))
}
