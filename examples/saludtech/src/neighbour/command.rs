//! From a message that asks for a step to the command on an aggregate, with failures on purpose.
//!
//! Promises: a step is done once however often its message comes, and answered each time: whoever
//! asks again has not heard the answer. What can never be done is put aside with a code and without
//! a word of its data; what is away is waited for.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use cqrs_es::Aggregate;
use ingesta_event_store::{CommandError, Commands, Executed};
use ingesta_kafka::inbox::{EndTexts, HandleError, Handler};
use ingesta_kafka::message::IncomingMessage;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fallos::{Fallos, Modo, Paso};
use crate::mensajes::{Lector, Recibido, Topico, nombre};

/// An aggregate whose steps are asked for by messages.
pub trait Ejecutor: Aggregate<Services = ()> + 'static {
    /// The command that notes a delivery that is left without an answer.
    fn callar() -> Self::Command;

    /// The command that tells the answer at this place of the stream once more.
    fn repetir(secuencia: u64) -> Self::Command;

    /// Which answer an event tells once more, where it does.
    fn repetida(event: &Self::Event) -> Option<u64>;

    /// How many deliveries were left without an answer.
    fn calladas(&self) -> u32;

    /// The code of a refusal.
    fn codigo(error: &Self::Error) -> &'static str;
}

/// A step that a topic asks for.
pub trait Orden: Send + Sync + 'static {
    /// Whose step.
    type Agregado: Ejecutor;
    /// The data of the messages.
    type Datos: DeserializeOwned + Send + Sync;
    /// What must be the same when the name of a message comes again; nothing personal.
    type Pedido: Serialize + Send + Sync;

    /// The topic.
    fn topico(&self) -> Topico;

    /// The step, for failures on purpose.
    fn paso(&self) -> Paso;

    /// Which aggregate, what is asked of it, and what names the wish. `rechazar`: the answer is to
    /// be no.
    ///
    /// # Errors
    /// Poison, where the message can never be carried out.
    #[expect(
        clippy::type_complexity,
        reason = "three parts of one answer, named above"
    )]
    fn orden(
        &self,
        recibido: &Recibido<Self::Datos>,
        rechazar: bool,
    ) -> Result<(String, <Self::Agregado as Aggregate>::Command, Self::Pedido), HandleError>;
}

/// Handles the messages of one topic.
pub struct Receptor<O: Orden> {
    orden: O,
    lector: Lector,
    commands: Commands<O::Agregado>,
    fallos: Fallos,
    /// Deliveries that have failed once on purpose.
    failed: Mutex<HashSet<(String, i32, i64)>>,
}

impl<O: Orden> Receptor<O> {
    /// Of the messages of this step's topic.
    ///
    /// # Errors
    /// When the topic's schema is not that of an envelope.
    pub fn new(orden: O, commands: Commands<O::Agregado>, fallos: &Fallos) -> anyhow::Result<Self> {
        Ok(Self {
            lector: Lector::new(orden.topico())?,
            orden,
            commands,
            fallos: fallos.clone(),
            failed: Mutex::default(),
        })
    }

    /// A passing failure, once for each delivery.
    fn fails(&self, message: &IncomingMessage, id: &str) -> bool {
        if !self.fallos.toca(self.orden.paso(), Modo::Fallar, id, 0) {
            return false;
        }
        let place = (message.topic.clone(), message.partition, message.offset);
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.remove(&place) {
            return false;
        }
        failed.insert(place)
    }
}

impl<O> Receptor<O>
where
    O: Orden,
    <O::Agregado as Aggregate>::Command: Clone + Send + Sync + 'static,
    <O::Agregado as Aggregate>::Error: Send + Sync + 'static,
{
    /// Whether this delivery is left without an answer; then that is noted.
    async fn left(
        &self,
        message: &IncomingMessage,
        recibido: &Recibido<O::Datos>,
        id: &str,
    ) -> Result<bool, HandleError> {
        if !self.fallos.hay(self.orden.paso(), Modo::Callar) {
            return Ok(false);
        }
        let loaded = self
            .commands
            .load(id)
            .await
            .map_err(judged::<O::Agregado>)?;
        let times = loaded.state.calladas();
        let paso = self.orden.paso();
        if !self.fallos.toca(paso, Modo::Callar, &recibido.id, times) {
            return Ok(false);
        }
        // By its place: the same delivery is counted once, and the next one again.
        let place = format!("callada/{}/{}", message.partition, message.offset);
        let name = nombre(&message.topic, &place);
        let context = recibido.sin_nombre().idempotent(name, &"callada");
        let noted = self
            .commands
            .execute(id, O::Agregado::callar(), context)
            .await;
        noted.map_err(judged::<O::Agregado>)?;
        Ok(true)
    }

    /// Tells the answer of an order that came again, once for each time that it came.
    async fn answer_again(
        &self,
        message: &IncomingMessage,
        recibido: &Recibido<O::Datos>,
        first: &Executed,
    ) -> Result<(), HandleError> {
        let id = &first.stream.aggregate_id;
        let place = format!("repetida/{}/{}", message.partition, message.offset);
        let name = nombre(&message.topic, &place);
        let context = recibido.sin_nombre().idempotent(name, &first.version);
        let command = O::Agregado::repetir(first.version);
        let told = self.commands.execute(id, command, context).await;
        told.map_err(judged::<O::Agregado>)?;
        Ok(())
    }
}

#[async_trait]
impl<O> Handler for Receptor<O>
where
    O: Orden,
    <O::Agregado as Aggregate>::Command: Clone + Send + Sync + 'static,
    <O::Agregado as Aggregate>::Error: Send + Sync + 'static,
{
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
        let recibido = self.lector.leer::<O::Datos>(message).await?;
        let (paso, fallos) = (self.orden.paso(), &self.fallos);
        let drawn = |modo| fallos.toca(paso, modo, &recibido.id, 0);
        let rechazar = drawn(Modo::Rechazar);
        let (id, command, pedido) = self.orden.orden(&recibido, rechazar)?;
        if drawn(Modo::Demorar) {
            tokio::time::sleep(fallos.demora()).await;
        }
        if self.fails(message, &recibido.id) {
            return Err(HandleError::transient("a passing failure on purpose"));
        }
        if self.left(message, &recibido, &id).await? {
            return Ok(());
        }
        let context = recibido.contexto(&pedido);
        let ended = self.commands.execute(&id, command, context).await;
        let executed = ended.map_err(judged::<O::Agregado>)?;
        if executed.already_done {
            return self.answer_again(message, &recibido, &executed).await;
        }
        if drawn(Modo::Caer) {
            tracing::warn!(topic = message.topic, "dying on purpose, after the effect");
            std::process::abort();
        }
        Ok(())
    }
}

/// How whoever reads the dead letters of a neighbour is told.
pub(crate) const TEXTS: EndTexts = EndTexts {
    reused: "another command with this id was carried out before",
    undecodable: "the log has events that this program cannot read",
    unencodable: "the events of the command cannot be written",
};

/// What the end of a command means for its message.
fn judged<A: Ejecutor>(error: CommandError<A::Error>) -> HandleError
where
    A::Error: Send + Sync + 'static,
{
    HandleError::of_command(error, TEXTS, |refusal| {
        HandleError::poison(A::codigo(&refusal), refusal.to_string())
    })
}
