//! From the options to a consumer of the client library.
//!
//! It promises the settings that the inbox's own promises rest on, whatever was chosen. Making a
//! consumer connects to nobody.

use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::BaseConsumer;

use super::context::Context;
use super::{InboxOptions, Membership};
use crate::connect::{KafkaError, KafkaOptions};

/// How often the client library tells how it stands, and so how old the lag in a status may be.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Messages of a partition that the client library fetches ahead of the pipeline, and kilobytes of
/// them over all partitions. Its own defaults keep 64 MiB that nobody has begun.
const AHEAD: &str = "1000";
const AHEAD_KILOBYTES: &str = "16384";

fn milliseconds(duration: Duration, least: u64, most: u64) -> String {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    milliseconds.clamp(least, most).to_string()
}

/// The settings of a member.
pub(super) fn settings(
    kafka: &KafkaOptions,
    options: &InboxOptions,
) -> Result<ClientConfig, KafkaError> {
    let mut config = kafka.client()?;
    config
        .set("group.id", &options.group)
        // A member with the name of another one makes a cooperative group go round in circles.
        .set("client.id", &options.client_id)
        // Finished is what the handler has finished, not what was read.
        .set("enable.auto.offset.store", "false")
        .set("enable.auto.commit", "true")
        .set(
            "auto.commit.interval.ms",
            milliseconds(options.commit_every, 10, 86_400_000),
        )
        // A new group begins at the beginning: what was there before it is nobody else's to handle.
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "false")
        .set("check.crcs", "true")
        .set("queued.min.messages", AHEAD)
        .set("queued.max.messages.kbytes", AHEAD_KILOBYTES)
        // A topic that is created after the inbox is found within seconds.
        .set("topic.metadata.refresh.interval.ms", "10000")
        .set(
            "max.poll.interval.ms",
            milliseconds(options.max_poll_interval, 1, 86_400_000),
        )
        .set(
            "statistics.interval.ms",
            milliseconds(TELL_EVERY, 1, 60_000),
        );
    let session = milliseconds(options.session_timeout, 1, 3_600_000);
    match options.membership {
        Membership::Range => config
            .set("partition.assignment.strategy", "range")
            .set("session.timeout.ms", session),
        Membership::CooperativeSticky => config
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", session),
        Membership::BrokerSide => config.set("group.protocol", "consumer"),
    };
    Ok(config)
}

/// A consumer that has not subscribed yet.
pub(super) fn consumer(
    config: &ClientConfig,
    context: Context,
) -> Result<BaseConsumer<Context>, KafkaError> {
    let made = config.create_with_context(context);
    made.map_err(|cause| KafkaError::of("making the consumer", &cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(options: &InboxOptions) -> ClientConfig {
        settings(&KafkaOptions::new("localhost:1"), options).expect("they are sound")
    }

    #[test]
    fn whatever_is_chosen_the_promises_stay() {
        for membership in [
            Membership::Range,
            Membership::CooperativeSticky,
            Membership::BrokerSide,
        ] {
            let options = InboxOptions {
                membership,
                commit_every: Duration::ZERO,
                max_poll_interval: Duration::MAX,
                ..InboxOptions::new("g", ["t"])
            };
            let config = of(&options);
            for (setting, value) in [
                ("enable.auto.offset.store", "false"),
                ("enable.auto.commit", "true"),
                ("auto.offset.reset", "earliest"),
                ("client.id", &options.client_id),
            ] {
                assert_eq!(config.get(setting), Some(value), "{setting}");
            }
            config
                .create_native_config()
                .expect("the client library takes them");
        }
    }

    #[test]
    fn the_broker_decides_only_where_it_is_asked_to() {
        let range = of(&InboxOptions::new("g", ["t"]));
        assert_eq!(range.get("partition.assignment.strategy"), Some("range"));
        let asked = of(&InboxOptions {
            membership: Membership::BrokerSide,
            ..InboxOptions::new("g", ["t"])
        });
        assert_eq!(asked.get("group.protocol"), Some("consumer"));
        // The client library refuses these where the broker decides.
        assert_eq!(asked.get("partition.assignment.strategy"), None);
        assert_eq!(asked.get("session.timeout.ms"), None);
    }
}
