//! A row as it was: by one stream, and by a walk over the log.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::subscription::{Effect, Subscriber};
use ingesta_event_store::{
    Append, AsOfError, EventStorage, MemoryStorage, Moment, Position, RecordedEvent, Storage,
    StreamId, TypeFilter,
};
use ingesta_projections::{
    Change, MemoryView, Projection, ProjectionError, RowAsOfError, TableName, Versioning,
    ViewProjection, as_of,
};
use ingesta_testing::PATIENCE;

use crate::accounts::{Account, Balance, balances, deposit};
use crate::changes::{Closures, Tally, add, amount};
use crate::place::{Place, event, on};

/// Deposits of two accounts, one after the other; a negative one closes the row that it touches.
const DEPOSITS: &[(&str, i64)] = &[
    ("a", 10),
    ("b", 1),
    ("a", 20),
    ("b", -2),
    ("a", 30),
    ("b", 3),
    ("b", 4),
    ("a", 0),
];

async fn lived(storage: &dyn Storage) -> Vec<RecordedEvent> {
    let mut versions = std::collections::HashMap::new();
    for (account, amount) in DEPOSITS {
        let version = versions.entry(*account).or_insert(0);
        deposit(storage, account, *version, &[*amount])
            .await
            .unwrap();
        *version += 1;
    }
    let mut events = Vec::new();
    for account in ["a", "b"] {
        let stream = StreamId::of::<Account>(account);
        events.extend(storage.load(&stream, 0).await.unwrap());
    }
    events.sort_by_key(|event| event.position);
    events
}

/// One row for all accounts, counted by itself.
fn together() -> Closures {
    let all = Closures::tally().keyed(|event| {
        let nothing = amount(event) == 0;
        Ok(if nothing {
            vec![]
        } else {
            vec!["all".to_owned(), event.stream.aggregate_id.clone()]
        })
    });
    all.applied(|_, tally, event| {
        add(tally, event);
        Ok(if amount(event) < 0 {
            Change::Remove
        } else {
            Change::Keep
        })
    })
}

/// The row as the live fold has it after these events.
async fn live<P: Projection>(projection: P, key: &str, events: &[RecordedEvent]) -> Seen<P::State> {
    let view = MemoryView::new(projection);
    for effect in view.consume(events).await.unwrap() {
        match effect {
            Effect::InMemory(store) => store(),
            Effect::Sql(_) => panic!("an effect in SQL from a view in memory"),
        }
    }
    view.get(key).unwrap().map(|row| (row.version, row.state))
}

type Seen<S> = Option<(u64, S)>;

async fn then<P: Projection>(
    storage: &dyn Storage,
    projection: &P,
    key: &str,
    moment: Moment,
) -> Result<Seen<P::State>, RowAsOfError> {
    let row = as_of(storage, projection, key, moment, PATIENCE).await?;
    Ok(row.map(|row| {
        assert_eq!(row.id, key);
        (row.version, row.state)
    }))
}

async fn a_row_was_what_the_live_fold_made_of_it(storage: &dyn Storage) {
    let events = lived(storage).await;
    for (n, event) in (1..).zip(&events) {
        let at = Moment::Instant(event.recorded_at.unwrap());
        let younger = events.get(n).and_then(|next| next.recorded_at);
        let distinct = younger.is_none_or(|next| Some(next) > event.recorded_at);
        let moments = [
            Some(Moment::Position(event.position)),
            distinct.then_some(at),
        ];
        for moment in moments.into_iter().flatten() {
            for key in ["all", "a", "b", "nobody"] {
                let expected = live(together(), key, &events[..n]).await;
                let walked = then(storage, &together(), key, moment).await.unwrap();
                assert_eq!(walked, expected, "{key} {moment:?}");
            }
            for key in ["a", "b", "nobody"] {
                let expected = live(balances(), key, &events[..n]).await;
                let folded = then(storage, &balances(), key, moment).await.unwrap();
                assert_eq!(folded, expected, "{key} {moment:?}");
            }
        }
    }
}

#[tokio::test]
async fn rows_were_what_the_live_fold_made_of_them() {
    a_row_was_what_the_live_fold_made_of_it(&MemoryStorage::new()).await;
    let place = Place::new().await;
    a_row_was_what_the_live_fold_made_of_it(&*place.storage).await;
}

