//! The aggregate in memory: what a command costs before and after the database.
//!
//! Decides purely and through cqrs-es, writes an event, and loads and folds 10 and 100 stored
//! events, each beside the vanilla way. Every round measures every case; `ratio` lines divide
//! within a round. It asserts nothing.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::SerializedEvent;
use cqrs_es::{DomainEvent, EventEnvelope};
use ingesta_benches::cpu::CpuTime;
use ingesta_benches::rounds::{Spread, ratio_line};
use ingesta_benches::sample::{Sample, codec, metadata};
use ingesta_benches::settings::Settings;
use ingesta_benches::vanilla::{self, Stored};
use ingesta_domain::ingesta::{Ingesta, apply, decide};
use ingesta_event_store::{EventCodec, Loaded, Position, RecordedEvent, StreamId};

const ID: &str = "0195f2d4-8a40-7c3a-9d55-2f3b6c1e7a10";
/// Cases are measured in batches, whose input is made outside of the measured time.
const BATCH: usize = 256;

/// What is measured: how long a batch takes, and of how many operations it is.
struct Case {
    name: &'static str,
    operations: usize,
    batch: Box<dyn FnMut() -> anyhow::Result<Duration>>,
}

fn main() -> anyhow::Result<()> {
    let settings = Settings::from_env();
    let (rounds, slice) = (settings.pick(15, 3), settings.millis(40, 4));
    let (began, before) = (Instant::now(), CpuTime::now(None));
    let mut cases = cases(&Sample::new()?)?;
    let mut figures = vec![Vec::new(); cases.len()];
    for _ in 0..rounds {
        for (case, figures) in cases.iter_mut().zip(&mut figures) {
            figures.push(nanoseconds(case, slice)?);
        }
    }
    println!("aggregate, in memory; {}; {rounds} rounds", settings.line());
    for (case, figures) in cases.iter().zip(&figures) {
        println!("{:<28} {:.0} ns", case.name, Spread::of(figures));
    }
    let of = |name: &str| {
        let place = cases.iter().position(|case| case.name == name);
        place
            .and_then(|place| figures.get(place))
            .map_or(&[] as &[f64], Vec::as_slice)
    };
    println!(
        "{}",
        ratio_line(
            "cqrs_handle_over_decide",
            of("cqrs handle"),
            of("decide + apply")
        )
    );
    for case in ["encode event", "fold 10", "fold 100"] {
        let name = format!("{}_vanilla_over_ingesta", case.replace(' ', "_"));
        println!(
            "{}",
            ratio_line(&name, of(&format!("{case}, vanilla")), of(case))
        );
    }
    let others = CpuTime::now(None).since(before);
    println!(
        "report other_load {:.0} %",
        others.other_load(began.elapsed())
    );
    Ok(())
}

/// One round of a case: batches until the slice is used up.
fn nanoseconds(case: &mut Case, slice: Duration) -> anyhow::Result<f64> {
    let (mut spent, mut batches) = (Duration::ZERO, 0_u32);
    while spent < slice {
        spent += (case.batch)()?;
        batches += 1;
    }
    let operations = f64::from(batches) * f64::from(u32::try_from(case.operations)?);
    Ok(spent.as_secs_f64() * 1e9 / operations)
}

fn cases(sample: &Sample) -> anyhow::Result<Vec<Case>> {
    let mut cases = vec![deciding(sample), handling(sample)?];
    cases.extend(encoding(sample));
    for (length, ours, theirs) in [
        (10, "fold 10", "fold 10, vanilla"),
        (100, "fold 100", "fold 100, vanilla"),
    ] {
        cases.extend(folding(sample, length, ours, theirs)?);
    }
    Ok(cases)
}

fn deciding(sample: &Sample) -> Case {
    let command = sample.create();
    let batch = move || {
        let input: Vec<_> = (0..BATCH)
            .map(|_| (Ingesta::default(), command.clone()))
            .collect();
        let began = Instant::now();
        for (mut state, command) in input {
            for event in decide(&state, command)? {
                apply(&mut state, event);
            }
            black_box(state);
        }
        Ok(began.elapsed())
    };
    Case {
        name: "decide + apply",
        operations: BATCH,
        batch: Box::new(batch),
    }
}

