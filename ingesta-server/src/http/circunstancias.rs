//! What a request brings besides the command itself: its name, its conversation, its patience.
//!
//! Promises: a malformed `Idempotency-Key` is refused, because to ignore it could do a thing twice.
//! Who acts is written down where access is controlled, and a provider's names of commands are its
//! own: another one's cannot be in their way.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use ingesta_event_store::{CommandContext, Metadata};
use ingesta_http::{
    AppliedWait, DEFAULT_WAIT_CAP, IdempotencyKey, PreferWait, Problem, RequestId, TraceParent,
};
use uuid::Uuid;

use super::acceso::Actor;
use crate::acceso::Principal;
use crate::comandos::nombre;

/// The circumstances of one command.
#[derive(Clone)]
pub(super) struct Circunstancias {
    key: Option<IdempotencyKey>,
    request_id: Option<RequestId>,
    traceparent: Option<TraceParent>,
    actor: Option<Actor>,
    /// How long the client would like the answer to wait for the views.
    pub(super) wait: Option<AppliedWait>,
}

impl Circunstancias {
    /// The command's name in the store.
    pub(super) fn command_id(&self) -> Option<String> {
        let key = self.key.as_ref()?.as_str();
        Some(match self.actor.as_ref().and_then(|actor| actor.1) {
            Some(proveedor) => nombre(&format!("http-proveedor/{proveedor}"), key),
            None => nombre("http", key),
        })
    }

    /// The same under another name, or under none.
    pub(super) fn con_clave(&self, clave: Option<&str>) -> Result<Self, Problem> {
        let key = clave.map(IdempotencyKey::parse).transpose()?;
        Ok(Self {
            key,
            ..self.clone()
        })
    }

    /// The same, of this principal.
    pub(super) fn de(mut self, principal: &Principal) -> Self {
        self.actor = Some(Actor(principal.nombre().into(), principal.solo()));
        self
    }

    /// The context that is stored with the command's events.
    pub(super) fn context(&self) -> CommandContext {
        let named = self.request_id.as_ref().map(|id| id.as_str().to_owned());
        let traced = self
            .traceparent
            .as_ref()
            .map(|parent| parent.trace_id().to_owned());
        let correlation = named
            .or(traced)
            .unwrap_or_else(|| Uuid::now_v7().to_string());
        CommandContext::default().with_metadata(Metadata {
            correlation_id: Some(correlation),
            traceparent: self
                .traceparent
                .as_ref()
                .map(|parent| parent.as_str().to_owned()),
            actor: self.actor.as_ref().map(|actor| actor.0.to_string()),
            ..Metadata::default()
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Circunstancias {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let key = <IdempotencyKey as OptionalFromRequestParts<S>>::from_request_parts(parts, state);
        let key = key.await?;
        let Ok(request_id) = RequestId::from_request_parts(parts, state).await;
        let Ok(traceparent) = TraceParent::from_request_parts(parts, state).await;
        let Ok(prefer) = PreferWait::from_request_parts(parts, state).await;
        let wait = prefer.capped(DEFAULT_WAIT_CAP);
        Ok(Self {
            key,
            request_id,
            traceparent,
            actor: parts.extensions.get().cloned(),
            wait,
        })
    }
}
