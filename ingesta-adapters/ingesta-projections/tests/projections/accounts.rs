//! A small domain for the tests: accounts that take deposits, cards that are charged.
//!
//! Deposits of 13 and 666 are ordinary here; the projections of some tests choke on them.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, View};
use ingesta_event_store::{
    Append, AppendError, CommandOutcome, EventCodec, Position, RecordedEvent, Storage,
    StreamAppend, StreamId,
};
use ingesta_projections::{TableName, ViewProjection};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum AccountEvent {
    Deposited { amount: i64, holder: String },
}

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> String {
        "Deposited".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Account;

#[derive(Clone, Debug)]
pub(crate) struct Deposit {
    pub(crate) amount: i64,
    pub(crate) holder: &'static str,
}

#[derive(Debug, thiserror::Error)]
#[error("never refused")]
pub(crate) struct Never;

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = Deposit;
    type Event = AccountEvent;
    type Error = Never;
    type Services = ();

    async fn handle(
        &mut self,
        command: Deposit,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Never> {
        let Deposit { amount, holder } = command;
        sink.write(
            AccountEvent::Deposited {
                amount,
                holder: holder.to_owned(),
            },
            self,
        )
        .await;
        Ok(())
    }

    fn apply(&mut self, _: AccountEvent) {}
}

/// Everything that was folded, so that a lost or doubled event shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Balance {
    pub(crate) total: i64,
    pub(crate) seen: Vec<usize>,
}

impl View<Account> for Balance {
    fn update(&mut self, event: &EventEnvelope<Account>) {
        let AccountEvent::Deposited { amount, .. } = &event.payload;
        self.total += amount;
        self.seen.push(event.sequence);
    }
}

pub(crate) fn table(name: &'static str) -> TableName {
    TableName::new(name).expect("a name of the test's")
}

pub(crate) fn balances() -> ViewProjection<Account, Balance> {
    ViewProjection::new("balance-v1", table("balance_v1"), EventCodec::default())
}

/// The view of a stream as a fresh fold makes it.
pub(crate) async fn folded(storage: &dyn Storage, account: &str) -> Balance {
    let mut view = Balance::default();
    for event in storage
        .load(&StreamId::of::<Account>(account), 0)
        .await
        .unwrap()
    {
        let codec = EventCodec::default();
        codec
            .decode_each::<Account>(&event, |envelope| view.update(&envelope))
            .unwrap();
    }
    view
}

/// Deposits as one command, on the version that the caller believes in.
pub(crate) async fn deposit(
    storage: &dyn Storage,
    account: &str,
    version: u64,
    amounts: &[i64],
) -> Result<CommandOutcome, AppendError> {
    deposit_for(storage, account, version, amounts, "ana").await
}

pub(crate) async fn deposit_for(
    storage: &dyn Storage,
    account: &str,
    version: u64,
    amounts: &[i64],
    holder: &str,
) -> Result<CommandOutcome, AppendError> {
    let stream = StreamId::of::<Account>(account);
    let events = amounts.iter().zip(version + 1..).map(|(amount, sequence)| {
        let event = AccountEvent::Deposited {
            amount: *amount,
            holder: holder.to_owned(),
        };
        EventCodec::default()
            .encode::<Account>(&stream, sequence, &event, "{}")
            .unwrap()
    });
    let part = StreamAppend {
        expected_version: version,
        events: events.collect(),
        stream,
    };
    storage
        .append(Append {
            streams: vec![part],
            command: None,
        })
        .await
}

/// A recorded deposit that no store has seen.
pub(crate) fn recorded(account: &str, sequence: u64, amount: i64) -> RecordedEvent {
    raw(
        account,
        sequence,
        &format!(r#"{{"Deposited":{{"amount":{amount},"holder":"ana"}}}}"#),
    )
}

pub(crate) fn raw(account: &str, sequence: u64, payload: &str) -> RecordedEvent {
    RecordedEvent {
        position: Position::new(700, i64::try_from(sequence).unwrap()),
        stream: StreamId::of::<Account>(account),
        sequence,
        event_type: "Deposited".to_owned(),
        event_version: "1".to_owned(),
        payload: payload.to_owned(),
        metadata: "{}".to_owned(),
        recorded_at: None,
    }
}
