//! What is stored beside every event: who asked, in which conversation, because of what.
//!
//! The stored form is a flat JSON object of strings, so that plain cqrs-es reads it as its
//! `HashMap<String, String>`. Unknown keys are kept. Nothing personal belongs here: metadata is
//! not encrypted and travels further than the payload.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

/// The metadata of an event, from the first event on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The command that made the event; the same id makes the same command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<String>,
    /// The conversation that the command belongs to, from its first message to its last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The message or event that caused the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// W3C trace context of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Who asked: the name of a principal or of a subscription, never a person's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Keys that this library does not know, kept as they are.
    #[serde(flatten)]
    pub extra: BTreeMap<String, String>,
}

impl Metadata {
    /// The stored form.
    ///
    /// # Panics
    /// Never: a flat map of strings is always JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let named = [
            ("command_id", &self.command_id),
            ("correlation_id", &self.correlation_id),
            ("causation_id", &self.causation_id),
            ("traceparent", &self.traceparent),
            ("actor", &self.actor),
        ];
        let named = named
            .into_iter()
            .filter_map(|(key, value)| Some((key, value.as_deref()?)));
        let extra = self
            .extra
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        // Through a map, so that a named key that was put among the others is written once.
        let map: BTreeMap<&str, &str> = extra.chain(named).collect();
        serde_json::to_string(&map).expect("a flat map of strings is always JSON")
    }

    /// Reads the stored form; anything but a flat object of strings is kept out, as an error.
    ///
    /// # Errors
    /// When the text is not a JSON object of strings.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl From<HashMap<String, String>> for Metadata {
    fn from(mut map: HashMap<String, String>) -> Self {
        Self {
            command_id: map.remove("command_id"),
            correlation_id: map.remove("correlation_id"),
            causation_id: map.remove("causation_id"),
            traceparent: map.remove("traceparent"),
            actor: map.remove("actor"),
            extra: map.into_iter().collect(),
        }
    }
}

impl From<Metadata> for HashMap<String, String> {
    fn from(metadata: Metadata) -> Self {
        let named = [
            ("command_id", metadata.command_id),
            ("correlation_id", metadata.correlation_id),
            ("causation_id", metadata.causation_id),
            ("traceparent", metadata.traceparent),
            ("actor", metadata.actor),
        ];
        let named = named
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)));
        metadata.extra.into_iter().chain(named).collect()
    }
}
