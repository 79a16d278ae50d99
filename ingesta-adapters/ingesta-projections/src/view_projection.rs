//! A `View` of cqrs-es, unchanged, as a projection: one row per aggregate, keyed by its id.

use std::borrow::Cow;
use std::marker::PhantomData;

use cqrs_es::{Aggregate, View};
use ingesta_event_store::{EventCodec, RecordedEvent, TypeFilter};

use crate::{Change, Projection, ProjectionError, Reads, TableName, Versioning};

/// A view `V` over the aggregates of type `A`.
///
/// Each row is fed by one stream, so it ends equal to a fresh fold whatever was parked meanwhile,
/// and its version is the aggregate's.
pub struct ViewProjection<A, V> {
    name: Cow<'static, str>,
    table: TableName,
    codec: EventCodec,
    reads: Reads,
    of: PhantomData<fn() -> (A, V)>,
}

impl<A: Aggregate, V: View<A>> ViewProjection<A, V> {
    /// Follows as subscription `name` into `table`; `codec` is the one that the events were
    /// written with.
    pub fn new(name: impl Into<Cow<'static, str>>, table: TableName, codec: EventCodec) -> Self {
        Self {
            name: name.into(),
            table,
            codec,
            reads: Reads::PAYLOAD.and_metadata(),
            of: PhantomData,
        }
    }

    /// Says that the view does not look at metadata: a rebuild then does not read it, and the view
    /// is given an empty map.
    #[must_use]
    pub fn without_metadata(mut self) -> Self {
        self.reads = Reads::PAYLOAD;
        self
    }
}

impl<A, V> Projection for ViewProjection<A, V>
where
    A: Aggregate + 'static,
    V: View<A> + 'static,
{
    type State = V;

    fn name(&self) -> &str {
        &self.name
    }

    fn table(&self) -> &TableName {
        &self.table
    }

    fn types(&self) -> TypeFilter {
        TypeFilter::of::<A>()
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProjectionError> {
        Ok(vec![event.stream.aggregate_id.clone()])
    }

    fn apply(
        &self,
        _: &str,
        view: &mut V,
        event: &RecordedEvent,
    ) -> Result<Change, ProjectionError> {
        let mut change = Change::Nothing;
        self.codec.decode_each::<A>(event, |envelope| {
            view.update(&envelope);
            change = Change::Keep;
        })?;
        Ok(change)
    }

    fn versioning(&self) -> Versioning {
        Versioning::StreamSequence
    }

    fn reads(&self) -> Reads {
        self.reads
    }

    fn keyed_by_aggregate(&self) -> bool {
        true
    }
}
