//! Carrying out: by name, told back when refused, and again after a crash without a second effect.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use ingesta_event_store::subscription::{ConsumeError, Subscriber};
use ingesta_event_store::{MemoryStorage, StoreError};
use ingesta_sagas::{Acted, ActionSink, Actions, Asked, Trouble};
use ingesta_testing::eventually;
use tokio::sync::Semaphore;

use crate::desk::DeskSink;
use crate::ground::{Ground, on_both};
use crate::stage::Stage;
use crate::trip::{End, Step, TripAction, TripEvent};

fn away() -> StoreError {
    StoreError::Unavailable {
        attempted: "testing",
        cause: "ordered by a test".into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_action_has_the_name_of_its_event() {
    on_both(async |ground| {
        let stage = Stage::new(&ground);
        let _running = stage.run();
        stage.order("good-1").await;
        assert_eq!(stage.end("good-1").await, End::Arrived);
        // A runner that lost its lease may have asked for one twice, under the same name.
        let asked = stage.sink.asked().into_iter();
        let names: BTreeSet<_> = asked.map(|asked| asked.id).collect();
        let expected = ["Trip/good-1/1", "Trip/good-1/3"].map(str::to_owned);
        assert_eq!(names, expected.into(), "{}", ground.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_told_back_and_what_was_done_is_taken_back() {
    on_both(async |ground| {
        let stage = Stage::new(&ground);
        let _running = stage.run();
        stage.order("full-1").await;
        assert_eq!(stage.end("full-1").await, End::AtHome);
        let remembered = stage.trip("full-1").await;
        let expected = [
            TripEvent::Failed(Step::Hotel),
            TripEvent::TurnedBack,
            TripEvent::UndoAsked {
                step: Step::Flight,
                tried: 1,
            },
            TripEvent::Undone(Step::Flight),
            TripEvent::Ended(End::AtHome),
        ];
        assert_eq!(remembered[3..], expected, "{}", ground.name);
    })
    .await;
}

/// The saga goes by the refusal that it was told: the target must not agree to it afterwards.
#[tokio::test]
async fn a_refusal_that_was_told_stands_when_the_action_is_asked_for_again() {
    on_both(async |ground| {
        let stage = Stage::new(&ground);
        stage.order("full-1").await;
        let actions = stage.actions();
        let flows = async || {
            let desk = stage.stream("Desk", "full-1").await;
            stage.triggers().consume(&desk).await.unwrap();
            stage.stream("Trip", "full-1").await
        };
        // Up to the request for the hotel, which is refused and told.
        let first = flows().await;
        actions.consume(&first).await.unwrap();
        let second = flows().await;
        assert_eq!(second.len(), 3);
        actions.consume(&second).await.unwrap();
        let told = stage.trip("full-1").await;
        assert_eq!(told[3], TripEvent::Failed(Step::Hotel));

        // Nothing of that moved a checkpoint: all is asked for again, and now there is a room.
        stage.sink.rooms.store(1, Ordering::SeqCst);
        actions.consume(&second).await.unwrap();
        assert_eq!(stage.trip("full-1").await, told, "{}", ground.name);
        let desk = stage.stream("Desk", "full-1").await;
        let booked = desk.iter().filter(|event| event.payload.contains("Hotel"));
        assert_eq!(
            booked.count(),
            0,
            "no room was taken behind the saga's back"
        );
    })
    .await;
}

/// Does the action and then stands still, until it is told to go on.
struct Standing {
    sink: DeskSink,
    gate: Arc<Semaphore>,
    done: Arc<AtomicBool>,
}

#[async_trait]
impl ActionSink<TripAction> for Standing {
    async fn act(&self, asked: Asked<TripAction>) -> Result<Acted, Trouble> {
        let acted = self.sink.act(asked).await?;
        self.done.store(true, Ordering::SeqCst);
        let _pass = self.gate.acquire().await.map_err(Trouble::transient)?;
        Ok(acted)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_the_effect_and_the_checkpoint_it_is_asked_again_and_done_once() {
    on_both(async |ground| {
        let stage = Stage::new(&ground);
        stage.order("good-1").await;
        let desk = stage.stream("Desk", "good-1").await;
        stage.triggers().consume(&desk).await.unwrap();

        let standing = Standing {
            sink: stage.sink.clone(),
            gate: Arc::new(Semaphore::new(0)),
            done: Arc::default(),
        };
        let done = Arc::clone(&standing.done);
        let timers = Arc::clone(&ground.timers);
        let killed = Actions::new("trip-actions", stage.sagas.clone(), standing, timers);
        let killed = stage.follow(killed);
        eventually("the effect", async || {
            done.load(Ordering::SeqCst).then_some(())
        })
        .await;
        killed.abort();
        assert_eq!(
            ground.timers.next("Trip").await.unwrap(),
            None,
            "no checkpoint, no timer"
        );

        let _running = stage.run();
        assert_eq!(stage.end("good-1").await, End::Arrived, "{}", ground.name);
        let asked = stage.sink.asked();
        let flights = asked.iter().filter(|asked| asked.id == "Trip/good-1/1");
        assert!(flights.count() >= 2, "it was asked for again");
        let desk = stage.stream("Desk", "good-1").await;
        assert_eq!(desk.len(), 3, "ordered, and each step booked once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_whose_answer_was_lost_sets_a_timer_once() {
    let storage = MemoryStorage::new();
    let stage = Stage::new(&Ground::memory(&storage));
    stage.order("mute-1").await;
    let desk = stage.stream("Desk", "mute-1").await;
    stage.triggers().consume(&desk).await.unwrap();
    storage.faults().fail_commit(away());
    storage.faults().lose_commit_answer(away());
    let _actions = stage.follow(stage.actions());
    let set = eventually("the timer", async || {
        let pending = stage.ground.timers.pending("Trip", None, 10).await.unwrap();
        (!pending.is_empty()).then_some(pending)
    })
    .await;
    let parked = stage.ground.storage.parked("trip-actions").await.unwrap();
    assert!(parked.is_empty(), "nothing was the event's fault");
    assert_eq!(set.len(), 1);
    assert_eq!(set[0].token, "Trip/mute-1/1");
}

/// Cannot do what one instance asks for, and cannot do anything while the line is down.
struct Choosy {
    sink: DeskSink,
    line: Arc<AtomicBool>,
}

#[async_trait]
impl ActionSink<TripAction> for Choosy {
    async fn act(&self, asked: Asked<TripAction>) -> Result<Acted, Trouble> {
        if !self.line.load(Ordering::SeqCst) {
            return Err(Trouble::Obstacle("the line is down".to_owned()));
        }
        if asked.saga_id.starts_with("odd") {
            return Err(Trouble::event("odd", "nobody flies there"));
        }
        self.sink.act(asked).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_with_one_instance_parks_it_and_trouble_with_all_parks_nobody() {
    on_both(async |ground| {
        let stage = Stage::new(&ground);
        let line = Arc::new(AtomicBool::new(false));
        let sink = Choosy {
            sink: stage.sink.clone(),
            line: Arc::clone(&line),
        };
        let timers = Arc::clone(&ground.timers);
        let actions = Actions::new("trip-actions", stage.sagas.clone(), sink, timers);
        let (_triggers, running) = (stage.follow(stage.triggers()), stage.follow(actions));
        stage.order("odd-1").await;
        stage.order("good-1").await;
        let mut status = running.status();
        let stuck = |status: &ingesta_event_store::subscription::RunnerStatus| {
            format!("{status:?}").contains("the line is down")
        };
        tokio::time::timeout(ingesta_testing::PATIENCE, status.wait_for(stuck))
            .await
            .unwrap()
            .unwrap();
        assert!(
            ground
                .storage
                .parked("trip-actions")
                .await
                .unwrap()
                .is_empty()
        );
        line.store(true, Ordering::SeqCst);
        assert_eq!(stage.end("good-1").await, End::Arrived, "{}", ground.name);
        let parked = eventually("the parked stream", async || {
            ground.storage.parked("trip-actions").await.unwrap().pop()
        })
        .await;
        assert_eq!(parked.stream.aggregate_id, "odd-1");
        assert_eq!(parked.reason.code, "odd");
    })
    .await;
}

#[tokio::test]
async fn a_saga_event_that_cannot_be_read_is_an_error_and_no_action() {
    let stage = Stage::new(&Ground::memory(&MemoryStorage::new()));
    stage.order("good-1").await;
    let desk = stage.stream("Desk", "good-1").await;
    stage.triggers().consume(&desk).await.unwrap();
    let mut batch = stage.stream("Trip", "good-1").await;
    batch[0].payload = "{}".to_owned();
    let failed = stage.actions().consume(&batch).await;
    assert!(matches!(failed, Err(ConsumeError::Event { index: 0, .. })));
    assert_eq!(stage.sink.asked(), []);
}
