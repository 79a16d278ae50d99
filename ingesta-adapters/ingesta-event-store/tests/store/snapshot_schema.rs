//! The schema hash changes with what the probes see, and stays where nothing visible changes.

use std::collections::HashMap;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use ingesta_event_store::{SchemaHash, Snapshots};
use serde::{Deserialize, Serialize};

use crate::support::CounterEvent;

/// The same aggregate type in four versions of its code.
macro_rules! tally {
    ($name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty),+ },
     |$state:ident, $number:ident| $apply:expr) => {
        #[derive(Debug, Default, Serialize, Deserialize)]
        struct $name {
            $($(#[$attribute])* $field: $type),+
        }

        impl Aggregate for $name {
            const TYPE: &'static str = "Tally";
            type Command = ();
            type Event = CounterEvent;
            type Error = std::fmt::Error;
            type Services = ();

            async fn handle(
                &mut self,
                (): (),
                (): &(),
                _: &EventSink<Self>,
            ) -> Result<(), Self::Error> {
                Ok(())
            }

            fn apply(&mut self, CounterEvent::Added { number: $number }: CounterEvent) {
                let $state = self;
                $apply;
            }
        }
    };
}

tally!(Tally { sum: i64 }, |state, number| state.sum += number);
tally!(
    Wider {
        sum: i64,
        last: i64
    },
    |state, number| state.sum += number
);
tally!(Doubled { sum: i64 }, |state, number| state.sum +=
    number * 2);
tally!(
    Forgetful {
        sum: i64,
        #[serde(skip)]
        seen: i64
    },
    |state, number| {
        state.seen += 1;
        state.sum += number * state.seen;
    }
);
tally!(Mapped { by_number: HashMap<String, i64> }, |state, number| {
    *state.by_number.entry(number.to_string()).or_default() += 1;
});

fn history(numbers: &[i64]) -> Vec<CounterEvent> {
    let added = |number: &i64| CounterEvent::Added { number: *number };
    numbers.iter().map(added).collect()
}

fn plain<A: Aggregate<Event = CounterEvent>>() -> Option<SchemaHash> {
    Snapshots::<A>::every(1).schema()
}

fn probed<A: Aggregate<Event = CounterEvent>>(probes: &[&[i64]]) -> Option<SchemaHash> {
    let histories = probes.iter().map(|numbers| history(numbers)).collect();
    Snapshots::<A>::every(1).probed_by(histories).schema()
}

#[test]
fn another_shape_is_another_schema() {
    assert!(plain::<Tally>().is_some());
    assert_ne!(plain::<Tally>(), plain::<Wider>());
    assert_ne!(probed::<Tally>(&[&[1]]), probed::<Wider>(&[&[1]]));
}

#[test]
fn another_fold_is_another_schema_where_a_probe_meets_it() {
    assert_eq!(plain::<Tally>(), plain::<Doubled>(), "nobody has looked");
    assert_ne!(probed::<Tally>(&[&[1]]), probed::<Doubled>(&[&[1]]));
}

#[test]
fn another_number_is_another_schema() {
    let first = Snapshots::<Tally>::every(1);
    let second = first.clone().version(2);
    assert_ne!(first.schema(), second.schema());
    assert_eq!(first.schema(), second.version(1).schema());
}

#[test]
fn the_pace_and_the_order_of_keys_are_no_schema() {
    let paces = [1, 7].map(|n| Snapshots::<Tally>::every(n).schema());
    assert_eq!(paces[0], paces[1]);
    // Each map has an order of its own.
    let numbers: Vec<i64> = (0..40).collect();
    let hashes: Vec<_> = (0..8).map(|_| probed::<Mapped>(&[&numbers])).collect();
    assert!(hashes[0].is_some() && hashes.iter().all(|hash| *hash == hashes[0]));
    assert_ne!(
        probed::<Mapped>(&[&[1, 2]]),
        probed::<Mapped>(&[&[1], &[2]])
    );
}

#[test]
fn a_state_that_does_not_survive_being_written_has_no_snapshots() {
    // It is seen by a probe of two events: the first one leaves no trace of what is lost.
    assert!(plain::<Forgetful>().is_some());
    assert_eq!(probed::<Forgetful>(&[&[1, 1]]), None);
}
