//! A handler for tests, and where its effects go: each once by the name of its command.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use ingesta_kafka::inbox::{HandleError, Handler, command_id};
use ingesta_kafka::message::IncomingMessage;
use ingesta_testing::eventually;
use tokio::sync::watch;

/// What a message has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) id: String,
    pub(crate) key: Option<String>,
    pub(crate) number: u64,
}

/// Takes numbers as text, and refuses everything else with a code of its own.
pub(crate) struct Probe {
    book: Mutex<Book>,
    /// While true, messages wait before their effect, or after it.
    pub(crate) hold_before: watch::Sender<bool>,
    pub(crate) hold_after: watch::Sender<bool>,
    /// While true, `odd` is taken for a number.
    pub(crate) lenient: watch::Sender<bool>,
    /// These numbers fail for a passing reason.
    pub(crate) failing: watch::Sender<HashSet<u64>>,
}

#[derive(Default)]
struct Book {
    effects: Vec<Effect>,
    names: HashSet<String>,
    /// How often each message was delivered, by its number.
    deliveries: BTreeMap<u64, usize>,
    /// How often a replayed message came.
    replayed: Vec<String>,
    /// What is being handled now, by key.
    under_way: HashMap<Option<Vec<u8>>, usize>,
    most_of_one_key: usize,
    most: usize,
}

impl Probe {
    pub(crate) fn new() -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self {
            book: Mutex::default(),
            hold_before: watch::Sender::new(false),
            hold_after: watch::Sender::new(false),
            lenient: watch::Sender::new(false),
            failing: watch::Sender::default(),
        })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("nobody panics with the book")
    }

    pub(crate) fn effects(&self) -> Vec<Effect> {
        self.book().effects.clone()
    }

    /// The numbers of a key's effects, in the order in which they happened.
    pub(crate) fn of_key(&self, key: &str) -> Vec<u64> {
        let effects = self.effects();
        let own = effects
            .iter()
            .filter(|effect| effect.key.as_deref() == Some(key));
        own.map(|effect| effect.number).collect()
    }

    pub(crate) fn deliveries(&self) -> BTreeMap<u64, usize> {
        self.book().deliveries.clone()
    }

    /// The replay counts of what came with one.
    pub(crate) fn replayed(&self) -> Vec<String> {
        self.book().replayed.clone()
    }

    /// The most messages that were handled at the same time: of one key, and in all.
    pub(crate) fn most(&self) -> (usize, usize) {
        let book = self.book();
        (book.most_of_one_key, book.most)
    }

    pub(crate) fn under_way(&self) -> usize {
        self.book().under_way.values().sum()
    }

    pub(crate) async fn until(&self, count: u64) {
        let enough = async || (self.effects().len() as u64 >= count).then_some(());
        eventually(&format!("{count} effects"), enough).await;
    }

    /// Everything in `numbers` happened once, and each key's in order.
    #[track_caller]
    pub(crate) fn assert_once_and_in_order(&self, numbers: std::ops::Range<u64>) {
        let effects = self.effects();
        let mut all: Vec<_> = effects.iter().map(|effect| effect.number).collect();
        all.sort_unstable();
        assert_eq!(all, numbers.collect::<Vec<_>>(), "each once");
        let mut last = HashMap::new();
        for effect in effects {
            let before = last.insert(effect.key.clone(), effect.number);
            assert!(before < Some(effect.number), "{effect:?} after {before:?}");
        }
        assert!(self.most().0 <= 1, "two messages of a key at the same time");
    }
}

/// Under way until dropped.
struct UnderWay<'p>(&'p Probe, Option<Vec<u8>>);

impl<'p> UnderWay<'p> {
    fn new(probe: &'p Probe, key: &Option<Vec<u8>>) -> Self {
        let mut book = probe.book();
        let of_key = book.under_way.entry(key.clone()).or_default();
        *of_key += 1;
        let of_key = *of_key;
        book.most_of_one_key = book.most_of_one_key.max(of_key);
        let all = book.under_way.values().sum();
        book.most = book.most.max(all);
        Self(probe, key.clone())
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.0.book().under_way.get_mut(&self.1) {
            *count -= 1;
        }
    }
}

async fn open(gate: &watch::Sender<bool>) {
    let mut gate = gate.subscribe();
    gate.wait_for(|closed| !closed)
        .await
        .expect("the probe lives");
}

#[async_trait]
impl Handler for Probe {
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
        let _under_way = UnderWay::new(self, &message.key);
        let number = self.number(message)?;
        *self.book().deliveries.entry(number).or_default() += 1;
        open(&self.hold_before).await;
        if self.failing.borrow().contains(&number) {
            return Err(HandleError::transient("the store is away"));
        }
        self.effect(message, number);
        open(&self.hold_after).await;
        Ok(())
    }
}

impl Probe {
    fn number(&self, message: &IncomingMessage) -> Result<u64, HandleError> {
        let refuse = |code: &'static str| Err(HandleError::poison(code, "it is not a number"));
        let Some(value) = &message.value else {
            return refuse("tombstone");
        };
        if value.is_empty() {
            return refuse("empty");
        }
        let Ok(text) = std::str::from_utf8(value) else {
            return refuse("not-text");
        };
        assert_ne!(text, "panic", "as asked for");
        if text == "odd" && *self.lenient.borrow() {
            return Ok(1_000_001);
        }
        text.parse().or_else(|_| refuse("not-a-number"))
    }

    fn effect(&self, message: &IncomingMessage, number: u64) {
        let replays = message
            .headers
            .iter()
            .find(|header| header.name == "ingesta-replays");
        let id = command_id(message, None);
        let mut book = self.book();
        if let Some(replays) = replays {
            let times = String::from_utf8_lossy(&replays.value).into_owned();
            book.replayed.push(times);
        }
        if !book.names.insert(id.clone()) {
            return;
        }
        let key = message.key.as_ref();
        let key = key.map(|key| String::from_utf8_lossy(key).into_owned());
        book.effects.push(Effect { id, key, number });
    }
}
