//! Apache Kafka as a shared and as a standing service, and as a broker that goes and comes back.
//!
//! They speak to it in raw requests: this crate has no client of Kafka's.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use super::{Place, VARIABLE, another_user, begin_another_user, nothing_is_left, use_for_ever};
use crate::eventually;
use crate::services::kafka::home::Home;
use crate::services::kafka::{Kafka, Pace, process, wire};
use crate::services::standing::{down_in, up_in};
use crate::services::{OwnedBroker, given, kafka_brokers};

const KAFKA: Kafka = Kafka(Pace::QuickStart);
const USER: &str = "services::tests::kafka::user_process";

/// For an answer that will come.
const PATIENCE: Duration = Duration::from_secs(60);

const CREATE_TOPICS: i16 = 19;
const METADATA: i16 = 3;
const NO_ERROR: i16 = 0;
const UNKNOWN_TOPIC: i16 = 3;

const OWNER: &str = "services::tests::kafka::owner_process";

#[test]
fn user_process() {
    use_for_ever(KAFKA);
}

#[test]
fn owner_process() {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(async {
        let broker = OwnedBroker::start().await.expect("a broker");
        println!(
            "ready {} {}",
            broker.address(),
            broker.home().root().display()
        );
        std::future::pending::<()>().await;
    });
}

/// The first of the addresses.
fn parse(brokers: &str) -> SocketAddr {
    let first = brokers.split(',').next().unwrap_or_default();
    let mut found = first.to_socket_addrs().expect("a host and a port");
    found.next().expect("an address")
}

async fn ask(
    address: &str,
    kind: i16,
    version: i16,
    question: Vec<u8>,
) -> std::io::Result<Vec<u8>> {
    let address = parse(address);
    let asking = move || wire::ask(address, kind, version, &question, PATIENCE);
    tokio::task::spawn_blocking(asking).await.expect("it asks")
}

/// Whether it takes part in a cluster. One that is gone refuses at once.
async fn answers(address: &str) -> bool {
    answers_within(address, PATIENCE).await
}

async fn answers_within(address: &str, patience: Duration) -> bool {
    let address = parse(address);
    let asking = move || wire::cluster(address, patience);
    tokio::task::spawn_blocking(asking)
        .await
        .expect("it asks")
        .is_ok_and(|cluster| !cluster.ports.is_empty())
}

fn text(value: &str) -> Vec<u8> {
    let length = i16::try_from(value.len()).expect("a short text");
    [&length.to_be_bytes(), value.as_bytes()].concat()
}

/// Creates a topic of one partition and answers the broker's error code.
async fn create_topic(address: &str, name: &str) -> std::io::Result<i16> {
    let mut question = 1_i32.to_be_bytes().to_vec();
    question.extend(text(name));
    question.extend(1_i32.to_be_bytes()); // partitions
    question.extend(1_i16.to_be_bytes()); // replicas
    question.extend([0; 4]); // no assignments
    question.extend([0; 4]); // no settings
    question.extend(20_000_i32.to_be_bytes()); // milliseconds
    question.push(0); // in earnest
    let answer = ask(address, CREATE_TOPICS, 4, question).await?;
    let mut answer = wire::Answer(&answer);
    answer.int32()?; // throttled for so long
    assert_eq!(answer.int32()?, 1);
    assert_eq!(answer.string()?.as_deref(), Some(name));
    answer.int16()
}

/// The error code with which a broker describes a topic.
async fn topic_error(address: &str, name: &str) -> std::io::Result<i16> {
    let mut question = 1_i32.to_be_bytes().to_vec();
    question.extend(text(name));
    question.push(1); // create it, if the broker does so
    let answer = ask(address, METADATA, 4, question).await?;
    let mut answer = wire::Answer(&answer);
    answer.int32()?; // throttled for so long
    for _ in 0..answer.int32()? {
        answer.int32()?;
        answer.string()?;
        answer.int32()?;
        answer.string()?;
    }
    answer.string()?; // the cluster
    answer.int32()?; // its controller
    assert_eq!(answer.int32()?, 1);
    answer.int16()
}

#[tokio::test]
async fn two_processes_share_one_broker_that_goes_after_the_last_of_them() -> anyhow::Result<()> {
    let place = Place::new();
    let (mut first, address) = another_user(&place, USER);
    let (mut second, same) = another_user(&place, USER);
    assert_eq!(address, same);

    // The way of a crash: the one that started the broker is killed.
    first.kill()?;
    first.wait()?;
    let here = place.shared(KAFKA).join().await?;
    assert_eq!(here.address, address);
    second.kill()?;
    second.wait()?;
    assert!(answers(&address).await, "it is in use here");

    drop(here);
    nothing_is_left(&place).await;
    assert!(!answers(&address).await);
    Ok(())
}