#[tokio::test]
async fn a_version_is_the_aggregates_where_one_stream_feeds_the_row() {
    let storage = MemoryStorage::new();
    let events = lived(&storage).await;
    let ours: Vec<_> = events
        .iter()
        .filter(|e| e.stream.aggregate_id == "a")
        .cloned()
        .collect();
    for version in 0..=4 {
        let expected = live(balances(), "a", &ours[..version]).await;
        let moment = Moment::Version(version as u64);
        assert_eq!(
            then(&storage, &balances(), "a", moment).await.unwrap(),
            expected
        );
    }
    let refused = then(&storage, &balances(), "a", Moment::Version(5)).await;
    assert!(
        matches!(
            refused,
            Err(RowAsOfError::AsOf(AsOfError::VersionNotReached {
                asked: 5,
                current: 4
            }))
        ),
        "{refused:?}"
    );
}

/// The balances, without saying that they are keyed by their account: the log is walked.
struct Unkeyed(ViewProjection<Account, Balance>);

impl Projection for Unkeyed {
    type State = Balance;

    fn name(&self) -> &str {
        self.0.name()
    }

    fn table(&self) -> &TableName {
        self.0.table()
    }

    fn types(&self) -> TypeFilter {
        self.0.types()
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProjectionError> {
        self.0.keys(event)
    }

    fn apply(
        &self,
        key: &str,
        state: &mut Balance,
        event: &RecordedEvent,
    ) -> Result<Change, ProjectionError> {
        self.0.apply(key, state, event)
    }

    fn versioning(&self) -> Versioning {
        Versioning::StreamSequence
    }
}

#[tokio::test]
async fn a_walk_and_one_stream_answer_the_same() {
    let storage = MemoryStorage::new();
    let events = lived(&storage).await;
    let versions = (0..=5).map(Moment::Version);
    let positions = events.iter().map(|event| Moment::Position(event.position));
    let instants = events.iter().filter_map(|event| event.recorded_at);
    for moment in versions
        .chain(positions)
        .chain(instants.map(Moment::Instant))
    {
        let walked = then(&storage, &Unkeyed(balances()), "a", moment).await;
        let folded = then(&storage, &balances(), "a", moment).await;
        assert_eq!(walked.is_ok(), folded.is_ok(), "{moment:?}");
        assert_eq!(walked.ok(), folded.ok(), "{moment:?}");
    }
}

#[tokio::test]
async fn a_version_counts_the_events_of_the_row_of_today_where_it_counts_by_itself() {
    let storage = MemoryStorage::new();
    lived(&storage).await;
    let ask = async |version| then(&storage, &together(), "all", Moment::Version(version)).await;
    // The row was removed by the fourth deposit; 30, 3 and 4 came since.
    let tally = |events, sum| Some((events, Tally { events, sum }));
    assert_eq!(ask(0).await.unwrap(), None);
    assert_eq!(ask(1).await.unwrap(), tally(1, 30));
    assert_eq!(ask(3).await.unwrap(), tally(3, 37));
    let refused = ask(4).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "it is at version 3 and has not been at 4"
    );
}

#[tokio::test]
async fn a_moment_that_is_still_to_come_is_refused_for_rows_too() {
    let storage = MemoryStorage::new();
    lived(&storage).await;
    let beyond = Moment::Position(Position::new(1_000, 1));
    let future = Moment::Instant(storage.clock().now() + Duration::from_secs(60));
    for moment in [beyond, future] {
        let walked = then(&storage, &together(), "all", moment).await;
        assert!(matches!(walked, Err(RowAsOfError::AsOf(_))), "{walked:?}");
        let folded = then(&storage, &balances(), "a", moment).await;
        assert!(matches!(folded, Err(RowAsOfError::AsOf(_))), "{folded:?}");
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_folded_is_named_and_not_left_out() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let before = lived(&*storage).await.last().unwrap().position;
    let damaged = event("Deposited", r#"{"Deposited":{"amount":"secret"}}"#);
    let streams = vec![on(StreamId::of::<Account>("a"), 4, vec![damaged])];
    let append = Append {
        streams,
        command: None,
    };
    let after = storage.append(append).await.unwrap().position;
    let refused = then(&*storage, &balances(), "a", Moment::Position(after)).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.to_string(), "event account/a/5 cannot be folded");
    assert!(!format!("{refused:?}").contains("secret"), "{refused:?}");
    let earlier = then(&*storage, &balances(), "a", Moment::Position(before)).await;
    assert_eq!(earlier.unwrap().map(|row| row.0), Some(4));
}

#[tokio::test]
async fn a_long_log_is_walked_in_pages() {
    let storage = MemoryStorage::new();
    for version in 0..5 {
        deposit(&storage, "a", version * 700, &[1; 700])
            .await
            .unwrap();
    }
    let page = storage
        .read_after(Position::START, &TypeFilter::All, 2_500)
        .await
        .unwrap();
    let moment = Moment::Position(page.reached);
    let row = then(&storage, &together(), "all", moment).await.unwrap();
    assert_eq!(row.map(|row| row.0), Some(2_500));
}
