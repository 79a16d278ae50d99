//! An aggregate as it is now: from its snapshot where one counts, else from its first event.

use std::sync::Arc;

use cqrs_es::Aggregate;

use super::{CommandError, Loaded};
use crate::{EventCodec, Snapshots, Storage, StreamId};

/// Loads and folds a stream.
pub(super) async fn load<A>(
    storage: &dyn Storage,
    codec: &EventCodec,
    stream: &StreamId,
    snapshots: Option<&Snapshots<A>>,
) -> Result<Loaded<A>, CommandError<A::Error>>
where
    A: Aggregate,
    A::Error: 'static,
{
    let Some(schema) = snapshots.and_then(Snapshots::schema) else {
        let events = storage.load(stream, 0).await?;
        return Ok(Loaded::fold(codec, &events)?);
    };
    let from = storage.load_from_snapshot(stream, &schema).await?;
    let Some(snapshot) = from.snapshot else {
        return Ok(Loaded::fold(codec, &from.events)?);
    };
    let (version, position) = (snapshot.version, snapshot.position);
    match serde_json::from_str(&snapshot.payload) {
        Ok(state) => {
            let kept = Loaded {
                state,
                version,
                position,
            };
            Ok(kept.fold_onto(codec, &from.events)?)
        }
        Err(error) => {
            // The error itself may quote the state.
            let category = error.classify();
            tracing::debug!(%stream, version, ?category, "a snapshot cannot be read");
            let events = storage.load(stream, 0).await?;
            Ok(Loaded::fold(codec, &events)?)
        }
    }
}

/// Deletes the snapshots of a type, from the time before its events were sealed: nobody reads them
/// any more, and they hold in the clear what is sealed now. Nobody waits for it either; where it
/// fails, the next start of the program tries again.
pub(super) fn forget(storage: Arc<dyn Storage>, aggregate: &'static str) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        tracing::error!(
            aggregate,
            "old snapshots were not deleted: there is no runtime"
        );
        return;
    };
    runtime.spawn(async move {
        match storage.forget_snapshots(aggregate).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(aggregate, count, "deleted snapshots from before sealing"),
            Err(error) => tracing::error!(aggregate, %error, "old snapshots were not deleted"),
        }
    });
}

/// Snapshots, unless they would hold in the clear what the events keep sealed.
pub(super) fn permitted<A: Aggregate>(
    snapshots: Snapshots<A>,
    codec: &EventCodec,
) -> Option<Snapshots<A>> {
    if codec.seals() {
        tracing::warn!(
            aggregate = A::TYPE,
            "no snapshots are taken: the codec seals personal fields"
        );
        return None;
    }
    Some(snapshots)
}
