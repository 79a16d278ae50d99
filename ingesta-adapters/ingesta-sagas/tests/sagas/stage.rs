//! Everything that a trip needs, running: triggers, actions and a timer worker on one ground.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::subscription::{Runner, RunnerHandle, RunnerOptions, Subscriber};
use ingesta_event_store::{CommandContext, EventCodec, RecordedEvent, Storage, StreamId};
use ingesta_sagas::{Actions, Sagas, TimerHandle, TimerOptions, TimerWorker, Triggers};
use ingesta_testing::eventually;
use tokio_util::sync::CancellationToken;

use crate::desk::{DeskCommand, DeskSink, routes};
use crate::ground::Ground;
use crate::trip::{End, Trip, TripEvent};

/// Looks often and takes over soon, so that tests are quick.
pub(crate) fn quick() -> RunnerOptions {
    RunnerOptions {
        lease: Duration::from_millis(150),
        poll: Duration::from_millis(5),
        parked_poll: Duration::from_millis(10),
        pause_min: Duration::from_millis(2),
        pause_max: Duration::from_millis(20),
        recheck: Duration::from_millis(20),
        // Parked streams wait for the operator.
        attempts_max: 1,
        ..RunnerOptions::default()
    }
}

pub(crate) fn quick_timers() -> TimerOptions {
    TimerOptions {
        poll: Duration::from_millis(5),
        pause: Duration::from_millis(20),
        away_min: Duration::from_millis(2),
        away_max: Duration::from_millis(20),
        ..TimerOptions::default()
    }
}

pub(crate) struct Stage {
    pub(crate) ground: Ground,
    pub(crate) sagas: Sagas<Trip>,
    pub(crate) sink: DeskSink,
    pub(crate) token: CancellationToken,
}

impl Stage {
    pub(crate) fn new(ground: &Ground) -> Self {
        let storage = Arc::clone(&ground.storage);
        Self {
            ground: ground.clone(),
            sagas: Sagas::new(Arc::clone(&storage), EventCodec::default()),
            sink: DeskSink::new(storage),
            token: CancellationToken::new(),
        }
    }

    pub(crate) fn triggers(&self) -> Triggers<Trip> {
        Triggers::new("trips", self.sagas.clone(), routes())
    }

    pub(crate) fn actions(&self) -> Actions<Trip, DeskSink> {
        let timers = Arc::clone(&self.ground.timers);
        Actions::new(
            "trip-actions",
            self.sagas.clone(),
            self.sink.clone(),
            timers,
        )
    }

    pub(crate) fn follow(&self, subscriber: impl Subscriber) -> RunnerHandle {
        let storage: Arc<dyn Storage> = Arc::clone(&self.ground.storage);
        Runner::new(storage, Arc::new(subscriber), quick()).spawn(self.token.clone())
    }

    pub(crate) fn worker(&self) -> TimerHandle {
        let timers = Arc::clone(&self.ground.timers);
        TimerWorker::new(self.sagas.clone(), timers, quick_timers()).spawn(self.token.clone())
    }

    /// Triggers, actions and a worker.
    pub(crate) fn run(&self) -> (RunnerHandle, RunnerHandle, TimerHandle) {
        let (triggers, actions) = (self.triggers(), self.actions());
        (self.follow(triggers), self.follow(actions), self.worker())
    }

    pub(crate) fn codec(&self) -> EventCodec {
        EventCodec::default()
    }

    pub(crate) async fn order(&self, id: &str) {
        let context = CommandContext::default();
        self.sink.execute(id, DeskCommand::Order, context).await;
    }

    /// The events of one stream.
    pub(crate) async fn stream(&self, aggregate: &'static str, id: &str) -> Vec<RecordedEvent> {
        let stream = StreamId::new(aggregate, id);
        self.ground.storage.load(&stream, 0).await.unwrap()
    }

    /// What a trip remembers.
    pub(crate) async fn trip(&self, id: &str) -> Vec<TripEvent> {
        let events = self.stream("Trip", id).await;
        let read = |event: &RecordedEvent| serde_json::from_str(&event.payload).unwrap();
        events.iter().map(read).collect()
    }

    pub(crate) async fn end(&self, id: &str) -> End {
        let what = format!("the end of trip {id} on {}", self.ground.name);
        let end = eventually(&what, async || {
            self.trip(id).await.last().cloned().and_then(ended)
        });
        end.await
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

fn ended(event: TripEvent) -> Option<End> {
    match event {
        TripEvent::Ended(end) => Some(end),
        TripEvent::Asked { .. }
        | TripEvent::Done(_)
        | TripEvent::Failed(_)
        | TripEvent::TurnedBack
        | TripEvent::UndoAsked { .. }
        | TripEvent::Undone(_) => None,
    }
}
