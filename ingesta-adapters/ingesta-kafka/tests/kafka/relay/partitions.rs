//! A key goes to the partition where Java's client puts it.

use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::producer::{ProducerOptions, Publisher};

use super::support::{broker, read_all, topic};

/// Java's `Utils.murmur2`, as the default partitioner of its client uses it.
fn murmur2(data: &[u8]) -> i32 {
    const M: u32 = 0x5bd1_e995;
    let length = u32::try_from(data.len()).unwrap();
    let mut h = 0x9747_b28c_u32 ^ length;
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes(word.try_into().unwrap()).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        h = h.wrapping_mul(M) ^ k;
    }
    let rest = words.remainder();
    for (at, byte) in rest.iter().enumerate() {
        h ^= u32::from(*byte) << (8 * at);
    }
    if !rest.is_empty() {
        h = h.wrapping_mul(M);
    }
    h = (h ^ (h >> 13)).wrapping_mul(M);
    (h ^ (h >> 15)).cast_signed()
}

fn partition(key: &str, partitions: i32) -> i32 {
    (murmur2(key.as_bytes()) & 0x7fff_ffff) % partitions
}

#[test]
fn the_hash_is_javas() {
    // From Kafka's own `UtilsTest.testMurmur2`.
    for (key, hash) in [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        (
            "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
            -58_897_971,
        ),
        ("abc", 479_470_107),
    ] {
        assert_eq!(murmur2(key.as_bytes()), hash, "{key}");
    }
}

#[tokio::test]
async fn a_key_goes_where_javas_client_puts_it() {
    let Some(kafka) = broker().await else { return };
    let topic = topic(&kafka, "partitions", 7).await;
    let keys: Vec<_> = (0..100)
        .map(|n| format!("key-{n}-{}", "x".repeat(n % 9)))
        .collect();
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
            message.partition,
            partition(&message.key, 7),
            "{}",
            message.key
        );
    }
}
