//! A subscriber that records what was stored of it, and fails as it is told to.
//!
//! What it did is recorded by effects, so it counts only if it was stored with the checkpoint.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ingesta_event_store::subscription::{ConsumeError, Effect, Subscriber};
use ingesta_event_store::{RecordedEvent, StoreError, TypeFilter};
use tokio::sync::Semaphore;

use super::NAME;

/// What the recorder has stored of every stream, and how it is to fail.
pub(super) struct Recorder {
    pub(super) stored: Arc<Mutex<BTreeMap<String, Vec<u64>>>>,
    pub(super) poison: Mutex<HashSet<(String, u64)>>,
    pub(super) panics: Mutex<HashSet<(String, u64)>>,
    pub(super) away: AtomicBool,
    pub(super) calls: AtomicUsize,
    pub(super) starts: AtomicUsize,
    /// Every call takes one permit; closed: nobody waits.
    pub(super) gate: Semaphore,
}

impl Recorder {
    pub(super) fn new() -> Arc<Self> {
        let gate = Semaphore::new(0);
        gate.close();
        Self::with_gate(gate)
    }

    /// A recorder whose calls wait for permits.
    pub(super) fn slow() -> Arc<Self> {
        Self::with_gate(Semaphore::new(0))
    }

    fn with_gate(gate: Semaphore) -> Arc<Self> {
        Arc::new(Self {
            stored: Arc::default(),
            poison: Mutex::default(),
            panics: Mutex::default(),
            away: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
            starts: AtomicUsize::new(0),
            gate,
        })
    }

    pub(super) fn poisons(&self, id: &str, sequence: u64) {
        self.poison
            .lock()
            .unwrap()
            .insert((id.to_owned(), sequence));
    }

    pub(super) fn heals(&self) {
        self.poison.lock().unwrap().clear();
        self.panics.lock().unwrap().clear();
    }

    pub(super) fn stored(&self, id: &str) -> Vec<u64> {
        self.stored
            .lock()
            .unwrap()
            .get(id)
            .cloned()
            .unwrap_or_default()
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Subscriber for Recorder {
    fn name(&self) -> &str {
        NAME
    }

    fn types(&self) -> TypeFilter {
        TypeFilter::Only(vec!["thing".into()])
    }

    async fn start(&self) -> Result<(), StoreError> {
        self.starts.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if let Ok(permit) = self.gate.acquire().await {
            permit.forget();
        }
        if self.away.load(Ordering::SeqCst) {
            return Err(ConsumeError::transient("the broker is away"));
        }
        let key = |event: &RecordedEvent| (event.stream.aggregate_id.clone(), event.sequence);
        let has_panic = batch
            .iter()
            .any(|event| self.panics.lock().unwrap().contains(&key(event)));
        assert!(!has_panic, "on order");
        let poisoned = |event: &RecordedEvent| self.poison.lock().unwrap().contains(&key(event));
        if let Some(index) = batch.iter().position(poisoned) {
            return Err(ConsumeError::event(index, "poison", "It is poisoned."));
        }
        let done: Vec<_> = batch.iter().map(key).collect();
        let stored = Arc::clone(&self.stored);
        Ok(vec![Effect::InMemory(Box::new(move || {
            let mut stored = stored.lock().unwrap();
            for (id, sequence) in done {
                stored.entry(id).or_default().push(sequence);
            }
        }))])
    }
}
