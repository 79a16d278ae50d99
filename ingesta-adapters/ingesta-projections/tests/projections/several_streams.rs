//! One row fed by several streams of several aggregate types, keyed by something of the payload.

use ingesta_event_store::{Append, EventStorage, RecordedEvent, StreamId, TypeFilter};
use ingesta_projections::{Change, Projection, ProjectionError, TableName};
use serde::{Deserialize, Serialize};

use crate::accounts::{deposit_for, table};
use crate::place::{Place, event, on, quick};

/// What a person has: deposits of all accounts, charges of all cards.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Holding {
    deposits: u64,
    charges: u64,
    sum: i64,
}

#[derive(Deserialize)]
enum Seen {
    Deposited {
        amount: i64,
        holder: String,
    },
    Charged {
        amount: i64,
        holder: String,
        payer: Option<String>,
    },
}

struct Holdings(TableName);

fn read(event: &RecordedEvent) -> Result<Seen, ProjectionError> {
    serde_json::from_str(&event.payload)
        .map_err(|_| ProjectionError::refused("undecodable", "neither a deposit nor a charge"))
}

impl Projection for Holdings {
    type State = Holding;

    fn name(&self) -> &str {
        "holdings-v1"
    }

    fn table(&self) -> &TableName {
        &self.0
    }

    fn types(&self) -> TypeFilter {
        TypeFilter::Only(vec!["account".into(), "card".into()])
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProjectionError> {
        Ok(match read(event)? {
            Seen::Deposited { holder, .. } => vec![holder],
            Seen::Charged { holder, payer, .. } => payer.into_iter().chain([holder]).collect(),
        })
    }

    fn apply(
        &self,
        key: &str,
        row: &mut Holding,
        event: &RecordedEvent,
    ) -> Result<Change, ProjectionError> {
        match read(event)? {
            Seen::Deposited { amount, .. } => {
                row.deposits += 1;
                row.sum += amount;
            }
            Seen::Charged {
                amount,
                holder,
                payer,
            } => {
                row.charges += u64::from(holder == key);
                row.sum -= if payer.unwrap_or(holder) == key {
                    amount
                } else {
                    0
                };
            }
        }
        Ok(Change::Keep)
    }
}

#[tokio::test]
async fn streams_of_two_types_meet_in_rows_keyed_otherwise() {
    let place = Place::new().await;
    let storage = &*place.storage;
    deposit_for(storage, "a1", 0, &[10, 20], "ana")
        .await
        .unwrap();
    deposit_for(storage, "a2", 0, &[5], "bea").await.unwrap();
    deposit_for(storage, "a3", 0, &[7], "ana").await.unwrap();
    let charge = |text: &str| event("Charged", text);
    let card = on(
        StreamId::new("card", "a1"),
        0,
        vec![
            charge(r#"{"Charged":{"amount":4,"holder":"ana","payer":null}}"#),
            charge(r#"{"Charged":{"amount":3,"holder":"bea","payer":"ana"}}"#),
        ],
    );
    let other = on(StreamId::new("noise", "n"), 0, vec![charge("{}")]);
    for part in [card, other] {
        storage
            .append(Append {
                streams: vec![part],
                command: None,
            })
            .await
            .unwrap();
    }
    let (following, view) = place.follow(Holdings(table("holdings_v1")), quick());
    following.reaches(place.head().await).await;
    assert_eq!(view.count().await.unwrap(), 2);
    let ana = view.get("ana").await.unwrap().unwrap();
    assert_eq!(
        ana.state,
        Holding {
            deposits: 3,
            charges: 1,
            sum: 30
        }
    );
    assert_eq!(ana.version, 5, "events applied to the row");
    let bea = view.get("bea").await.unwrap().unwrap();
    assert_eq!(
        (bea.version, bea.state),
        (
            2,
            Holding {
                deposits: 1,
                charges: 1,
                sum: 5
            }
        )
    );
    following.stop().await;
}
