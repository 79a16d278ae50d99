//! Timer workers: each setting is heard once, whoever dies; one that cannot fire holds nobody up.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use ingesta_event_store::subscription::{Commit, Subscriber};
use ingesta_event_store::{EventCodec, MemoryStorage, Metadata, StreamId};
use ingesta_sagas::{Acted, ActionSink, Actions, Asked, Heard, HeardBy, Instance, ProcessManager};
use ingesta_sagas::{Request, Sagas, TimerHandle, TimerOptions, TimerStatus, TimerWorker, Trouble};
use ingesta_testing::{PATIENCE, eventually};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::ground::{Ground, on_both};
use crate::stage::quick_timers;

/// Sets a timer of no time for whatever it is told, and notes each time that it hears one.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Alarm {
    rung: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum AlarmEvent {
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

#[async_trait::async_trait]
impl ActionSink<()> for NoSink {
    async fn act(&self, _: Asked<()>) -> Result<Acted, Trouble> {
        Ok(Acted::Done)
    }
}

struct Alarms {
    ground: Ground,
    sagas: Sagas<Alarm>,
    told: std::sync::atomic::AtomicU64,
}

impl Alarms {
    fn new(ground: &Ground) -> Self {
        Self {
            ground: ground.clone(),
            sagas: Sagas::new(Arc::clone(&ground.storage), EventCodec::default()),
            told: 0.into(),
        }
    }

    /// Tells alarms to set a timer, and has all timers of the log set that are not set yet.
    async fn set(&self, ids: &[String], timer: &str) {
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

    async fn hear(&self, id: &str, heard: HeardBy<Alarm>) {
        let number = self.told.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let name = format!("test-{number}");
        let heard = self.sagas.hear(id, heard, name, Metadata::default());
        heard.await.unwrap();
    }

    async fn events(&self, id: &str) -> Vec<ingesta_event_store::RecordedEvent> {
        let stream = StreamId::of::<Instance<Alarm>>(id);
        self.ground.storage.load(&stream, 0).await.unwrap()
    }

    async fn rung(&self, id: &str) -> u32 {
        self.sagas.load(id).await.unwrap().state.state().rung
    }

    fn worker(&self, options: TimerOptions) -> TimerWorker<Alarm> {
        let timers = Arc::clone(&self.ground.timers);
        TimerWorker::new(self.sagas.clone(), timers, options)
    }

    fn spawn(&self, token: &CancellationToken) -> TimerHandle {
        self.worker(quick_timers()).spawn(token.clone())
    }

    async fn until_all_have_fired(&self) {
        let what = format!("the last timer on {}", self.ground.name);
        eventually(&what, async || {
            let next = self.ground.timers.next("Alarm").await.unwrap();
            next.is_none().then_some(())
        })
        .await;
    }
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n:03}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_share_the_timers_and_each_is_heard_once() {
    on_both(async |ground| {
        let (alarms, token) = (Alarms::new(&ground), CancellationToken::new());
        let ids = ids(80);
        alarms.set(&ids, "ring").await;
        let workers = [alarms.spawn(&token), alarms.spawn(&token)];
        alarms.until_all_have_fired().await;
        for id in &ids {
            assert_eq!(alarms.rung(id).await, 1, "{id} on {}", ground.name);
        }
        token.cancel();
        for worker in workers {
            let status = worker.status();
            worker.join().await;
            assert_eq!(*status.borrow(), TimerStatus::Ended);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_killed_at_random_moments_fire_each_timer_once() {
    on_both(async |ground| {
        let (alarms, token) = (Alarms::new(&ground), CancellationToken::new());
        let ids = ids(60);
        alarms.set(&ids, "ring").await;
        let mut dice = ingesta_sagas::testing::Dice::new(5);
        for _ in 0..25 {
            let killed = [alarms.spawn(&token), alarms.spawn(&token)];
            for _ in 0..dice.below(400) {
                tokio::task::yield_now().await;
            }
            killed.iter().for_each(TimerHandle::abort);
        }
        let _last = alarms.spawn(&token);
        alarms.until_all_have_fired().await;
        for id in &ids {
            assert_eq!(alarms.rung(id).await, 1, "{id} on {}", ground.name);
        }
        token.cancel();
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_died_after_the_telling_leaves_nothing_to_be_heard_twice() {
    on_both(async |ground| {
        let alarms = Alarms::new(&ground);
        alarms.set(&ids(1), "ring").await;
        // It claimed and told, and then it was gone.
        let claimed = ground
            .timers
            .claim("Alarm", 1, Duration::ZERO)
            .await
            .unwrap();
        let name = format!("timer/Alarm/000/ring/{}", claimed[0].token);
        let heard = Heard::TimerFired {
            timer: "ring".to_owned(),
        };
        let told = alarms
            .sagas
            .hear("000", heard, name, Metadata::default())
            .await;
        assert!(!told.unwrap().already_done);

        assert_eq!(alarms.worker(quick_timers()).fire_due().await.unwrap(), 1);
        assert_eq!(alarms.rung("000").await, 1, "{}", ground.name);
        assert_eq!(ground.timers.next("Alarm").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_timer_that_was_cancelled_in_the_last_moment_is_silent() {
    on_both(async |ground| {
        let alarms = Alarms::new(&ground);
        alarms.set(&ids(1), "ring").await;
        // Decided, and not carried out yet: the timer is still there.
        let reason = "ring".to_owned();
        alarms.hear("000", Heard::Abandon { reason }).await;
        assert_eq!(alarms.worker(quick_timers()).fire_due().await.unwrap(), 1);
        assert_eq!(alarms.rung("000").await, 0, "{}", ground.name);
    })
    .await;
}

#[tokio::test]
async fn a_timer_that_is_set_again_rings_again() {
    on_both(async |ground| {
        let alarms = Alarms::new(&ground);
        for times in 1..=3 {
            alarms.set(&ids(1), "ring").await;
            assert_eq!(alarms.worker(quick_timers()).fire_due().await.unwrap(), 1);
            assert_eq!(alarms.rung("000").await, times, "{}", ground.name);
        }
    })
    .await;
}

#[tokio::test]
async fn a_timer_that_cannot_fire_says_why_and_holds_nobody_up() {
    on_both(async |ground| {
        let alarms = Alarms::new(&ground);
        let [first, second, third] = ["a", "b", "c"].map(str::to_owned);
        alarms.set(&[first], "refuse").await;
        alarms.set(&[second], "panic").await;
        alarms.set(&[third], "ring").await;
        let options = TimerOptions {
            pause: PATIENCE,
            ..quick_timers()
        };
        assert_eq!(alarms.worker(options).fire_due().await.unwrap(), 1);
        assert_eq!(alarms.rung("c").await, 1);
        let pending = ground.timers.pending("Alarm", None, 10).await.unwrap();
        let problems: Vec<_> = pending
            .iter()
            .map(|p| p.problem.as_deref().unwrap())
            .collect();
        let refused = "refused: Alarm refused: an error occurred when formatting an argument";
        assert_eq!(
            problems,
            [refused, "panicked: the manager panicked"],
            "{}",
            ground.name
        );
        assert!(pending.iter().all(|timer| timer.tries == 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_says_that_the_database_is_away() {
    let ground = Ground::postgres().await;
    ground.timers.prepare().await.unwrap();
    let (alarms, token) = (Alarms::new(&ground), CancellationToken::new());
    let worker = alarms.spawn(&token);
    let mut status = worker.status();
    let running = status.wait_for(|status| matches!(status, TimerStatus::Running { .. }));
    tokio::time::timeout(PATIENCE, running)
        .await
        .unwrap()
        .unwrap();
    ground.database.as_ref().unwrap().close().await;
    let stuck = status.wait_for(|status| matches!(status, TimerStatus::Stuck { .. }));
    tokio::time::timeout(PATIENCE, stuck)
        .await
        .unwrap()
        .unwrap();
    token.cancel();
    worker.join().await;
    assert_eq!(*status.borrow(), TimerStatus::Ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_wakes_when_the_clock_of_the_store_is_pushed_on() {
    let storage = MemoryStorage::new();
    let ground = Ground::memory(&storage);
    let stage = crate::stage::Stage::new(&ground);
    let _running = stage.run();
    stage.order("mute-1").await;
    // Three tries of a flight that nobody answers for, and three of taking it back.
    let mut tries = 0;
    while tries < 6 {
        let now = stage.trip("mute-1").await.len();
        tries = eventually("the next try", async || {
            storage.clock().advance(Duration::from_secs(60));
            let events = stage.trip("mute-1").await.len();
            (events > now).then_some(events)
        })
        .await;
    }
    token_is_of_the_trip(&stage).await;
}

async fn token_is_of_the_trip(stage: &crate::stage::Stage) {
    let token = eventually("the next timer", async || {
        let pending = stage.ground.timers.pending("Trip", Some("mute-1"), 1).await;
        pending.unwrap().pop()
    });
    assert!(token.await.token.starts_with("Trip/mute-1/"));
}
