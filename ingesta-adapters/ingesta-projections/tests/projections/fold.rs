//! The fold of one batch: which rows come out, which event is blamed.

use std::collections::HashMap;

use ingesta_event_store::subscription::{ConsumeError, Effect, ParkReason, Subscriber};
use ingesta_event_store::{EventCodec, RecordedEvent};
use ingesta_projections::{
    Change, MemoryView, Projection, ProjectionError, TableName, ViewProjection,
};
use serde::{Deserialize, Serialize};

use crate::accounts::{Account, Balance, balances, raw, recorded, table};
use crate::changes::{Closures, Tally, add, amount};

/// Consumes a batch and stores its effects, as the store in memory does.
async fn take<P: Projection>(view: &MemoryView<P>, batch: &[RecordedEvent]) {
    for effect in view.consume(batch).await.unwrap() {
        match effect {
            Effect::InMemory(store) => store(),
            Effect::Sql(_) => panic!("an effect in SQL from a view in memory"),
        }
    }
}

#[track_caller]
fn blamed(result: Result<Vec<Effect>, ConsumeError>) -> (usize, ParkReason) {
    match result {
        Err(ConsumeError::Event { index, reason }) => (index, reason),
        Err(ConsumeError::Transient(cause)) => panic!("transient: {cause}"),
        Ok(effects) => panic!("{} effects", effects.len()),
    }
}

#[tokio::test]
async fn a_view_is_folded_per_aggregate_in_order() {
    let view = MemoryView::new(balances());
    take(
        &view,
        &[
            recorded("a", 1, 10),
            recorded("b", 1, 5),
            recorded("a", 2, 3),
        ],
    )
    .await;
    take(&view, &[recorded("a", 3, 1)]).await;
    let a = view.get("a").unwrap().unwrap();
    assert_eq!(
        (a.version, a.state),
        (
            3,
            Balance {
                total: 14,
                seen: vec![1, 2, 3]
            }
        )
    );
    let b = view.get("b").unwrap().unwrap();
    assert_eq!(
        (b.version, b.state),
        (
            1,
            Balance {
                total: 5,
                seen: vec![1]
            }
        )
    );
}

#[tokio::test]
async fn nothing_changes_before_the_effects_are_stored() {
    let view = MemoryView::new(balances());
    let effects = view.consume(&[recorded("a", 1, 10)]).await.unwrap();
    assert_eq!(effects.len(), 1);
    drop(effects);
    assert!(view.get("a").unwrap().is_none());
}

#[tokio::test]
async fn an_event_that_is_in_the_row_already_is_not_applied_again() {
    let view = MemoryView::new(balances());
    take(&view, &[recorded("a", 1, 10), recorded("a", 2, 1)]).await;
    take(
        &view,
        &[
            recorded("a", 1, 10),
            recorded("a", 2, 1),
            recorded("a", 3, 7),
        ],
    )
    .await;
    assert_eq!(view.get("a").unwrap().unwrap().state.seen, [1, 2, 3]);
    let again = view.consume(&[recorded("a", 3, 7)]).await.unwrap();
    assert!(again.is_empty(), "nothing to store");
}

#[tokio::test]
async fn an_event_touches_none_one_or_several_rows_and_each_once() {
    let view = MemoryView::new(Closures::tally().keyed(|event| {
        Ok(match amount(event) {
            0 => Vec::new(),
            _ => ["all", "all", event.stream.aggregate_id.as_str()]
                .map(str::to_owned)
                .to_vec(),
        })
    }));
    take(
        &view,
        &[
            recorded("a", 1, 10),
            recorded("b", 1, 0),
            recorded("c", 1, 2),
        ],
    )
    .await;
    let rows: HashMap<_, _> = view
        .all()
        .unwrap()
        .into_iter()
        .map(|row| (row.id, (row.version, row.state)))
        .collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows["all"], (2, Tally { events: 2, sum: 12 }));
    assert_eq!(rows["a"], (1, Tally { events: 1, sum: 10 }));
    assert_eq!(rows["c"], (1, Tally { events: 1, sum: 2 }));
}

#[tokio::test]
async fn a_removed_row_is_gone_and_begins_anew() {
    let view = MemoryView::new(Closures::tally().applied(|_, tally, event| {
        add(tally, event);
        Ok(if amount(event) < 0 {
            Change::Remove
        } else {
            Change::Keep
        })
    }));
    take(&view, &[recorded("a", 1, 10), recorded("b", 1, 10)]).await;
    take(&view, &[recorded("a", 2, -1)]).await;
    assert!(view.get("a").unwrap().is_none());
    assert!(view.get("b").unwrap().is_some());
    take(
        &view,
        &[
            recorded("b", 2, -1),
            recorded("b", 3, 4),
            recorded("a", 3, 5),
        ],
    )
    .await;
    for (id, sum) in [("a", 5), ("b", 4)] {
        let row = view.get(id).unwrap().unwrap();
        assert_eq!((row.version, row.state), (1, Tally { events: 1, sum }));
    }
}

