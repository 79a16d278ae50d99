//! A `View` of cqrs-es, unchanged, as a projection: one row per aggregate, keyed by its id.

use std::borrow::Cow;
use std::marker::PhantomData;

use cqrs_es::{Aggregate, View};
use ingesta_event_store::{EventCodec, RecordedEvent, TypeFilter};

use crate::{Change, Projection, ProjectionError, TableName, Versioning};

/// A view `V` over the aggregates of type `A`.
///
/// Each row is fed by one stream, so it ends equal to a fresh fold whatever was parked meanwhile,
/// and its version is the aggregate's.
pub struct ViewProjection<A, V> {
    name: Cow<'static, str>,
    table: TableName,
    codec: EventCodec,
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
            of: PhantomData,
        }
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
        view.update(&self.codec.decode::<A>(event)?);
        Ok(Change::Keep)
    }

    fn versioning(&self) -> Versioning {
        Versioning::StreamSequence
    }
}
