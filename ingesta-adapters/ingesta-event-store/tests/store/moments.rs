//! The state of an aggregate as of a version, a place in the log, or a time.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ingesta_event_store::{
    Append, AsOfError, CommandContext, EventCodec, EventStorage, Loaded, MemoryStorage, Moment,
    NewEvent, Position, RecordedEvent, Storage, StreamAppend, StreamId, load_as_of, stream_as_of,
};
use ingesta_testing::{PATIENCE, eventually};
use proptest::collection::vec;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use sqlx::{Connection, PgConnection};

use crate::support::{Add, Counter, Fixture, append};
use crate::trips::{GOLDEN, Trip, codec};

/// What can be compared of a state.
type Seen<A> = Option<(u64, Position, A)>;

fn seen<A>(loaded: Option<Loaded<A>>) -> Seen<A> {
    loaded.map(|loaded| (loaded.version, loaded.position, loaded.state))
}

async fn counter(
    storage: &dyn Storage,
    moment: Moment,
    wait: Duration,
) -> Result<Seen<Counter>, AsOfError> {
    let codec = EventCodec::default();
    load_as_of(storage, &codec, "c", moment, wait)
        .await
        .map(seen)
}

async fn trip(storage: &dyn Storage, moment: Moment) -> Seen<Trip> {
    seen(
        load_as_of(storage, &codec(), "t", moment, PATIENCE)
            .await
            .unwrap(),
    )
}

async fn on_both(test: impl AsyncFn(Arc<dyn Storage>)) {
    test(Arc::new(MemoryStorage::new())).await;
    let fixture = Fixture::migrated().await;
    test(Arc::new(fixture.storage.clone())).await;
}

#[tokio::test]
async fn before_its_first_event_there_is_nothing_and_behind_its_last_one_a_refusal() {
    on_both(async |storage| {
        let before = storage.horizon().await.unwrap().now;
        let other = storage.append(append("other", 0, &[1])).await.unwrap();
        let made = storage.append(append("c", 0, &[4, 5])).await.unwrap();
        let now = storage.horizon().await.unwrap().now;
        let ask = async |moment| counter(&*storage, moment, PATIENCE).await;
        for nothing in [
            Moment::Version(0),
            Moment::Position(Position::START),
            Moment::Position(other.position),
            Moment::Instant(before),
            Moment::Instant(DateTime::UNIX_EPOCH),
        ] {
            assert_eq!(ask(nothing).await.unwrap(), None, "{nothing:?}");
        }
        let whole = ask(Moment::Version(2)).await.unwrap().unwrap();
        assert_eq!((whole.0, whole.1, whole.2.sum), (2, made.position, 9));
        for latest in [Moment::Position(made.position), Moment::Instant(now)] {
            assert_eq!(
                ask(latest).await.unwrap().as_ref(),
                Some(&whole),
                "{latest:?}"
            );
        }
        let refused = ask(Moment::Version(3)).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "it is at version 2 and has not been at 3"
        );
        let next = Position::new(made.position.xact(), made.position.identity() + 1);
        let refused = ask(Moment::Position(next)).await.unwrap_err();
        assert!(matches!(refused, AsOfError::BeyondHead { .. }), "{refused}");
        let codec = EventCodec::default();
        let nobody = async |moment| {
            load_as_of::<Counter, _>(&*storage, &codec, "nobody", moment, PATIENCE).await
        };
        assert!(nobody(Moment::Instant(now)).await.unwrap().is_none());
        let refused = nobody(Moment::Version(1)).await.unwrap_err();
        assert!(
            matches!(refused, AsOfError::VersionNotReached { current: 0, .. }),
            "{refused}"
        );
    })
    .await;
}

