//! Topics with the settings they need: created where they are missing, checked where they are.
//!
//! What is there is never changed: a topic with other settings is told, and a person decides. A
//! missing permission is an error that names it. Existing messages are not looked at.

mod admin;
mod copies;
mod keeping;
mod refused;
mod spec;

use std::time::Duration;

use futures_util::future::join_all;

pub use self::copies::Copies;
pub use self::keeping::{Cleanup, Timestamps};
pub use self::refused::{NotEnsured, RefusedTopic};
pub use self::spec::{Difference, Ensured, TopicSpec, Was};

use self::admin::Admin;
use crate::connect::{KafkaError, KafkaOptions};

/// Has every topic created or checked, all at the same time, and waits until messages can be sent to
/// all of them. One that is refused holds back no other.
///
/// Asks again while the broker is away or busy, at most `within` in all.
///
/// # Errors
/// [`NotEnsured`] names every topic that is not ready, with its reason:
/// [`KafkaError::NotAuthorised`] names the permission that is missing; [`KafkaError::Unreachable`]
/// and [`KafkaError::Busy`] when the time is over.
pub async fn ensure(
    kafka: &KafkaOptions,
    specs: &[TopicSpec],
    within: Duration,
) -> Result<Vec<Ensured>, NotEnsured> {
    let deadline = tokio::time::Instant::now() + within;
    let asked = match Admin::new(kafka) {
        Ok(admin) => join_all(specs.iter().map(|spec| until(&admin, deadline, spec))).await,
        Err(cause) => specs.iter().map(|_| Err(cause.clone())).collect(),
    };
    let (mut ensured, mut refused) = (Vec::new(), Vec::new());
    for (spec, came) in specs.iter().zip(asked) {
        match came {
            Ok(came) => ensured.push(came),
            Err(cause) => refused.push(RefusedTopic {
                topic: spec.name.clone(),
                cause,
            }),
        }
    }
    if refused.is_empty() {
        Ok(ensured)
    } else {
        Err(NotEnsured { ensured, refused })
    }
}

/// One look at a topic. `created` remembers over looks that it was made here.
async fn one(admin: &Admin, spec: &TopicSpec, created: &mut bool) -> Result<Ensured, KafkaError> {
    let topic = spec.name.clone();
    let Some(partitions) = admin.partitions(&topic).await? else {
        *created |= admin.create(spec).await?;
        // Made, and not usable yet: leaders are still being chosen. The next look finds it.
        return Err(KafkaError::Busy {
            attempted: "waiting for a new topic",
            code: "LeaderNotAvailable".to_owned(),
        });
    };
    if *created {
        return Ok(Ensured {
            topic,
            was: Was::Created,
            differences: Vec::new(),
        });
    }
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
    Ok(Ensured {
        topic,
        was: Was::There,
        differences,
    })
}

/// Repeats what may pass, until it is done or the time is over.
async fn until(
    admin: &Admin,
    deadline: tokio::time::Instant,
    spec: &TopicSpec,
) -> Result<Ensured, KafkaError> {
    spec.check()?;
    let mut created = false;
    let mut pause = Duration::from_millis(20);
    loop {
        let error = match one(admin, spec, &mut created).await {
            Ok(ensured) => return Ok(ensured),
            Err(error) => error,
        };
        if !matches!(
            error,
            KafkaError::Unreachable { .. } | KafkaError::Busy { .. }
        ) {
            return Err(error);
        }
        // A broker that refuses this program's identity answers nothing else.
        if let Some(refused) = admin.refused() {
            return Err(refused);
        }
        if tokio::time::Instant::now() + pause >= deadline {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}
