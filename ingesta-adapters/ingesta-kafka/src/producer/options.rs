//! The settings of a producer, each with its default and its unit, and what is not up for choice.

use rdkafka::config::ClientConfig;

use crate::connect::KafkaError;

/// How a [`super::Publisher`] behaves. Any value works: what would stop it is raised to the least
/// that does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerOptions {
    /// Messages under way and not acknowledged, at most. Default 20,000, at least 1.
    pub window_messages: usize,
    /// Bytes of keys and values under way and not acknowledged, at most; a larger message goes
    /// alone. Default 32 MiB.
    pub window_bytes: usize,
    /// How long the client waits for company before it sends, in milliseconds. Default 2, at most
    /// 1,000: a batch ends with a wait for its last acknowledgement, so every millisecond here is
    /// added to each batch.
    pub linger_ms: u32,
    /// How batches are compressed. Default [`Compression::Lz4`]: a megabyte of JSON envelopes of
    /// 520 bytes was packed at 1,560 MB/s to a third, by zstd at 237 MB/s to a sixth; at 100,000
    /// such messages a second that is 3 % against 22 % of a core beside the database. Where the
    /// network or the broker's disk is dearer than that, take zstd.
    pub compression: Compression,
    /// The largest message, in bytes: at most what the topics take (`max.message.bytes`, by
    /// default about 1 MiB). Default 1,000,000, at least 1,000. Requests are kept below it too.
    pub message_max_bytes: u32,
}

impl Default for ProducerOptions {
    fn default() -> Self {
        Self {
            window_messages: 20_000,
            window_bytes: 32 * 1024 * 1024,
            linger_ms: 2,
            compression: Compression::Lz4,
            message_max_bytes: 1_000_000,
        }
    }
}

/// How batches are compressed on their way and in the broker's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As they are.
    None,
    /// Little work, good size.
    Lz4,
    /// More work, better size.
    Zstd,
}

impl Compression {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

impl ProducerOptions {
    pub(super) fn messages_or_least(&self) -> usize {
        self.window_messages.clamp(1, 10_000_000)
    }

    /// The largest message that is given to the client, in bytes.
    pub(crate) fn largest(&self) -> usize {
        self.message_max_bytes.clamp(1_000, 1_000_000_000) as usize
    }

    /// Puts the settings, chosen ones and fixed ones, into a client's configuration.
    pub(crate) fn apply(&self, config: &mut ClientConfig) -> Result<(), KafkaError> {
        let largest = self.largest();
        // The client's own bound lies behind ours, so that it is never what stops the sender.
        let queued = self.messages_or_least().saturating_add(1);
        let kilobytes = (self.window_bytes / 1024)
            .saturating_add(2 * largest / 1024)
            .clamp(1, 2_000_000);
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // A message that is refused for good stops the client instead of letting later ones of
            // its partition pass: they would be first where they must be second.
            .set("enable.gapless.guarantee", "true")
            // The hash of Java's client, so that a key has one partition whoever writes it.
            .set("partitioner", "murmur2_random")
            // No timer gives a message up: it would leave a hole.
            .set("message.timeout.ms", "0")
            .set("linger.ms", self.linger_ms.min(1_000).to_string())
            .set("compression.type", self.compression.name())
            .set("message.max.bytes", largest.to_string())
            .set("batch.size", largest.min(1_000_000).to_string())
            .set("queue.buffering.max.messages", queued.to_string())
            .set("queue.buffering.max.kbytes", kilobytes.to_string());
        config
            .create_native_config()
            .map(|_| ())
            .map_err(|cause| KafkaError::of("making the producer", &cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_chosen_the_promises_stay() {
        let odd = ProducerOptions {
            window_messages: 0,
            window_bytes: 0,
            linger_ms: u32::MAX,
            compression: Compression::Zstd,
            message_max_bytes: 0,
        };
        for options in [ProducerOptions::default(), odd] {
            let mut config = ClientConfig::new();
            options.apply(&mut config).unwrap();
            for (setting, value) in [
                ("enable.idempotence", "true"),
                ("acks", "all"),
                ("partitioner", "murmur2_random"),
                ("message.timeout.ms", "0"),
                ("enable.gapless.guarantee", "true"),
            ] {
                assert_eq!(config.get(setting), Some(value), "{setting}");
            }
        }
    }
}