#[tokio::test]
async fn an_instant_is_one_of_the_stores_clock() {
    let storage = MemoryStorage::new();
    let hour = Duration::from_secs(3_600);
    let soon = Moment::Instant(storage.clock().now() + hour);
    storage.append(append("c", 0, &[1])).await.unwrap();
    let refused = counter(&storage, soon, PATIENCE).await.unwrap_err();
    assert!(matches!(refused, AsOfError::Future { .. }), "{refused}");
    storage.clock().advance(hour);
    storage.append(append("c", 1, &[2])).await.unwrap();
    let then = counter(&storage, soon, PATIENCE).await.unwrap().unwrap();
    assert_eq!((then.0, then.2.seen), (1, vec![1]));
}

#[tokio::test]
async fn what_an_open_transaction_may_still_add_is_waited_for() {
    let fixture = Fixture::migrated().await;
    let storage = &fixture.storage;
    let mut late = PgConnection::connect(&fixture.url).await.unwrap();
    let insert = "begin; insert into events (aggregate_type, aggregate_id, sequence, event_type,
         event_version, payload, metadata)
         values ('Counter', 'c', 1, 'Added', '1', '{\"Added\":{\"number\":7}}', '{}')";
    sqlx::raw_sql(insert).execute(&mut late).await.unwrap();
    // Nothing has ended since: the open transaction is above the upper end of every snapshot.
    let now = Moment::Instant(storage.horizon().await.unwrap().now);
    let refused = counter(storage, now, Duration::ZERO).await.unwrap_err();
    assert!(matches!(refused, AsOfError::Unsettled), "{refused}");
    let quick = storage.append(append("quick", 0, &[1])).await.unwrap();
    let then = Moment::Position(quick.position);
    for unsettled in [now, then] {
        let wait = Duration::from_millis(30);
        let refused = counter(storage, unsettled, wait).await.unwrap_err();
        assert!(matches!(refused, AsOfError::Unsettled), "{refused}");
    }
    // Those who wait have the event in their answer, for it was stored before.
    let waiting = tokio::spawn({
        let storage = storage.clone();
        async move {
            let at = async |moment| counter(&storage, moment, PATIENCE).await.unwrap();
            (at(now).await, at(then).await)
        }
    });
    sqlx::raw_sql("commit").execute(&mut late).await.unwrap();
    let (at_instant, at_position) = waiting.await.unwrap();
    assert_eq!(at_instant.as_ref().unwrap().2.seen, [7]);
    assert_eq!(at_position, at_instant);
}

#[tokio::test]
async fn adopted_events_have_no_time_before_their_adoption() {
    let fixture = Fixture::empty().await;
    fixture
        .execute(
            "create table events (aggregate_type text not null, aggregate_id text not null,
                 sequence bigint check (sequence >= 0) not null, event_type text not null,
                 event_version text not null, payload json not null, metadata json not null,
                 primary key (aggregate_type, aggregate_id, sequence));
             insert into events select 'Counter', 'c', n, 'Added', '1',
                 json_build_object('Added', json_build_object('number', n)), '{}'
               from generate_series(1, 3) n",
        )
        .await;
    fixture.database.migrate().await.unwrap();
    let (storage, commands) = (&fixture.storage, fixture.counters());
    let adopted_at = storage.horizon().await.unwrap().adopted_at.unwrap();
    let ours = CommandContext::default();
    let done = commands.execute("c", Add(vec![10]), ours).await.unwrap();
    assert_eq!(done.version, 4);

    let ask = async |moment| counter(storage, moment, PATIENCE).await;
    let version = async |at: DateTime<Utc>| ask(Moment::Instant(at)).await.unwrap().unwrap().0;
    assert_eq!(version(adopted_at).await, 3);
    assert_eq!(version(storage.horizon().await.unwrap().now).await, 4);
    let earlier = Moment::Instant(adopted_at - Duration::from_secs(1));
    let refused = ask(earlier).await.unwrap_err();
    assert!(
        matches!(&refused, AsOfError::TimeUnknown { known_from, .. } if *known_from == adopted_at),
        "{refused}"
    );
    // Versions and places are known; and a stream that began with us has its times.
    assert_eq!(
        ask(Moment::Version(2)).await.unwrap().unwrap().2.seen,
        [1, 2]
    );
    storage.append(append("new", 0, &[1])).await.unwrap();
    let new = StreamId::of::<Counter>("new");
    let then = stream_as_of(storage, &new, earlier, PATIENCE)
        .await
        .unwrap();
    assert!(then.events.is_empty() && then.version_now == 1);
    let loaded = commands.load_as_of("c", Moment::Version(3)).await.unwrap();
    assert_eq!(loaded.unwrap().state.sum, 6);
}