#[tokio::test]
async fn a_broker_whose_starter_was_killed_meanwhile_is_used() -> anyhow::Result<()> {
    let place = Place::new();
    let config = Home::at(place.folder().data()).config();
    let mut starter = begin_another_user(&place, USER);
    let begun = async || process::broker_of(&config);
    let pid = eventually("a broker that starts", begun).await;
    starter.kill().expect("end it");
    starter.wait().expect("it ends");
    let here = place.shared(KAFKA).join().await?;
    assert_eq!(process::broker_of(&config), Some(pid));
    assert!(answers(&here.address).await);
    drop(here);
    nothing_is_left(&place).await;
    Ok(())
}

#[tokio::test]
async fn a_broker_of_a_process_that_was_killed_does_not_stay() -> anyhow::Result<()> {
    let place = Place::new();
    let (mut owner, said) = another_user(&place, OWNER);
    let (address, folder) = said.split_once(' ').expect("an address and a folder");
    assert!(answers(address).await);
    owner.kill()?;
    owner.wait()?;
    let folder = Path::new(folder);
    eventually("the folder to go", async || {
        (!folder.exists()).then_some(())
    })
    .await;
    assert!(!answers(address).await);
    Ok(())
}

#[tokio::test]
async fn up_twice_answers_the_same_broker_and_down_twice_is_harmless() -> anyhow::Result<()> {
    let place = Place::new();
    let folder = place.folder();
    let first = up_in(&folder, &KAFKA).await?;
    let second = up_in(&folder, &KAFKA).await?;
    assert!(first == second);
    assert_eq!(first.variable, "KAFKA_BROKERS");
    assert!(first.address.starts_with("127.0.0.1:"));
    assert!(answers(&first.address).await);
    assert!(down_in(&folder, &KAFKA).await?);
    assert!(!answers(&first.address).await);
    assert!(!down_in(&folder, &KAFKA).await?);
    assert!(!folder.data().exists());
    Ok(())
}

#[tokio::test]
async fn a_topic_exists_when_it_was_created_and_not_before() -> anyhow::Result<()> {
    let brokers = kafka_brokers().await?;
    let name = format!("topic-{}", Uuid::new_v4().simple());
    // One that was given may be kinder than ours.
    if given("KAFKA_BROKERS").is_none() {
        assert_eq!(topic_error(&brokers, &name).await?, UNKNOWN_TOPIC);
    }
    assert_eq!(create_topic(&brokers, &name).await?, NO_ERROR);
    assert_eq!(topic_error(&brokers, &name).await?, NO_ERROR);
    Ok(())
}

#[tokio::test]
async fn a_broker_comes_back_on_its_address_with_its_data() -> anyhow::Result<()> {
    let broker = OwnedBroker::start().await?;
    let address = broker.address().to_owned();
    assert_eq!(create_topic(&address, "before").await?, NO_ERROR);
    assert!(broker.start_again().await.is_err(), "it runs");

    broker.kill().await?;
    assert!(!answers(&address).await);
    assert!(broker.kill().await.is_err(), "it is dead");
    broker.start_again().await?;
    assert_eq!(broker.address(), address);
    assert_eq!(topic_error(&address, "before").await?, NO_ERROR);
    assert_eq!(create_topic(&address, "after").await?, NO_ERROR);

    broker.stop().await?;
    assert!(!answers(&address).await);
    broker.start_again().await?;
    assert_eq!(topic_error(&address, "after").await?, NO_ERROR);

    broker.pause()?;
    let moment = Duration::from_secs(1);
    assert!(!answers_within(&address, moment).await, "it is frozen");
    broker.resume()?;
    eventually("an answer", async || answers(&address).await.then_some(())).await;
    assert_eq!(topic_error(&address, "before").await?, NO_ERROR);

    let home = broker.home();
    drop(broker);
    assert!(!home.root().exists());
    assert!(!answers(&address).await);
    Ok(())
}

#[test]
fn a_test_may_ask_for_a_broker_from_a_task_of_its_own() {
    fn spawnable<T: Send>(_: T) {}
    spawnable(kafka_brokers());
    spawnable(async { OwnedBroker::start().await?.start_again().await });
}