fn handling(sample: &Sample) -> anyhow::Result<Case> {
    let command = sample.create();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let batch = move || {
        let input: Vec<_> = (0..BATCH)
            .map(|_| (Ingesta::default(), command.clone()))
            .collect();
        runtime.block_on(async {
            let began = Instant::now();
            for (mut state, command) in input {
                let sink = EventSink::<Ingesta>::default();
                state.handle(command, &(), &sink).await?;
                black_box((state, sink.collect().await));
            }
            Ok(began.elapsed())
        })
    };
    Ok(Case {
        name: "cqrs handle",
        operations: BATCH,
        batch: Box::new(batch),
    })
}

fn encoding(sample: &Sample) -> [Case; 2] {
    let event = sample.history(1).swap_remove(0);
    let (ours, codec) = (event.clone(), codec());
    let (stream, text) = (StreamId::of::<Ingesta>(ID), metadata().to_json());
    let encode = move || {
        let began = Instant::now();
        for _ in 0..BATCH {
            black_box(codec.encode::<Ingesta>(&stream, 1, &ours, &text)?);
        }
        Ok(began.elapsed())
    };
    let envelope = EventEnvelope::<Ingesta> {
        aggregate_id: ID.to_owned(),
        sequence: 1,
        payload: event,
        metadata: metadata().into(),
    };
    let vanilla = move || {
        let began = Instant::now();
        for _ in 0..BATCH {
            let serialized = SerializedEvent::try_from(&envelope)?;
            black_box((
                serialized.payload.to_string(),
                serialized.metadata.to_string(),
            ));
        }
        Ok(began.elapsed())
    };
    [
        Case {
            name: "encode event",
            operations: BATCH,
            batch: Box::new(encode),
        },
        Case {
            name: "encode event, vanilla",
            operations: BATCH,
            batch: Box::new(vanilla),
        },
    ]
}

fn folding(
    sample: &Sample,
    length: usize,
    name: &'static str,
    name_vanilla: &'static str,
) -> anyhow::Result<[Case; 2]> {
    let (codec, recorded, stored) = (codec(), recorded(sample, length)?, stored(sample, length)?);
    // Both ways end in the same state, or the comparison means nothing.
    let same = Loaded::<Ingesta>::fold(&codec, &recorded)?.state == vanilla::fold(ID, &stored)?;
    anyhow::ensure!(same, "the two folds differ");
    let ours = move || timed(BATCH / 8, || fold(&codec, &recorded));
    let theirs = move || timed(BATCH / 8, || vanilla::fold(ID, &stored));
    Ok([
        Case {
            name,
            operations: BATCH / 8,
            batch: Box::new(ours),
        },
        Case {
            name: name_vanilla,
            operations: BATCH / 8,
            batch: Box::new(theirs),
        },
    ])
}

fn fold(codec: &EventCodec, events: &[RecordedEvent]) -> anyhow::Result<Ingesta> {
    Ok(Loaded::<Ingesta>::fold(codec, events)?.state)
}

fn timed<T>(times: usize, work: impl Fn() -> anyhow::Result<T>) -> anyhow::Result<Duration> {
    let began = Instant::now();
    for _ in 0..times {
        black_box(work()?);
    }
    Ok(began.elapsed())
}

fn stored(sample: &Sample, length: usize) -> anyhow::Result<Vec<Stored>> {
    let text = metadata().to_json();
    let store = |event: &ingesta_domain::ingesta::IngestaEvent| {
        let payload = serde_json::to_string(event)?;
        Ok(Stored {
            payload,
            metadata: text.clone(),
            event_type: event.event_type(),
        })
    };
    sample.history(length).iter().map(store).collect()
}

fn recorded(sample: &Sample, length: usize) -> anyhow::Result<Vec<RecordedEvent>> {
    let record = |(stored, sequence): (Stored, i64)| RecordedEvent {
        position: Position::new(700, sequence),
        stream: StreamId::of::<Ingesta>(ID),
        sequence: sequence.unsigned_abs(),
        event_type: stored.event_type,
        event_version: "1".to_owned(),
        payload: stored.payload,
        metadata: stored.metadata,
        recorded_at: None,
    };
    Ok(stored(sample, length)?
        .into_iter()
        .zip(1..)
        .map(record)
        .collect())
}
