//! One transaction, from its beginning to the broker's word on it. Blocking, and bounded between
//! any two looks at whether somebody still waits for it.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Kafka};
use rdkafka::producer::{BaseProducer, Producer};

use super::context::Context;
use super::recall::going_on;
use crate::connect::{Code, KafkaError};
use crate::message::OutgoingMessage;
use crate::producer::Record;

const COMMITTING: &str = "committing a transaction";

/// How long one call may block before it is looked whether anybody still waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// Fences whoever had this identity before, and ends what they left open.
pub(super) fn fence(
    producer: &BaseProducer<Context>,
    identity: &str,
    cancelled: &AtomicBool,
) -> Result<(), KafkaError> {
    loop {
        going_on(cancelled)?;
        match producer.init_transactions(PATIENCE) {
            Ok(()) => return Ok(()),
            Err(cause) if may_repeat(&cause) => {
                // Only so does the client tell that the broker refuses this program's identity.
                producer.poll(Duration::ZERO);
                let code = Code::of(&cause).to_string();
                let attempted = "beginning as the one producer of this relay";
                producer
                    .context()
                    .gauges()
                    .trouble(&KafkaError::Unreachable { attempted, code });
            }
            Err(cause) => return Err(meaning(&cause, identity)),
        }
    }
}

/// Sends the messages in one transaction and commits it.
///
/// After an error it may have been committed all the same, and the producer is not to be used
/// again: a new one finds out.
pub(super) fn transact(
    producer: &BaseProducer<Context>,
    identity: &str,
    messages: &[OutgoingMessage],
    cancelled: &AtomicBool,
) -> Result<(), KafkaError> {
    producer.context().take_refused();
    producer
        .begin_transaction()
        .map_err(|cause| meaning(&cause, identity))?;
    for (at, message) in messages.iter().enumerate() {
        if let Err(error) = send(producer, message, cancelled) {
            abort(producer, cancelled);
            return Err(error);
        }
        if at % 256 == 255 {
            producer.poll(Duration::ZERO);
        }
    }
    loop {
        going_on(cancelled)?;
        let cause = match producer.commit_transaction(PATIENCE) {
            Ok(()) => return Ok(()),
            Err(cause) if may_repeat(&cause) => {
                // So that it is heard why the broker does not answer.
                producer.poll(Duration::ZERO);
                continue;
            }
            Err(cause) => cause,
        };
        if let ClientError::Transaction(cause) = &cause
            && cause.txn_requires_abort()
        {
            abort(producer, cancelled);
        }
        // A message that was refused is the reason, if there is one.
        return Err(match producer.context().take_refused() {
            Some((code, topic)) if !follows(&cause) => {
                Code(Some(code)).meaning(COMMITTING, Some(&topic))
            }
            _ => meaning(&cause, identity),
        });
    }
}

/// True where messages failed because the producer did, and not the other way round.
fn follows(cause: &ClientError) -> bool {
    matches!(cause, ClientError::Transaction(cause) if cause.is_fatal())
}

/// Gives one message to the client; where that is full, waits for deliveries.
fn send(
    producer: &BaseProducer<Context>,
    message: &OutgoingMessage,
    cancelled: &AtomicBool,
) -> Result<(), KafkaError> {
    let record = Record::from(message);
    let bytes = record.weight();
    loop {
        producer.context().gauges().handed_over(bytes);
        let Err((cause, _)) = producer.send(record.native(bytes)) else {
            return Ok(());
        };
        producer.context().gauges().taken_back(bytes);
        let code = Code::of(&cause);
        if code.0 != Some(Kafka::QueueFull) {
            return Err(code.meaning("publishing", Some(&message.topic)));
        }
        going_on(cancelled)?;
        producer.poll(Duration::from_millis(10));
    }
}

/// Ends the transaction for its readers. Where that fails too, the next producer ends it, or the
/// broker's timer does.
fn abort(producer: &BaseProducer<Context>, cancelled: &AtomicBool) {
    while going_on(cancelled).is_ok() {
        match producer.abort_transaction(PATIENCE) {
            Err(cause) if may_repeat(&cause) => producer.poll(Duration::ZERO),
            Ok(()) | Err(_) => return,
        }
    }
}

fn may_repeat(cause: &ClientError) -> bool {
    if let ClientError::Transaction(cause) = cause {
        return !cause.is_fatal()
            && (cause.is_retriable() || cause.code() == Kafka::OperationTimedOut);
    }
    *cause == ClientError::Flush(Kafka::OperationTimedOut)
}

fn meaning(cause: &ClientError, identity: &str) -> KafkaError {
    let code = Code::of(cause);
    match code.0 {
        Some(Kafka::Fenced | Kafka::ProducerFenced | Kafka::InvalidProducerEpoch) => {
            KafkaError::Fenced {
                identity: identity.to_owned(),
            }
        }
        Some(Kafka::TransactionalIdAuthorizationFailed) => KafkaError::NotAuthorised {
            attempted: COMMITTING,
            missing: format!("WRITE and DESCRIBE on TransactionalId {identity}"),
        },
        _ => code.meaning(COMMITTING, None),
    }
}
