//! A manager that only waits, and what its tests need: alarms to set, and workers to fire them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use ingesta_event_store::subscription::{Commit, Subscriber};
use ingesta_event_store::{EventCodec, Metadata, RecordedEvent, StreamId};
use ingesta_sagas::{Acted, ActionSink, Actions, Asked, Heard, HeardBy, Instance, ProcessManager};
use ingesta_sagas::{Request, Sagas, TimerHandle, TimerOptions, TimerWorker, Trouble};
use ingesta_testing::{PATIENCE, eventually};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::ground::Ground;
use crate::stage::quick_timers;

/// Sets a timer of no time for whatever it is told, and notes each time that it hears one.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Alarm {
    pub(crate) rung: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum AlarmEvent {
    Set(String),
    Rung(String),
    Stopped(String),
}

impl DomainEvent for AlarmEvent {
    fn event_type(&self) -> String {
        let name = match self {
            Self::Set(_) => "Set",
            Self::Rung(_) => "Rung",
            Self::Stopped(_) => "Stopped",
        };
        name.to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl ProcessManager for Alarm {
    const TYPE: &'static str = "Alarm";
    type Input = String;
    type Event = AlarmEvent;
    type Action = ();
    type Error = std::fmt::Error;

    fn decide(
        &self,
        heard: HeardBy<Self>,
        _: DateTime<Utc>,
    ) -> Result<Vec<AlarmEvent>, std::fmt::Error> {
        Ok(match heard {
            Heard::Told(timer) => vec![AlarmEvent::Set(timer)],
            Heard::TimerFired { timer } if timer == "refuse" => return Err(std::fmt::Error),
            Heard::TimerFired { timer } if timer == "panic" => panic!("ordered by a test"),
            Heard::TimerFired { timer } => vec![AlarmEvent::Rung(timer)],
            Heard::Abandon { reason } => vec![AlarmEvent::Stopped(reason)],
            Heard::Refused { .. } | Heard::Retry => vec![],
        })
    }

    fn apply(&mut self, event: AlarmEvent) {
        self.rung += u32::from(matches!(event, AlarmEvent::Rung(_)));
    }

    fn requests(event: &AlarmEvent) -> Vec<Request<()>> {
        match event {
            AlarmEvent::Set(timer) => vec![Request::set_timer(timer, Duration::ZERO)],
            AlarmEvent::Stopped(timer) => vec![Request::cancel_timer(timer)],
            AlarmEvent::Rung(_) => vec![],
        }
    }
}

struct NoSink;

#[async_trait]
impl ActionSink<()> for NoSink {
    async fn act(&self, _: Asked<()>) -> Result<Acted, Trouble> {
        Ok(Acted::Done)
    }
}

pub(crate) struct Alarms {
    ground: Ground,
    pub(crate) sagas: Sagas<Alarm>,
    told: AtomicU64,
}

impl Alarms {
    pub(crate) fn new(ground: &Ground) -> Self {
        Self {
            ground: ground.clone(),
            sagas: Sagas::new(Arc::clone(&ground.storage), EventCodec::default()),
            told: 0.into(),
        }
    }

    /// Tells alarms to set a timer, and has all timers of the log set that are not set yet.
    pub(crate) async fn set(&self, ids: &[String], timer: &str) {
        for id in ids {
            self.hear(id, Heard::Told(timer.to_owned())).await;
        }
        let lease = self
            .ground
            .storage
            .acquire("alarms", "test", PATIENCE)
            .await;
        let lease = lease.unwrap().unwrap();
        let (timers, sagas) = (Arc::clone(&self.ground.timers), self.sagas.clone());
        let actions = Actions::new("alarms", sagas, NoSink, timers);
        for id in ids {
            let events = self.events(id).await;
            let effects = actions.consume(&events[events.len() - 1..]).await.unwrap();
            let commit = Commit {
                effects,
                ..Commit::default()
            };
            self.ground.storage.commit(&lease, commit).await.unwrap();
        }
        self.ground.storage.release(&lease).await.unwrap();
    }

    pub(crate) async fn hear(&self, id: &str, heard: HeardBy<Alarm>) {
        let number = self.told.fetch_add(1, Ordering::SeqCst);
        let name = format!("test-{number}");
        let heard = self.sagas.hear(id, heard, name, Metadata::default());
        heard.await.unwrap();
    }

    async fn events(&self, id: &str) -> Vec<RecordedEvent> {
        let stream = StreamId::of::<Instance<Alarm>>(id);
        self.ground.storage.load(&stream, 0).await.unwrap()
    }

    pub(crate) async fn rung(&self, id: &str) -> u32 {
        self.sagas.load(id).await.unwrap().state.state().rung
    }

    pub(crate) fn worker(&self, options: TimerOptions) -> TimerWorker<Alarm> {
        let timers = Arc::clone(&self.ground.timers);
        TimerWorker::new(self.sagas.clone(), timers, options)
    }

    pub(crate) fn spawn(&self, token: &CancellationToken) -> TimerHandle {
        self.worker(quick_timers()).spawn(token.clone())
    }

    pub(crate) async fn until_all_have_fired(&self) {
        let what = format!("the last timer on {}", self.ground.name);
        eventually(&what, async || {
            let next = self.ground.timers.next("Alarm").await.unwrap();
            next.is_none().then_some(())
        })
        .await;
    }
}

pub(crate) fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n:03}")).collect()
}
