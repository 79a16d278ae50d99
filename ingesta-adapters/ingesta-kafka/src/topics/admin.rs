//! The questions to the broker about topics, each with the permission that it takes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Kafka};
use rdkafka::producer::{DeliveryResult, Producer, ProducerContext, ThreadedProducer};

use super::TopicSpec;
use crate::connect::{Code, KafkaError, KafkaOptions, heard, said};

const CREATING: &str = "creating a topic";

const ANSWER_WITHIN: Duration = Duration::from_secs(5);

pub(super) struct Admin {
    client: AdminClient<Listening>,
    /// Asks for metadata, and hears what the administration client does not: that the broker
    /// refuses this program's identity.
    asking: Arc<ThreadedProducer<Listening>>,
    heard: Listening,
}

#[derive(Clone, Default)]
struct Listening {
    refused: Arc<Mutex<Option<KafkaError>>>,
}

impl ClientContext for Listening {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        said(level, facility, line);
    }

    fn error(&self, error: ClientError, _reason: &str) {
        if let Some(refused) = heard(&error).filter(KafkaError::is_refusal) {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(refused);
        }
    }
}

impl ProducerContext for Listening {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

impl Admin {
    pub(super) fn new(kafka: &KafkaOptions) -> Result<Self, KafkaError> {
        const MAKING: &str = "making the administration client";
        kafka.check()?;
        let (config, heard) = (kafka.client()?, Listening::default());
        let failed = |cause| KafkaError::of(MAKING, &cause);
        Ok(Self {
            client: config.create_with_context(heard.clone()).map_err(failed)?,
            asking: Arc::new(config.create_with_context(heard.clone()).map_err(failed)?),
            heard,
        })
    }

    /// Why nobody answers, if the broker has said so.
    pub(super) fn refused(&self) -> Option<KafkaError> {
        let refused = self
            .heard
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        refused.clone()
    }

    /// How many partitions a topic has that can be written to now; `None`: there is no topic.
    pub(super) async fn partitions(&self, topic: &str) -> Result<Option<usize>, KafkaError> {
        const LOOKING: &str = "looking at a topic";
        let (asking, asked) = (Arc::clone(&self.asking), topic.to_owned());
        let answer = tokio::task::spawn_blocking(move || {
            let metadata = asking
                .client()
                .fetch_metadata(Some(&asked), ANSWER_WITHIN)?;
            let found = metadata.topics().iter().find(|found| found.name() == asked);
            Ok(found.map(|found| {
                let led = found.partitions().iter().filter(|part| part.leader() >= 0);
                let all = found.partitions().len();
                (found.error().map(Kafka::from), led.count() == all, all)
            }))
        });
        let answer = answer.await.map_err(|_| KafkaError::Broken {
            attempted: LOOKING,
            code: "Interrupted".to_owned(),
        })?;
        let busy = || KafkaError::Busy {
            attempted: LOOKING,
            code: "LeaderNotAvailable".to_owned(),
        };
        match answer {
            Err(cause) => Err(KafkaError::of(LOOKING, &cause)),
            Ok(None | Some((Some(Kafka::UnknownTopicOrPartition | Kafka::UnknownTopic), ..))) => {
                Ok(None)
            }
            Ok(Some((Some(Kafka::TopicAuthorizationFailed), ..))) => {
                Err(missing(LOOKING, format!("DESCRIBE on Topic {topic}")))
            }
            Ok(Some((Some(code), ..))) => Err(Code(Some(code)).meaning(LOOKING, Some(topic))),
            Ok(Some((None, led, all))) if led && all > 0 => Ok(Some(all)),
            Ok(Some((None, ..))) => Err(busy()),
        }
    }

    /// What a setting of a topic is.
    pub(super) async fn settings(
        &self,
        topic: &str,
    ) -> Result<Box<dyn Fn(&str) -> Option<String> + Send + Sync>, KafkaError> {
        const READING: &str = "reading a topic's settings";
        let asked = [ResourceSpecifier::Topic(topic)];
        let answer = self.client.describe_configs(&asked, &options()).await;
        let found = match answer {
            Err(cause) => return Err(KafkaError::of(READING, &cause)),
            Ok(answer) => answer.into_iter().next(),
        };
        match found {
            Some(Ok(settings)) => Ok(Box::new(move |name| settings.get(name)?.value.clone())),
            Some(Err(Kafka::TopicAuthorizationFailed)) => Err(missing(
                READING,
                format!("DESCRIBE_CONFIGS on Topic {topic}"),
            )),
            Some(Err(code)) => Err(Code(Some(code)).meaning(READING, Some(topic))),
            None => Err(Code(None).meaning(READING, Some(topic))),
        }
    }

    /// Creates a topic. `false`: it appeared meanwhile.
    pub(super) async fn create(&self, spec: &TopicSpec) -> Result<bool, KafkaError> {
        let copies = TopicReplication::Fixed(spec.replication.unwrap_or(-1));
        let settings = spec.settings();
        let mut topic = NewTopic::new(&spec.name, spec.partitions, copies);
        for (name, value) in &settings {
            topic = topic.set(name, value);
        }
        let answer = match self.client.create_topics([&topic], &options()).await {
            Err(cause) => return Err(KafkaError::of(CREATING, &cause)),
            Ok(answer) => answer.into_iter().next(),
        };
        match answer {
            Some(Ok(_)) => Ok(true),
            Some(Err((_, Kafka::TopicAlreadyExists))) => Ok(false),
            Some(Err((name, code))) => Err(not_created(&name, code)),
            None => Err(Code(None).meaning(CREATING, Some(&spec.name))),
        }
    }
}

/// Why the broker did not create a topic.
fn not_created(name: &str, code: Kafka) -> KafkaError {
    let wrong = |what: String| KafkaError::Settings { what };
    if [
        Kafka::TopicAuthorizationFailed,
        Kafka::ClusterAuthorizationFailed,
    ]
    .contains(&code)
    {
        return missing(
            CREATING,
            format!("CREATE on Cluster, or CREATE on Topic {name}"),
        );
    }
    if code == Kafka::InvalidReplicationFactor {
        return wrong(format!(
            "topic `{name}`: fewer brokers than copies asked for"
        ));
    }
    if [Kafka::InvalidConfig, Kafka::PolicyViolation].contains(&code) {
        return wrong(format!(
            "topic `{name}`: the broker refuses its settings ({code:?})"
        ));
    }
    Code(Some(code)).meaning(CREATING, Some(name))
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(ANSWER_WITHIN))
        .operation_timeout(Some(ANSWER_WITHIN))
}

fn missing(attempted: &'static str, missing: String) -> KafkaError {
    KafkaError::NotAuthorised { attempted, missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_permission_names_the_operation_and_the_topic() {
        for code in [
            Kafka::TopicAuthorizationFailed,
            Kafka::ClusterAuthorizationFailed,
        ] {
            let refused = not_created("orders", code);
            assert_eq!(refused.kind(), "not_authorised");
            let text = refused.to_string();
            assert!(
                text.contains("CREATE on Cluster, or CREATE on Topic orders"),
                "{text}"
            );
        }
        assert_eq!(
            not_created("orders", Kafka::PolicyViolation).kind(),
            "settings"
        );
        assert_eq!(not_created("orders", Kafka::NotController).kind(), "busy");
    }
}
