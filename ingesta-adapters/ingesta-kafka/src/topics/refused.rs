//! Which topics are not as they must be, each with its reason, and which are.

use std::fmt;

use super::Ensured;
use crate::connect::KafkaError;

/// Not all topics could be made or checked. Those that could, were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotEnsured {
    /// What came of the others, in the order in which they were asked for.
    pub ensured: Vec<Ensured>,
    /// At least one, in the order in which they were asked for.
    pub refused: Vec<RefusedTopic>,
}

/// A topic that is not there, as far as is known, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedTopic {
    /// Its name.
    pub topic: String,
    /// Why. [`KafkaError::NotAuthorised`] names the permission that is missing.
    pub cause: KafkaError,
}

impl NotEnsured {
    /// The reason to act on first: one that somebody has to mend before one that passes.
    #[must_use]
    pub fn gravest(&self) -> Option<&KafkaError> {
        let causes = || self.refused.iter().map(|refused| &refused.cause);
        causes().find(|cause| !passes(cause)).or(causes().next())
    }

    /// A stable word for statuses: that of the gravest reason.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.gravest().map_or("broken", KafkaError::kind)
    }

    /// True where nobody has refused anything: the broker is away or busy, and it passes.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.refused.iter().all(|refused| passes(&refused.cause))
    }
}

fn passes(cause: &KafkaError) -> bool {
    matches!(
        cause,
        KafkaError::Unreachable { .. } | KafkaError::Busy { .. } | KafkaError::Broken { .. }
    )
}

impl From<NotEnsured> for KafkaError {
    /// The gravest reason alone.
    fn from(error: NotEnsured) -> Self {
        let gravest = error.gravest().cloned();
        gravest.unwrap_or_else(|| KafkaError::Broken {
            attempted: "ensuring topics",
            code: "no reason".to_owned(),
        })
    }
}

impl std::error::Error for NotEnsured {}

/// One sentence for each reason, with all the topics that it concerns.
impl fmt::Display for NotEnsured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.ensured.len() + self.refused.len();
        write!(f, "{} of {all} topics are not ready: ", self.refused.len())?;
        let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
        for refused in &self.refused {
            let reason = refused.cause.to_string();
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, topics)) => topics.push(&refused.topic),
                None => reasons.push((reason, vec![&refused.topic])),
            }
        }
        for (at, (reason, topics)) in reasons.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {reason}", topics.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(topic: &str, cause: KafkaError) -> RefusedTopic {
        RefusedTopic {
            topic: topic.to_owned(),
            cause,
        }
    }

    fn busy() -> KafkaError {
        KafkaError::Busy {
            attempted: "creating a topic",
            code: "NotController".to_owned(),
        }
    }

    #[test]
    fn every_topic_is_named_and_a_reason_is_told_once() {
        let missing = |topic| KafkaError::NotAuthorised {
            attempted: "creating a topic",
            missing: format!("CREATE on Topic {topic}"),
        };
        let error = NotEnsured {
            ensured: Vec::new(),
            refused: vec![
                refused("a", busy()),
                refused("b", missing("b")),
                refused("c", missing("c")),
                refused("d", busy()),
            ],
        };
        let text = error.to_string();
        for said in ["4 of 4 topics", "a, d: ", "Topic b", "Topic c"] {
            assert!(text.contains(said), "{text}");
        }
        assert_eq!(text.matches("NotController").count(), 1, "{text}");
        assert!(!error.passes());
        assert_eq!(KafkaError::from(error), missing("b"));
    }

    #[test]
    fn where_the_broker_is_away_it_passes() {
        let error = NotEnsured {
            ensured: Vec::new(),
            refused: vec![refused("a", busy())],
        };
        assert!(error.passes());
        assert_eq!(error.gravest(), Some(&busy()));
    }
}