#[tokio::test]
async fn the_failing_event_is_named_with_its_code() {
    let view = MemoryView::new(Closures::tally().applied(|_, tally, event| {
        if amount(event) == 13 {
            return Err(ProjectionError::refused(
                "unlucky",
                "the amount is not liked",
            ));
        }
        add(tally, event);
        Ok(Change::Keep)
    }));
    let batch = [
        recorded("a", 1, 1),
        recorded("b", 1, 13),
        recorded("c", 1, 1),
    ];
    let (index, reason) = blamed(view.consume(&batch).await);
    assert_eq!((index, reason.code.as_str()), (1, "unlucky"));
    assert_eq!(reason.message, "the amount is not liked");
}

#[tokio::test]
async fn an_undecodable_event_is_named_and_not_quoted() {
    let view = MemoryView::new(balances());
    let damaged = raw(
        "a",
        2,
        r#"{"Deposited":{"amount":"patient-4711","holder":"ana"}}"#,
    );
    let (index, reason) = blamed(view.consume(&[recorded("a", 1, 1), damaged]).await);
    assert_eq!((index, reason.code.as_str()), (1, "undecodable"));
    assert!(reason.message.contains("account/a/2"), "{}", reason.message);
    assert!(!reason.message.contains("4711"), "{}", reason.message);
}

#[tokio::test]
async fn a_key_that_cannot_be_stored_parks_only_its_own_event() {
    let keys = ["x".repeat(TableName::KEY_BYTES_MAX + 1), "a\0b".to_owned()];
    for key in keys {
        let view = MemoryView::new(Closures::tally().keyed(move |event| {
            Ok(vec![if event.stream.aggregate_id == "bad" {
                key.clone()
            } else {
                "k".into()
            }])
        }));
        let batch = [recorded("good", 1, 1), recorded("bad", 1, 1)];
        let (index, reason) = blamed(view.consume(&batch).await);
        assert_eq!((index, reason.code.as_str()), (1, "key_invalid"));
    }
}

/// JSON has no such map: the state can be made and not be written.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Unwritable(HashMap<(u8, u8), u8>);

impl cqrs_es::View<Account> for Unwritable {
    fn update(&mut self, event: &cqrs_es::EventEnvelope<Account>) {
        if event.sequence == 2 {
            self.0.insert((1, 1), 1);
        }
    }
}

#[tokio::test]
async fn a_state_that_is_no_json_is_the_last_events_fault() {
    let projection =
        ViewProjection::<Account, Unwritable>::new("u", table("u"), EventCodec::default());
    let batch = [
        recorded("b", 1, 1),
        recorded("a", 1, 1),
        recorded("a", 2, 1),
    ];
    let (index, reason) = blamed(MemoryView::new(projection).consume(&batch).await);
    assert_eq!((index, reason.code.as_str()), (2, "unserializable"));
}

#[tokio::test]
async fn a_missing_key_of_sealed_fields_parks_nothing() {
    struct Away;
    impl ingesta_event_store::FieldCodec for Away {
        fn seal(
            &self,
            _: ingesta_event_store::FieldPlace<'_>,
            _: &str,
            value: serde_json::Value,
        ) -> Result<serde_json::Value, ingesta_event_store::FieldError> {
            Ok(value)
        }

        fn open(
            &self,
            _: ingesta_event_store::FieldPlace<'_>,
            _: serde_json::Value,
        ) -> Result<serde_json::Value, ingesta_event_store::FieldError> {
            Err(ingesta_event_store::FieldError::KeyUnavailable)
        }
    }
    let codec = EventCodec::default()
        .with_personal_fields(ingesta_event_store::PersonalFields::default(), Away);
    let view = MemoryView::new(ViewProjection::<Account, Balance>::new(
        "b",
        table("b"),
        codec,
    ));
    let sealed = raw(
        "a",
        1,
        r#"{"Deposited":{"amount":1,"holder":{"$enc":"x"}}}"#,
    );
    let result = view.consume(&[sealed]).await;
    assert!(
        matches!(result, Err(ConsumeError::Transient(_))),
        "{result:?}"
    );
}