fn golden(index: usize) -> NewEvent {
    let (event_type, version, bytes) = GOLDEN[index];
    NewEvent {
        event_type: event_type.to_owned(),
        event_version: version.to_owned(),
        payload: bytes.to_owned(),
        metadata: "{}".to_owned(),
    }
}

/// Stores a history of commands, each of these golden events, with another stream in between.
async fn lived(storage: &dyn Storage, history: &[Vec<usize>]) -> Vec<RecordedEvent> {
    let stream = StreamId::of::<Trip>("t");
    let mut version = 0;
    for (nth, command) in (0..).zip(history) {
        let part = StreamAppend {
            stream: stream.clone(),
            expected_version: version,
            events: command.iter().map(|index| golden(*index)).collect(),
        };
        let streams = vec![part];
        let append_golden = Append {
            streams,
            command: None,
        };
        storage.append(append_golden).await.unwrap();
        storage.append(append("other", nth, &[1])).await.unwrap();
        version += command.len() as u64;
    }
    storage.load(&stream, 0).await.unwrap()
}

/// Split, renamed and dropped events count as what they are stored as.
async fn each_prefix_is_the_fold_of_its_events(storage: &dyn Storage, history: &[Vec<usize>]) {
    let events = lived(storage, history).await;
    assert_eq!(events.len(), history.iter().map(Vec::len).sum::<usize>());
    for (n, event) in (1..).zip(&events) {
        let folded = Loaded::<Trip>::fold(&codec(), &events[..n]).unwrap();
        let folded = Some((event.sequence, event.position, folded.state));
        assert_eq!(trip(storage, Moment::Version(event.sequence)).await, folded);
        assert_eq!(
            trip(storage, Moment::Position(event.position)).await,
            folded
        );
        let next = events.get(n).and_then(|next| next.recorded_at);
        if next.is_none_or(|next| Some(next) > event.recorded_at) {
            let at = Moment::Instant(event.recorded_at.unwrap());
            assert_eq!(trip(storage, at).await, folded);
        }
    }
}

#[test]
fn as_of_is_the_fold_of_the_first_events_whatever_happened() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config::with_cases(64));
    let histories = vec(vec(0..GOLDEN.len(), 1..4), 1..8);
    let held = runner.run(&histories, |history| {
        let storage = MemoryStorage::new();
        runtime.block_on(each_prefix_is_the_fold_of_its_events(&storage, &history));
        Ok::<(), TestCaseError>(())
    });
    held.unwrap();
}

#[tokio::test]
async fn as_of_is_the_fold_of_the_first_events_on_postgres() {
    let fixture = Fixture::migrated().await;
    let history = [vec![0, 1], vec![2], vec![3, 4, 1], vec![1], vec![2, 2]];
    each_prefix_is_the_fold_of_its_events(&fixture.storage, &history).await;
}

#[tokio::test]
async fn a_past_that_is_settled_stays_while_others_write() {
    let fixture = Fixture::migrated().await;
    let writer = tokio::spawn({
        let counters = fixture.counters();
        async move {
            for number in 1..=200 {
                let context = CommandContext::default();
                counters
                    .execute("c", Add(vec![number]), context)
                    .await
                    .unwrap();
            }
        }
    });
    let storage = &fixture.storage;
    let mut answers = Vec::new();
    eventually("the writer's end", async || {
        let now = Moment::Instant(storage.horizon().await.unwrap().now);
        answers.push((now, counter(storage, now, PATIENCE).await.unwrap()));
        writer.is_finished().then_some(())
    })
    .await;
    for (moment, answer) in answers {
        assert_eq!(
            counter(storage, moment, PATIENCE).await.unwrap(),
            answer,
            "{moment:?}"
        );
    }
}
