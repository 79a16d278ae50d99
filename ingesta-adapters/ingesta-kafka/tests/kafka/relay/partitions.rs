//! A key goes to the partition where Java's client puts it.

use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::producer::{ProducerOptions, Publisher, partition_of};

use super::support::{broker, read_all, topic};

#[tokio::test]
async fn a_key_goes_where_javas_client_puts_it() {
    let Some(kafka) = broker().await else { return };
    let topic = topic(&kafka, "partitions", 7).await;
    let mut keys: Vec<_> = (0..100)
        .map(|n| format!("key-{n}-{}", "x".repeat(n % 9)))
        .collect();
    keys.push(String::new());
    let messages: Vec<_> = keys
        .iter()
        .map(|key| OutgoingMessage {
            topic: topic.clone(),
            key: key.clone().into_bytes(),
            value: Some(b"v".to_vec()),
            headers: Vec::new(),
            timestamp: None,
        })
        .collect();
    let publisher = Publisher::new(&kafka, ProducerOptions::default()).unwrap();
    publisher.publish(&messages).await.unwrap();
    let seen = read_all(&kafka.brokers, &topic, "read_committed").await;
    assert_eq!(seen.len(), keys.len());
    for message in seen {
        assert_eq!(
            usize::try_from(message.partition),
            Ok(partition_of(message.key.as_bytes(), 7)),
            "{}",
            message.key
        );
    }
}
