//! An aggregate as it was, for whoever holds its commands.

use cqrs_es::Aggregate;

use super::{Commands, Loaded};
use crate::{AsOfError, Moment, SETTLE_WITHIN, load_as_of};

impl<A: Aggregate> Commands<A> {
    /// The aggregate as of a moment; `None`: it did not exist yet. It is folded from its first
    /// event, whatever is kept in memory or in snapshots, and decides nothing.
    ///
    /// Waits at most [`SETTLE_WITHIN`] for the moment to be settled; [`load_as_of`] takes another
    /// wait and needs no commands.
    ///
    /// # Errors
    /// See [`AsOfError`].
    pub async fn load_as_of(
        &self,
        aggregate_id: &str,
        moment: Moment,
    ) -> Result<Option<Loaded<A>>, AsOfError> {
        load_as_of(
            &*self.storage,
            &self.codec,
            aggregate_id,
            moment,
            SETTLE_WITHIN,
        )
        .await
    }
}
