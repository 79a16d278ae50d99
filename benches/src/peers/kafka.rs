//! The log on its way to topics: the relay beside a bare producer of the same client and the same
//! messages, and how soon the broker has acknowledged what a caller was answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use ingesta_event_store::subscription::Subscriber;
use ingesta_event_store::{Position, RecordedEvent, Storage, TypeFilter};
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::{Relay, runner_options};
use ingesta_kafka::topics::ensure as ensure_topics;
use ingesta_kafka::transactional::{TransactionalOptions, TransactionalRelay, checkpoint_topic};

use super::Bench;
use super::follow::{report, steady};
use crate::follower::Follower;
use crate::kafka::{Acknowledged, Broker, Payloads, produce};
use crate::lags::{Lags, Steps};
use crate::replay::{EVENTS_EACH, fill};
use crate::sides::Ours;

pub(super) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let broker = Broker::start().await?;
    let measured = measure(bench, &broker).await;
    broker.finish().await?;
    measured
}

async fn measure(bench: &mut Bench, broker: &Broker) -> anyhow::Result<()> {
    let aggregates = bench.settings.pick(20_000_usize, 500);
    let events = (aggregates * EVENTS_EACH) as f64;
    let url = bench.server.database("relay").await?;
    let ours = Ours::open(&url, 10_000).await?;
    fill(&url, &bench.sample, aggregates).await?;
    let log = read(&*ours.storage).await?;
    ensure!(
        log.len() == aggregates * EVENTS_EACH,
        "the log is not whole"
    );

    let (mut relayed, mut transacted, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for pass in 0..=bench.few_passes() {
        let took = [
            relay(broker, &ours, pass).await?,
            transactional(broker, &ours, pass).await?,
            alone(broker, &log).await?,
        ];
        // The first pass warms the broker up: a program that runs compiled itself long ago.
        if pass > 0 {
            let [relay, transactional, alone] = took.map(|took| events / took.as_secs_f64());
            relayed.push(relay);
            transacted.push(transactional);
            bare.push(alone);
        }
    }
    let time = bench.settings.millis(5_000, 400);
    let mut lags: Vec<Lags> = Vec::new();
    for pass in 0..bench.few_passes() {
        lags.push(acknowledged(bench, broker, &ours, pass, time).await?);
    }

    let figures = &mut bench.figures;
    figures.ratio_of("kafka_relay_of_bare", &relayed, &bare);
    figures.report_of("rate_kafka_relay", &relayed, "events/s");
    figures.report_of("rate_kafka_transactional", &transacted, "events/s");
    figures.report_of("rate_kafka_bare", &bare, "messages/s");
    report(bench, "lag_kafka_acknowledged_2k", &lags);
    Ok(())
}

/// The whole log.
async fn read(storage: &dyn Storage) -> anyhow::Result<Vec<RecordedEvent>> {
    let (mut log, mut from) = (Vec::new(), Position::START);
    loop {
        let page = storage.read_after(from, &TypeFilter::All, 10_000).await?;
        from = page.reached;
        log.extend(page.events);
        if !page.more {
            return Ok(log);
        }
    }
}

/// From the start of a relay to the checkpoint at the end of the log.
async fn timed(ours: &Ours, subscriber: Arc<dyn Subscriber>) -> anyhow::Result<Duration> {
    let (storage, began) = (Arc::clone(&ours.storage), Instant::now());
    let follower = Follower::start(storage, subscriber, runner_options()).await?;
    let took = began.elapsed();
    follower.stop().await?;
    Ok(took)
}

async fn relay(broker: &Broker, ours: &Ours, pass: usize) -> anyhow::Result<Duration> {
    let topic = broker.topic("relay").await?;
    let (name, options) = (format!("relay_{pass}"), ProducerOptions::default());
    let relay = Arc::new(Relay::new(name, Payloads(topic), &broker.kafka, options)?);
    let took = timed(ours, Arc::clone(&relay) as _).await?;
    relay.close(Duration::from_secs(10)).await;
    Ok(took)
}

async fn transactional(broker: &Broker, ours: &Ours, pass: usize) -> anyhow::Result<Duration> {
    let topic = broker.topic("transactional").await?;
    let options = TransactionalOptions::default();
    let places = checkpoint_topic(&options);
    ensure_topics(&broker.kafka, &[places], Duration::from_secs(30)).await?;
    let name = format!("transactional_{pass}_{}", uuid::Uuid::now_v7().simple());
    let storage = Arc::clone(&ours.storage);
    let relay = TransactionalRelay::new(name, Payloads(topic), storage, &broker.kafka, options)?;
    timed(ours, Arc::new(relay)).await
}

async fn alone(broker: &Broker, log: &[RecordedEvent]) -> anyhow::Result<Duration> {
    let payloads = Payloads(broker.topic("bare").await?);
    let messages: Vec<OutgoingMessage> = log.iter().map(|event| payloads.message(event)).collect();
    produce(&broker.kafka, messages).await
}

/// From a caller's answer to the broker's acknowledgement, at 2,000 commands a second.
async fn acknowledged(
    bench: &Bench,
    broker: &Broker,
    ours: &Ours,
    pass: usize,
    time: Duration,
) -> anyhow::Result<Lags> {
    let topic = broker.topic("acknowledged").await?;
    let (name, options) = (format!("acknowledged_{pass}"), ProducerOptions::default());
    let relay = Arc::new(Relay::new(name, Payloads(topic), &broker.kafka, options)?);
    let noted = Arc::new(Acknowledged {
        relay: Arc::clone(&relay) as _,
        steps: Steps::default(),
    });
    let storage = Arc::clone(&ours.storage);
    let follower = Follower::start(storage, Arc::clone(&noted) as _, runner_options()).await?;
    let answered = steady(bench, ours, time).await?;
    follower.catch_up().await?;
    follower.stop().await?;
    relay.close(Duration::from_secs(10)).await;
    noted.steps.lags(answered)
}
