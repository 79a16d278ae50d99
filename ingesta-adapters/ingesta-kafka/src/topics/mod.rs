//! Topics with the settings they need: created where they are missing, checked where they are.
//!
//! What is there is never changed: a topic with other settings is told, and a person decides. A
//! missing permission is an error that names it. Existing messages are not looked at.

mod admin;
mod spec;

use std::time::Duration;

pub use self::spec::{Cleanup, Difference, Ensured, TopicSpec, Was};

use self::admin::Admin;
use crate::connect::{KafkaError, KafkaOptions};

/// Has every topic created or checked, and waits until messages can be sent to all of them.
///
/// Asks again while the broker is away or busy, at most `within` in all.
///
/// # Errors
/// [`KafkaError::NotAuthorised`] names the permission that is missing; [`KafkaError::Unreachable`]
/// and [`KafkaError::Busy`] when the time is over.
pub async fn ensure(
    kafka: &KafkaOptions,
    specs: &[TopicSpec],
    within: Duration,
) -> Result<Vec<Ensured>, KafkaError> {
    let admin = Admin::new(kafka)?;
    let deadline = tokio::time::Instant::now() + within;
    let mut ensured = Vec::with_capacity(specs.len());
    for spec in specs {
        spec.check()?;
        ensured.push(until(deadline, async || one(&admin, spec).await).await?);
    }
    Ok(ensured)
}

async fn one(admin: &Admin, spec: &TopicSpec) -> Result<Ensured, KafkaError> {
    let topic = spec.name.clone();
    if let Some(partitions) = admin.partitions(&topic).await? {
        let differences = match admin.settings(&topic).await {
            Ok(settings) => spec.differences(partitions, &settings),
            // Who may write to a topic need not be allowed to read its settings.
            Err(KafkaError::NotAuthorised { missing, .. }) => {
                let mut differences = spec.differences(partitions, &|_| None);
                differences.push(Difference::Unread { missing });
                differences
            }
            Err(error) => return Err(error),
        };
        return Ok(Ensured {
            topic,
            was: Was::There,
            differences,
        });
    }
    admin.create(spec).await?;
    // Made, and not usable yet: leaders are still being chosen.
    match admin.partitions(&topic).await? {
        Some(_) => Ok(Ensured {
            topic,
            was: Was::Created,
            differences: Vec::new(),
        }),
        None => Err(KafkaError::Busy {
            attempted: "waiting for a new topic",
            code: "LeaderNotAvailable".to_owned(),
        }),
    }
}

/// Repeats what may pass, until it is done or the time is over.
async fn until(
    deadline: tokio::time::Instant,
    attempt: impl AsyncFn() -> Result<Ensured, KafkaError>,
) -> Result<Ensured, KafkaError> {
    let mut created = false;
    let mut pause = Duration::from_millis(20);
    loop {
        match attempt().await {
            Ok(mut ensured) => {
                if created {
                    ensured.was = Was::Created;
                }
                return Ok(ensured);
            }
            Err(error @ (KafkaError::Unreachable { .. } | KafkaError::Busy { .. })) => {
                if tokio::time::Instant::now() + pause >= deadline {
                    return Err(error);
                }
                created |= matches!(error, KafkaError::Busy { attempted, .. } if attempted == "waiting for a new topic");
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}
