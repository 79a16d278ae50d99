//! What can go wrong between this program and a broker, and what to do about it.
//!
//! The client library has two hundred codes; a caller has a handful of things to do. The code stays
//! in the text for whoever looks it up. No message data, no password and no address of a person is
//! ever in one.

use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};

use super::Code;

/// A failure of the broker, of the way to it, or of this program's standing with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KafkaError {
    /// The options are wrong. *Handling*: correct them; waiting does not help.
    #[error("the Kafka settings are wrong: {what}")]
    Settings {
        /// Which setting, and what is wrong with it.
        what: String,
    },
    /// No broker answers. *Handling*: it passes, or somebody starts one.
    #[error("no Kafka broker answers while {attempted} ({code})")]
    Unreachable {
        /// What was being done.
        attempted: &'static str,
        /// librdkafka's name of the failure.
        code: String,
    },
    /// The broker does not believe who this program is. *Handling*: correct user, password,
    /// mechanism or certificate.
    #[error("the Kafka broker refuses this program's identity while {attempted} ({code})")]
    NotAuthenticated {
        /// What was being done.
        attempted: &'static str,
        /// librdkafka's name of the failure.
        code: String,
    },
    /// One of the two does not trust the other's certificate. *Handling*: correct the authorities
    /// that this program trusts, its own certificate, or the name by which the broker is called.
    #[error(
        "this program and the Kafka broker do not trust each other's certificate while {attempted} \
         ({code}): check the authorities it trusts, its own certificate, and the broker's name"
    )]
    NotTrusted {
        /// What was being done.
        attempted: &'static str,
        /// librdkafka's name of the failure.
        code: String,
    },
    /// This program lacks a permission. *Handling*: grant it; what waits goes on then.
    #[error("not authorised while {attempted}: grant {missing}")]
    NotAuthorised {
        /// What was being done.
        attempted: &'static str,
        /// The permission: operation and resource, as access lists spell them.
        missing: String,
    },
    /// The topic does not exist. *Handling*: create it; what waits goes on then.
    #[error("topic {topic} does not exist: create it, or have it ensured at the start")]
    UnknownTopic {
        /// Its name.
        topic: String,
    },
    /// A message is larger than the client or the topic takes. *Handling*: raise the limits on
    /// both sides, or do not send it.
    #[error("a message for topic {topic} is larger than allowed")]
    TooLarge {
        /// Where it was to go.
        topic: String,
    },
    /// A message breaks a rule of the topic or the broker: its name, a missing key, its timestamp.
    /// *Handling*: correct what makes the message, or the topic's settings.
    #[error("topic {topic} does not accept a message ({code})")]
    Unacceptable {
        /// Where it was to go.
        topic: String,
        /// librdkafka's name of the failure.
        code: String,
    },
    /// Another program took over this one's transactional identity. *Handling*: only one may have
    /// it; whoever lost it stands by.
    #[error("another program uses the transactional identity {identity}")]
    Fenced {
        /// The identity.
        identity: String,
    },
    /// The client gave up on itself and must be made again. *Handling*: done by this library.
    #[error("the Kafka client cannot go on while {attempted} ({code})")]
    Broken {
        /// What was being done.
        attempted: &'static str,
        /// librdkafka's name of the failure.
        code: String,
    },
    /// The broker answers and cannot do it now. *Handling*: it passes.
    #[error("the Kafka broker cannot do it now: {attempted} ({code})")]
    Busy {
        /// What was being done.
        attempted: &'static str,
        /// librdkafka's name of the failure.
        code: String,
    },
    /// The broker refuses. *Handling*: look the code up; it is a wrong set-up or a defect.
    #[error("the Kafka broker refused while {attempted} ({code})")]
    Refused {
        /// What was being done.
        attempted: &'static str,
        /// librdkafka's name of the failure.
        code: String,
    },
}

impl KafkaError {
    /// True where trying again later may help without a new configuration of this program.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Settings { .. }
            | Self::TooLarge { .. }
            | Self::Unacceptable { .. }
            | Self::Refused { .. } => false,
            Self::Unreachable { .. }
            | Self::NotAuthenticated { .. }
            | Self::NotTrusted { .. }
            | Self::NotAuthorised { .. }
            | Self::UnknownTopic { .. }
            | Self::Fenced { .. }
            | Self::Broken { .. }
            | Self::Busy { .. } => true,
        }
    }

    /// A stable word for statuses and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Settings { .. } => "settings",
            Self::Unreachable { .. } => "unreachable",
            Self::NotAuthenticated { .. } => "not_authenticated",
            Self::NotTrusted { .. } => "not_trusted",
            Self::NotAuthorised { .. } => "not_authorised",
            Self::UnknownTopic { .. } => "unknown_topic",
            Self::TooLarge { .. } => "too_large",
            Self::Unacceptable { .. } => "unacceptable",
            Self::Fenced { .. } => "fenced",
            Self::Broken { .. } => "broken",
            Self::Busy { .. } => "busy",
            Self::Refused { .. } => "refused",
        }
    }

    /// The same, or why the client gave up on itself where that is known and there is something to
    /// grant: of each message it says no more than that it gave up.
    pub(crate) fn because(self, fatal: Option<RDKafkaErrorCode>, topic: Option<&str>) -> Self {
        let Self::Broken { attempted, .. } = &self else {
            return self;
        };
        match fatal.map(|code| Code(Some(code)).meaning(attempted, topic)) {
            Some(known @ Self::NotAuthorised { .. }) => known,
            _ => self,
        }
    }

    /// True where a broker is there and does not let this program in, or is not believed.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::NotAuthenticated { .. } | Self::NotTrusted { .. }
        )
    }

    /// True where one message is at fault and its neighbours are not.
    pub(crate) fn blames_message(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::Unacceptable { .. })
    }

    /// The same, about a topic that is known now.
    pub(crate) fn at(self, known: String) -> Self {
        if let Self::Unacceptable { code, .. } = self {
            return Self::Unacceptable { topic: known, code };
        }
        Self::TooLarge { topic: known }
    }

    /// True where the way to the broker is at fault: an acknowledgement proves that it is over.
    pub(crate) fn is_about_connection(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::NotAuthenticated { .. }
                | Self::NotTrusted { .. }
                | Self::Busy { .. }
        )
    }

    /// An error that concerns no topic in particular.
    pub(crate) fn of(attempted: &'static str, cause: &ClientError) -> Self {
        Code::of(cause).meaning(attempted, None)
    }
}
