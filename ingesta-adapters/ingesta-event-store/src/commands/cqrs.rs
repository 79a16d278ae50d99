//! The store as cqrs-es knows it, so that `CqrsFramework` runs on it unchanged.
//!
//! Registered `Query`s are still called by the framework after the commit, in the caller, and may
//! be lost there; follow the log instead (see [`crate::subscription`]).

use std::collections::HashMap;
use std::sync::Arc;

use cqrs_es::{Aggregate, AggregateContext, AggregateError, EventEnvelope, EventStore};

use super::Loaded;
use super::resolve::append_resolved;
use crate::{Append, AppendError, CommandStamp, EventCodec, Metadata, NewEvent, Storage};
use crate::{StreamAppend, StreamId, commands::fingerprint};

/// `cqrs_es::EventStore` over a [`Storage`].
///
/// A `command_id` in the metadata makes the command happen at most once on its aggregate. The
/// framework shows a store the events and not the command, so that a repeat with another payload
/// is answered like any repeat, with nothing done, and a repeat that the aggregate refuses by
/// itself is refused. [`crate::Commands`] tells these apart.
#[derive(Clone)]
pub struct CqrsEventStore {
    storage: Arc<dyn Storage>,
    codec: EventCodec,
}

impl CqrsEventStore {
    /// Over this storage, with this codec.
    pub fn new(storage: Arc<dyn Storage>, codec: EventCodec) -> Self {
        Self { storage, codec }
    }
}

impl CqrsEventStore {
    fn encoded<A: Aggregate>(
        &self,
        stream: &StreamId,
        version: u64,
        events: &[A::Event],
        metadata: &str,
    ) -> Result<Vec<NewEvent>, AggregateError<A::Error>> {
        let numbered = events.iter().zip(version + 1..);
        let encoded = numbered
            .map(|(event, sequence)| self.codec.encode::<A>(stream, sequence, event, metadata));
        encoded
            .collect::<Result<_, _>>()
            .map_err(|e| AggregateError::UnexpectedError(Box::new(e)))
    }
}

/// An aggregate between its load and its commit.
pub struct CqrsContext<A> {
    aggregate_id: String,
    loaded: Loaded<A>,
}

impl<A: Aggregate> AggregateContext<A> for CqrsContext<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.loaded.state
    }
}

impl<A: Aggregate + 'static> EventStore<A> for CqrsEventStore {
    type AC = CqrsContext<A>;

    async fn load_events(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let events = self.storage.load(&StreamId::of::<A>(aggregate_id), 0).await;
        let events = events.map_err(|e| AggregateError::DatabaseConnectionError(Box::new(e)))?;
        let mut envelopes = Vec::with_capacity(events.len());
        for event in &events {
            let read = self.codec.decode_each::<A>(event, |e| envelopes.push(e));
            read.map_err(|e| AggregateError::DeserializationError(Box::new(e)))?;
        }
        Ok(envelopes)
    }

    async fn load_aggregate(
        &self,
        aggregate_id: &str,
    ) -> Result<CqrsContext<A>, AggregateError<A::Error>> {
        let events = self.storage.load(&StreamId::of::<A>(aggregate_id), 0).await;
        let events = events.map_err(|e| AggregateError::DatabaseConnectionError(Box::new(e)))?;
        let loaded = Loaded::fold(&self.codec, &events)
            .map_err(|e| AggregateError::DeserializationError(Box::new(e)))?;
        Ok(CqrsContext {
            aggregate_id: aggregate_id.to_owned(),
            loaded,
        })
    }

    async fn commit(
        &self,
        events: Vec<A::Event>,
        context: CqrsContext<A>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let stream = StreamId::of::<A>(context.aggregate_id);
        let stored = Metadata::from(metadata.clone());
        let command = stored.command_id.clone().map(|id| CommandStamp {
            id,
            fingerprint: fingerprint(&(&stream.aggregate_type, &stream.aggregate_id)),
        });
        let (version, text) = (context.loaded.version, stored.to_json());
        let append = match command {
            None if events.is_empty() => return Ok(Vec::new()),
            Some(command) if events.is_empty() => {
                Append::already_done(command, &[(stream.clone(), version)], text)
            }
            command => Append {
                streams: vec![StreamAppend {
                    stream: stream.clone(),
                    expected_version: version,
                    events: self.encoded::<A>(&stream, version, &events, &text)?,
                }],
                command,
            },
        };
        match append_resolved(&*self.storage, append).await {
            Ok(_) => Ok(envelopes(&stream, version, events, &metadata)),
            // Done before: nothing new was committed, so there is nothing to dispatch.
            Err(AppendError::Duplicate(_)) => Ok(Vec::new()),
            Err(AppendError::Conflict) => Err(AggregateError::AggregateConflict),
            Err(AppendError::NotStored(cause)) => {
                Err(AggregateError::DatabaseConnectionError(Box::new(cause)))
            }
            Err(other) => Err(AggregateError::UnexpectedError(Box::new(other))),
        }
    }
}

fn envelopes<A: Aggregate>(
    stream: &StreamId,
    version: u64,
    events: Vec<A::Event>,
    metadata: &HashMap<String, String>,
) -> Vec<EventEnvelope<A>> {
    let numbered = events.into_iter().zip(version + 1..);
    let envelope = |(payload, sequence)| EventEnvelope {
        aggregate_id: stream.aggregate_id.clone(),
        sequence: usize::try_from(sequence).unwrap_or(usize::MAX),
        payload,
        metadata: metadata.clone(),
    };
    numbered.map(envelope).collect()
}
