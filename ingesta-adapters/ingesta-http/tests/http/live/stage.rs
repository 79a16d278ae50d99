//! A log, a feed over it, and one who counts: event `n` of an owner is told as `{"n":n}`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ingesta_event_store::{
    Append, EventStorage, MemoryStorage, NewEvent, Position, RecordedEvent, StreamAppend, StreamId,
};
use ingesta_http::live::{FeedOptions, Frame, LiveFeed, Tell, TellError, Watch, WatchFrom};
use tokio_util::sync::CancellationToken;

/// Longer than anything takes that does not hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Says the payload of each event, on a topic named after its type.
pub(crate) struct Plain;

#[async_trait]
impl Tell for Plain {
    async fn frames(&self, event: &RecordedEvent) -> Result<Vec<Frame>, TellError> {
        let frame = Frame::new(&*event.event_type, &*event.payload).expect("one line");
        Ok(vec![frame.with_owner(&*event.stream.aggregate_id)])
    }
}

pub(crate) struct Stage {
    pub(crate) storage: MemoryStorage,
    pub(crate) feed: LiveFeed,
    pub(crate) stop: CancellationToken,
}

/// A heartbeat that no test waits for.
pub(crate) fn calm() -> FeedOptions {
    FeedOptions {
        heartbeat: PATIENCE * 60,
        ..FeedOptions::default()
    }
}

impl Stage {
    pub(crate) async fn with(options: FeedOptions) -> Self {
        Self::over(MemoryStorage::new(), options).await
    }

    pub(crate) async fn over(storage: MemoryStorage, options: FeedOptions) -> Self {
        let (stop, log) = (CancellationToken::new(), Arc::new(storage.clone()));
        let feed = LiveFeed::start(log, Plain, options, stop.clone()).await;
        Self {
            storage,
            feed: feed.expect("the store answers"),
            stop,
        }
    }

    pub(crate) async fn watch(&self, from: WatchFrom) -> Watch {
        self.feed.watch(from, |_| true).await.expect("a seat")
    }
}

/// Stores the next event of an owner.
pub(crate) async fn tell(storage: &MemoryStorage, owner: &str, n: usize) -> Position {
    let stream = StreamId {
        aggregate_type: "cosa".into(),
        aggregate_id: owner.to_owned(),
    };
    let seen = storage.load(&stream, 0).await.expect("it answers").len();
    let append = Append {
        streams: vec![StreamAppend {
            stream,
            expected_version: seen as u64,
            events: vec![NewEvent {
                event_type: "dicho".to_owned(),
                event_version: "1".to_owned(),
                payload: format!("{{\"n\":{n}}}"),
                metadata: "{}".to_owned(),
            }],
        }],
        command: None,
    };
    storage.append(append).await.expect("stored").position
}

/// The next `count` numbers that a watcher is told.
pub(crate) async fn numbers(watch: &mut Watch, count: usize) -> Vec<usize> {
    let mut all = Vec::new();
    while all.len() < count {
        let next = tokio::time::timeout(PATIENCE, watch.next()).await;
        let batch = next.expect("it is told").expect("the feed goes on");
        all.extend(batch.frames().map(|frame| number(frame.data())));
    }
    all
}

pub(crate) fn number(data: &str) -> usize {
    let value: serde_json::Value = serde_json::from_str(data).expect("JSON");
    let n = value["n"].as_u64().expect("a number");
    usize::try_from(n).expect("a small one")
}
