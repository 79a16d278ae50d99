//! Which settings of librdkafka are this crate's own.
//!
//! Either a promise rests on them (a message is acknowledged by all replicas, is never given up by
//! a timer, goes to the partition where every other client looks for its key, an offset is stored
//! after the effect) or they have a field in the options. Anything else may be set.

const OWNED: &[&str] = &[
    "acks",
    "allow.auto.create.topics",
    "auto.commit.enable",
    "auto.offset.reset",
    "batch.size",
    "bootstrap.servers",
    "client.id",
    "compression.codec",
    "compression.type",
    "delivery.report.only.error",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "isolation.level",
    "linger.ms",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "message.max.bytes",
    "message.send.max.retries",
    "message.timeout.ms",
    "metadata.broker.list",
    "partitioner",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queue.buffering.max.ms",
    "queuing.strategy",
    "request.required.acks",
    "retries",
    "security.protocol",
    "socket.keepalive.enable",
    "transaction.timeout.ms",
    "transactional.id",
];

/// Families of settings that have a field, or that could show a secret.
const OWNED_FAMILIES: &[&str] = &["sasl.", "ssl."];

/// True if the setting may not be given by name.
pub(super) fn is_owned(setting: &str) -> bool {
    OWNED.contains(&setting)
        || OWNED_FAMILIES
            .iter()
            .any(|family| setting.starts_with(family))
}
