//! A pass ends with the rows of the live fold, and stops the same streams at the same events.

use std::sync::Arc;

use ingesta_event_store::TypeFilter;

use super::super::{Columns, Limits, folds, pass};
use super::ledger::{Ledger, Said, live};
use super::log::{Log, Stored};
use super::{ROOMY, job, rebuilt};
use crate::rebuild::progress::Progress;
use crate::{Reads, TableName, Versioning};

const TYPES: [&str; 2] = ["acc'ount\\", "card"];
const IDS: [&str; 9] = [
    "a",
    "b'; drop table events; --",
    "c\\'",
    "d",
    "é",
    "ñ",
    "日本",
    "z z",
    "\\",
];
const DEEDS: [&str; 9] = [
    "break",
    "nothing",
    "remove",
    "refuse",
    "refuse the last",
    "refuse the third",
    "panic",
    "panic in keys",
    "no payload of the test",
];

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// A history of all streams, mixed; one event in `calm` is out of the ordinary.
fn history(seed: u64, length: usize, calm: usize) -> Vec<Stored> {
    history_with(&DEEDS, seed, length, calm)
}

fn history_with(deeds: &[&str], seed: u64, length: usize, calm: usize) -> Vec<Stored> {
    let mut dice = Dice(seed);
    let mut sequences = std::collections::HashMap::new();
    let events = (0..length).map(|_| {
        let stream = (TYPES[dice.below(2)], IDS[dice.below(IDS.len())]);
        let sequence = sequences.entry(stream).or_insert(0);
        *sequence += 1;
        let what = match dice.below(calm) {
            0 => deeds[dice.below(deeds.len())],
            1 => "grow",
            _ => "add",
        };
        let keys = (0..dice.below(4)).map(|_| IDS[dice.below(IDS.len())].to_owned());
        let said = Said {
            what: what.to_owned(),
            keys: keys.collect(),
            amount: i64::try_from(dice.below(40)).unwrap(),
        };
        let payload = if what == "no payload of the test" {
            "[]".to_owned()
        } else {
            serde_json::to_string(&said).unwrap()
        };
        Stored::new(stream, *sequence, &payload)
    });
    events.collect()
}

