//! Topics are made as asked for, told where they differ, and never changed.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use ingesta_kafka::connect::{KafkaOptions, Sasl, SaslMechanism};
use ingesta_kafka::message::{Header, OutgoingMessage};
use ingesta_kafka::producer::{ProducerOptions, Publisher};
use ingesta_kafka::topics::{Cleanup, Difference, Timestamps, TopicSpec, Was, ensure};
use ingesta_testing::PATIENCE;

use super::support::{broker, read_all, unique};

const HOUR: TimeDelta = TimeDelta::hours(1);

#[tokio::test]
async fn a_topic_is_made_once_with_its_settings_and_differences_are_told() {
    let Some(kafka) = broker().await else { return };
    let wanted = TopicSpec {
        retention: Some(Duration::from_secs(3600)),
        cleanup: Cleanup::CompactAndDelete,
        max_message_bytes: Some(2_000_000),
        replication: Some(1),
        ..TopicSpec::new(unique("topics"), 3)
    };
    let specs = [wanted.clone()];
    let made = ensure(&kafka, &specs, PATIENCE).await.unwrap();
    assert_eq!(
        (made[0].was, &*made[0].differences),
        (Was::Created, &[][..])
    );
    let there = ensure(&kafka, &specs, PATIENCE).await.unwrap();
    assert_eq!(
        (there[0].was, &*there[0].differences),
        (Was::There, &[][..])
    );

    let other = TopicSpec {
        cleanup: Cleanup::Delete,
        partitions: 6,
        ..wanted.clone()
    };
    let told = ensure(&kafka, &[other], PATIENCE).await.unwrap();
    assert_eq!(told[0].was, Was::There);
    assert_eq!(
        told[0].differences[0],
        Difference::Partitions {
            wanted: 6,
            found: 3
        }
    );
    assert!(matches!(
        &told[0].differences[1],
        Difference::Setting {
            name: "cleanup.policy",
            ..
        }
    ));
    assert_eq!(told[0].differences.len(), 2);
    // Nothing was changed by telling.
    assert_eq!(
        ensure(&kafka, &specs, PATIENCE).await.unwrap()[0].differences,
        []
    );
}

#[tokio::test]
async fn what_is_published_late_is_kept_from_then_on() {
    let Some(kafka) = broker().await else { return };
    let spec = TopicSpec {
        timestamps: Some(Timestamps::Published),
        ..TopicSpec::new(unique("late"), 1)
    };
    ensure(&kafka, std::slice::from_ref(&spec), PATIENCE)
        .await
        .unwrap();
    let publisher = Publisher::new(&kafka, ProducerOptions::default()).unwrap();
    let now = Utc::now();
    // Behind what brokers keep where nobody says otherwise; and by a clock that is ahead.
    let messages = [now - HOUR * 24 * 8, now + HOUR * 2].map(|then| OutgoingMessage {
        topic: spec.name.clone(),
        key: b"k".to_vec(),
        value: Some(b"v".to_vec()),
        headers: vec![Header::new("ce_id", "1")],
        timestamp: Some(then),
    });
    publisher.publish(&messages).await.unwrap();
    publisher.close(PATIENCE).await;
    let seen = read_all(&kafka.brokers, &spec.name, "read_committed").await;
    assert_eq!(seen.len(), 2);
    for message in seen {
        let kept_from = message.timestamp.unwrap();
        assert!((kept_from - now.timestamp_millis()).abs() < HOUR.num_milliseconds());
    }
}

#[tokio::test]
async fn more_copies_than_brokers_are_refused_with_the_topics_name() {
    let Some(kafka) = broker().await else { return };
    let spec = TopicSpec {
        replication: Some(99),
        ..TopicSpec::new(unique("copies"), 1)
    };
    let refused = ensure(&kafka, std::slice::from_ref(&spec), PATIENCE)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), "settings");
    assert!(refused.to_string().contains(&spec.name), "{refused}");
}

#[tokio::test]
async fn one_that_is_refused_holds_back_no_other_and_all_refusals_are_told() {
    let Some(kafka) = broker().await else { return };
    let too_many = |name: &str| TopicSpec {
        replication: Some(99),
        ..TopicSpec::new(unique(name), 1)
    };
    let fine = [
        TopicSpec::new(unique("fine"), 1),
        TopicSpec::new(unique("fine"), 2),
    ];
    let specs = [
        too_many("first"),
        fine[0].clone(),
        TopicSpec::new("no/slashes", 1),
        too_many("third"),
        fine[1].clone(),
    ];
    let told = ensure(&kafka, &specs, PATIENCE).await.unwrap_err();
    let refused: Vec<_> = told.refused.iter().map(|one| one.topic.as_str()).collect();
    assert_eq!(
        refused,
        [&specs[0].name, &specs[2].name, &specs[3].name].map(String::as_str)
    );
    assert!(refused.iter().all(|topic| told.to_string().contains(topic)));
    assert!(!told.passes(), "somebody has to mend it");
    let made: Vec<_> = told.ensured.iter().map(|made| made.was).collect();
    assert_eq!(made, [Was::Created, Was::Created]);
    let there = ensure(&kafka, &fine, PATIENCE).await.unwrap();
    assert!(there.iter().all(|topic| topic.was == Was::There));
}

#[tokio::test]
async fn a_broker_that_is_away_is_asked_until_the_time_is_over() {
    let nowhere = KafkaOptions::new("127.0.0.1:1");
    let spec = [TopicSpec::new("any", 1)];
    let refused = ensure(&nowhere, &spec, Duration::from_millis(200))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), "unreachable", "{refused}");
}

#[tokio::test]
async fn a_broker_that_refuses_who_we_are_is_not_called_away() {
    let Some(mut kafka) = broker().await else {
        return;
    };
    // Its listener takes no passwords.
    kafka.sasl = Some(Sasl {
        mechanism: SaslMechanism::Plain,
        user: "somebody".into(),
        password: "s3cret".into(),
    });
    let refused = ensure(&kafka, &[TopicSpec::new("any", 1)], PATIENCE)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), "not_authenticated", "{refused}");
    assert!(!format!("{refused:?} {refused}").contains("s3cret"));
}
