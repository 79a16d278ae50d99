//! Stored events that are several events today, or none: what that does to rows and versions.

use cqrs_es::persist::SerializedEvent;
use ingesta_event_store::subscription::{Effect, Subscriber};
use ingesta_event_store::{EventCodec, RecordedEvent, Upcaster};
use ingesta_projections::{Change, MemoryView, Projection, ViewProjection};
use serde_json::json;

use crate::accounts::{Account, Balance, raw, recorded, table};
use crate::changes::{Closures, add, amount};

/// `{"Halves": n}` was two deposits of n; `{"Noise": ..}` was nothing.
struct Past;

impl Upcaster for Past {
    fn lifts(&self, event_type: &str, event_version: &str) -> bool {
        event_type == "Deposited" && event_version == "0"
    }

    fn lift(&self, event: SerializedEvent) -> Vec<SerializedEvent> {
        if event.payload.get("Noise").is_some() {
            return Vec::new();
        }
        let half = SerializedEvent {
            payload: json!({ "Deposited": { "amount": event.payload["Halves"], "holder": "ana" } }),
            ..event
        };
        vec![half.clone(), half]
    }
}

fn old(account: &str, sequence: u64, payload: &str) -> RecordedEvent {
    let mut event = raw(account, sequence, payload);
    event.event_version = "0".to_owned();
    event
}

fn view() -> MemoryView<ViewProjection<Account, Balance>> {
    let codec = EventCodec::default().with_upcaster(Past);
    MemoryView::new(ViewProjection::new("b", table("b"), codec))
}

/// Consumes a batch and stores its effects; answers how many there were.
async fn take<P: Projection>(view: &MemoryView<P>, batch: &[RecordedEvent]) -> usize {
    let effects = view.consume(batch).await.unwrap();
    let many = effects.len();
    for effect in effects {
        match effect {
            Effect::InMemory(store) => store(),
            Effect::Sql(_) => panic!("an effect in SQL from a view in memory"),
        }
    }
    many
}

#[tokio::test]
async fn a_split_event_is_applied_once_for_each_part_at_its_one_sequence() {
    let view = view();
    let split = old("a", 2, r#"{"Halves":5}"#);
    take(&view, &[recorded("a", 1, 10), split.clone()]).await;
    let row = view.get("a").unwrap().unwrap();
    let expected = Balance {
        total: 20,
        seen: vec![1, 2, 2],
    };
    assert_eq!((row.version, row.state), (2, expected.clone()));
    assert_eq!(take(&view, &[split]).await, 0, "delivered again");
    assert_eq!(view.get("a").unwrap().unwrap().state, expected);
}

#[tokio::test]
async fn a_dropped_event_moves_a_row_on_and_makes_none() {
    let view = view();
    let noise = |sequence| old("a", sequence, r#"{"Noise":1}"#);
    assert_eq!(take(&view, &[noise(1), noise(2)]).await, 0);
    assert!(view.get("a").unwrap().is_none(), "no row of nothing");
    // In one batch with what makes the row, and alone behind it.
    for batch in [&[recorded("a", 3, 10), noise(4)][..], &[noise(5)]] {
        assert_eq!(take(&view, batch).await, 1);
        let row = view.get("a").unwrap().unwrap();
        assert_eq!(row.version, batch.last().unwrap().sequence);
        assert_eq!((row.state.total, row.state.seen), (10, vec![3]));
    }
    assert_eq!(take(&view, &[noise(5)]).await, 0, "delivered again");
}

#[tokio::test]
async fn what_says_nothing_to_a_row_does_not_count_where_applied_events_do() {
    let view = MemoryView::new(Closures::tally().applied(|_, tally, event| {
        if amount(event) == 0 {
            return Ok(Change::Nothing);
        }
        add(tally, event);
        Ok(if amount(event) < 0 {
            Change::Remove
        } else {
            Change::Keep
        })
    }));
    assert_eq!(take(&view, &[recorded("a", 1, 0)]).await, 0);
    let batch = [
        recorded("a", 2, 5),
        recorded("a", 3, 0),
        recorded("a", 4, 6),
    ];
    take(&view, &batch).await;
    assert_eq!(view.get("a").unwrap().unwrap().version, 2);
    assert_eq!(take(&view, &[recorded("a", 5, 0)]).await, 0);
    // A row that has gone stays gone, whatever says nothing to it.
    take(&view, &[recorded("a", 6, -1), recorded("a", 7, 0)]).await;
    assert!(view.get("a").unwrap().is_none());
}