fn only(types: &[&'static str]) -> TypeFilter {
    TypeFilter::Only(types.iter().map(|t| (*t).into()).collect())
}

fn ledgers() -> [Ledger; 4] {
    let ledger = |name, types, keyed, versioning| Ledger {
        name,
        table: TableName::new(name).unwrap(),
        types,
        keyed,
        versioning,
        reads: Reads::PAYLOAD,
    };
    [
        ledger("view", only(&TYPES[..1]), true, Versioning::StreamSequence),
        ledger("both", only(&TYPES), true, Versioning::Applied),
        ledger("general", TypeFilter::All, false, Versioning::Applied),
        ledger("cards", only(&TYPES[1..]), false, Versioning::Applied),
    ]
}

#[track_caller]
fn same(what: &str, found: &(super::Table, super::Parked), ledger: &Ledger, events: &[Stored]) {
    let expected = live(ledger, events);
    assert_eq!(found.1, expected.1, "{what}: {} parks", ledger.name);
    assert_eq!(found.0, expected.0, "{what}: {} folds", ledger.name);
}

#[tokio::test]
async fn a_pass_folds_as_the_live_fold_does() {
    for seed in 1..=6 {
        let events = history(seed, 400, 40);
        let log = Log::of(&events).await;
        let all = ledgers().map(|ledger| folds(Arc::new(ledger)));
        for workers in [1, 3] {
            let limits = Limits { workers, ..ROOMY };
            let (found, _) = rebuilt(&log, &all, limits).await.unwrap();
            for (ledger, found) in ledgers().iter().zip(&found) {
                same(
                    &format!("seed {seed}, {workers} workers"),
                    found,
                    ledger,
                    &events,
                );
            }
        }
        // One alone, so that the server leaves out the other types.
        for (ledger, alone) in ledgers().iter().zip(all) {
            let (found, _) = rebuilt(&log, &[alone], ROOMY).await.unwrap();
            same(&format!("seed {seed}, alone"), &found[0], ledger, &events);
        }
    }
}

#[tokio::test]
async fn many_failures_make_the_same_rows_in_a_few_passes() {
    for seed in 11..=17 {
        // One event in eight is out of the ordinary, and some of them fail only after others. None
        // leaves a row that cannot be written, which a later one may mend unseen.
        let events = history_with(&DEEDS[1..], seed, 160, 8);
        let log = Log::of(&events).await;
        for ledger in ledgers() {
            let parks = live(&ledger, &events).1.len();
            let what = format!("seed {seed}, {parks} parked streams");
            let all = [folds(Arc::new(ledger))];
            let (found, passes) = rebuilt(&log, &all, ROOMY).await.unwrap();
            let mut ledgers = ledgers().into_iter();
            let ledger = ledgers.find(|l| l.name == all[0].name()).unwrap();
            assert!(passes <= 8, "{what}: {passes} passes");
            same(&what, &found[0], &ledger, &events);
        }
    }
}

#[tokio::test]
async fn a_little_memory_makes_the_same_rows_in_several_passes() {
    let events = history(77, 300, 60);
    let log = Log::of(&events).await;
    for memory_bytes in [1, 4_000, 9_000] {
        for ledger in ledgers() {
            let all = [folds(Arc::new(ledger))];
            let limits = Limits {
                memory_bytes,
                ..ROOMY
            };
            let (found, passes) = rebuilt(&log, &all, limits).await.unwrap();
            let [ledger] = ledgers()
                .into_iter()
                .filter(|l| l.name == all[0].name())
                .collect::<Vec<_>>()
                .try_into()
                .ok()
                .unwrap();
            same(
                &format!("{memory_bytes} bytes"),
                &found[0],
                &ledger,
                &events,
            );
            assert!(memory_bytes > 1 || passes > 3, "{passes} passes");
        }
        let all = ledgers().map(|ledger| folds(Arc::new(ledger)));
        let limits = Limits {
            memory_bytes,
            ..ROOMY
        };
        let (found, _) = rebuilt(&log, &all, limits).await.unwrap();
        for (ledger, found) in ledgers().iter().zip(&found) {
            same(
                &format!("{memory_bytes} bytes, together"),
                found,
                ledger,
                &events,
            );
        }
    }
}

#[tokio::test]
async fn columns_that_are_read_arrive() {
    let events = history(5, 50, 1_000);
    let log = Log::of(&events).await;
    let mut ledgers = ledgers().map(|mut ledger| {
        ledger.reads = Reads::ALL;
        ledger
    });
    // Another one in the same pass that reads less is handed more, which it ignores.
    ledgers[1].reads = Reads::PAYLOAD;
    for ledger in ledgers {
        let expected = live(&ledger, &events);
        let (found, _) = rebuilt(&log, &[folds(Arc::new(ledger))], ROOMY)
            .await
            .unwrap();
        assert_eq!(found[0], expected);
    }
}

#[tokio::test]
async fn what_an_operator_skipped_is_passed_over_and_the_stream_goes_on() {
    let add = |sequence, what| {
        let said = Said {
            what: String::from(what),
            keys: Vec::new(),
            amount: 1,
        };
        Stored::new(
            ("card", "a"),
            sequence,
            &serde_json::to_string(&said).unwrap(),
        )
    };
    let events = [add(1, "add"), add(2, "refuse"), add(3, "add")];
    let log = Log::of(&events).await;
    let [_, both, ..] = ledgers();
    let mut job = job(&folds(Arc::new(both)));
    let stream = ingesta_event_store::StreamId::new("card", "a");
    job.skip = Arc::new([(stream, 2)].into());
    let (upto, progress) = (log.upto().await, Progress::new());
    let folded = pass(&log.sessions(), upto, vec![job], ROOMY, &progress).await;
    let folded = folded.unwrap().remove(0);
    assert!(folded.found.is_clean());
    let rows: Vec<_> = folded.rows.map(|row| row.unwrap()).collect();
    assert_eq!((rows.len(), rows[0].1.version), (1, 2));
}

#[tokio::test]
async fn no_key_stands_in_the_statement_that_a_server_may_log() {
    let said = Said {
        what: "add".to_owned(),
        keys: Vec::new(),
        amount: 1,
    };
    let payload = serde_json::to_string(&said).unwrap();
    let events = ["ana", "bea", "eva"].map(|id| Stored::new((TYPES[0], id), 1, &payload));
    let log = Log::of(&events).await;
    let [view, ..] = ledgers();
    let mut later = job(&folds(Arc::new(view)));
    later.from = Some("b'\\a".to_owned());
    let (upto, jobs) = (log.upto().await, vec![later]);
    let statement = Columns::of(&jobs).copy(upto, &jobs).unwrap();
    assert!(statement.contains("aggregate_id collate"), "{statement}");
    assert!(!statement.contains("b'"), "{statement}");
    let folded = pass(&log.sessions(), upto, jobs, ROOMY, &Progress::new()).await;
    let rows = folded.unwrap().remove(0).rows.map(|row| row.unwrap().0);
    assert_eq!(rows.collect::<Vec<_>>(), ["bea", "eva"]);
}
