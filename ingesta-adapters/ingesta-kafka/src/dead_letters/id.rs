//! The name of a dead letter: where its message was.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Names a dead letter by the place of its message, as `topic/partition/offset`.
///
/// ```
/// use ingesta_kafka::dead_letters::DeadLetterId;
///
/// let id: DeadLetterId = "comandos/3/14".parse()?;
/// assert_eq!((id.topic.as_str(), id.partition, id.offset), ("comandos", 3, 14));
/// assert_eq!(id.to_string(), "comandos/3/14");
/// assert!("comandos/3".parse::<DeadLetterId>().is_err());
/// # Ok::<(), ingesta_kafka::dead_letters::NoSuchName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeadLetterId {
    /// The topic that the message was on.
    pub topic: String,
    /// Its partition there.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
}

impl fmt::Display for DeadLetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

/// A text does not name a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a dead letter is named by topic/partition/offset, as comandos/3/14")]
pub struct NoSuchName;

impl FromStr for DeadLetterId {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<Self, NoSuchName> {
        // A topic's name has no slash.
        let mut parts = text.split('/');
        let id = Self {
            topic: parts
                .next()
                .filter(|topic| !topic.is_empty())
                .ok_or(NoSuchName)?
                .to_owned(),
            partition: number(parts.next())?,
            offset: number(parts.next())?,
        };
        match parts.next() {
            None => Ok(id),
            Some(_) => Err(NoSuchName),
        }
    }
}

fn number<N: FromStr + PartialOrd + Default>(part: Option<&str>) -> Result<N, NoSuchName> {
    let number: N = part.and_then(|part| part.parse().ok()).ok_or(NoSuchName)?;
    if number < N::default() {
        return Err(NoSuchName);
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_place_is_refused() {
        for text in [
            "", "t", "t/1", "/1/2", "t/a/2", "t/1/", "t/1/2/3", "t/-1/2", "t/1/-2",
        ] {
            assert_eq!(text.parse::<DeadLetterId>(), Err(NoSuchName), "{text}");
        }
    }

    #[test]
    fn the_order_is_that_of_places_and_not_of_letters() {
        let id = |text: &str| text.parse::<DeadLetterId>().expect("a name");
        assert!(id("t/0/9") < id("t/0/10"));
        assert!(id("t/2/0") < id("t/10/0"));
    }
}
