//! From a message to the dispatcher.
//!
//! Promises: a command is named by its message, so a second delivery finds it done; nothing of it is
//! kept besides; a message that is called by another command's name is not taken for this one.
//! It does not retry and moves no offset: the inbox does.

use std::marker::PhantomData;

use async_trait::async_trait;
use chrono::Utc;
use ingesta_kafka::envelope::EnvelopeReader;
use ingesta_kafka::inbox::{HandleError, Handler, command_id};
use ingesta_kafka::message::IncomingMessage;

use super::contexto::contexto;
use super::juicio::{ilegible, juzgar, valor};
use super::ordenes::Orden;
use super::tipos::comprobar;
use crate::comandos::{Despachador, nombre};
use crate::mensajes::Esquema;

/// Handles the messages of one topic of commands.
pub(super) struct Manejador<O> {
    despachador: Despachador,
    esquema: Esquema,
    reader: EnvelopeReader,
    orden: PhantomData<O>,
}

impl<O> Manejador<O> {
    /// `esquema`: what the topic carries.
    pub(super) fn new(despachador: Despachador, esquema: Esquema, reader: EnvelopeReader) -> Self {
        Self {
            despachador,
            esquema,
            reader,
            orden: PhantomData,
        }
    }
}

#[async_trait]
impl<O: Orden> Handler for Manejador<O> {
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
        let Some(value) = &message.value else {
            return Err(HandleError::poison("no_value", "a command needs a value"));
        };
        let envelope = self
            .reader
            .read::<O::Datos>(value)
            .await
            .map_err(ilegible)?;
        let tipo = envelope.message_type.as_deref();
        comprobar(self.esquema, tipo, message)?;
        let named = command_id(message, envelope.id.as_deref());
        let (id, command) = O::orden(envelope.data, Utc::now()).map_err(|error| valor(&error))?;
        let context = contexto(message, &named);
        // With the topic, which is never the name of another door.
        let name = nombre("kafka", &format!("{}/{named}", message.topic));
        juzgar(
            self.despachador
                .ejecutar(id, command, Some(name), context)
                .await,
        )
    }
}
