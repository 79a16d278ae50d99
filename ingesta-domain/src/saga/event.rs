//! What a saga remembers: one struct per event, one enum over them.
//!
//! It promises a stored form that stays readable, as [`crate::ingesta`]'s events do, and that an
//! event alone says what it asks for.
//! No patient, no address and no description is kept here: who writes a message takes them from
//! the ingesta.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::{Causa, ComandoSaga, Envio, EstadoSaga, FinIngesta, MotivoSaga, Paso, Plan};
use crate::valor::{Codigo, Modalidad, Motivo};

/// The processing had begun before the saga did: a person was quicker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcesoAdelantado {
    /// When it was heard.
    pub fecha: DateTime<Utc>,
}

/// The image is well formed and the saga has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaIniciada {
    /// The kind of device, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modalidad: Option<Modalidad>,
    /// How patient it is.
    pub plan: Plan,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// The ingesta is asked for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComandoPedido {
    /// For what.
    pub comando: ComandoSaga,
    /// Why, where the command needs a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motivo: Option<MotivoSaga>,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// A neighbour is asked for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrdenEnviada {
    /// For what, and the how-manieth time.
    pub envio: Envio,
    /// How long the answer is waited for, in milliseconds.
    pub espera_ms: u64,
    /// The kind of device, where the labeller is asked and it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modalidad: Option<Modalidad>,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// A step is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasoHecho {
    /// The sending that was answered.
    pub envio: Envio,
    /// When it was heard.
    pub fecha: DateTime<Utc>,
}

/// A step is given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasoFallido {
    /// The sending that was refused or not answered.
    pub envio: Envio,
    /// Refused or not answered.
    pub causa: Causa,
    /// The neighbour's code, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codigo: Option<Codigo>,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// The saga turns back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompensacionIniciada {
    /// Why.
    pub motivo: MotivoSaga,
    /// What is to be reverted, the latest first.
    pub pasos: Vec<Paso>,
    /// The sending whose answer is no longer waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pendiente: Option<Envio>,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// A step is reverted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasoRevertido {
    /// The sending that was answered.
    pub envio: Envio,
    /// Whether there was anything to revert.
    pub habia: bool,
    /// When it was heard.
    pub fecha: DateTime<Utc>,
}

/// The ingesta refused a command of the saga.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComandoRechazado {
    /// Which.
    pub comando: ComandoSaga,
    /// The refusal's code.
    pub codigo: Codigo,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// The ingesta has ended, as the log says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestaTerminada {
    /// How.
    pub fin: FinIngesta,
    /// When it was heard.
    pub fecha: DateTime<Utc>,
}

/// A person gave the saga up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaAbandonada {
    /// Why, in the person's words.
    pub motivo: Motivo,
    /// What is left that nobody reverts, the latest first.
    pub sin_revertir: Vec<Paso>,
    /// The sending whose answer is no longer waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pendiente: Option<Envio>,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// The saga has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaTerminada {
    /// How.
    pub estado: EstadoSaga,
    /// The sending whose answer is no longer waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pendiente: Option<Envio>,
    /// When.
    pub fecha: DateTime<Utc>,
}

macro_rules! eventos {
    ($($evento:ident),+ $(,)?) => {
        /// Any event of a saga.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub enum SagaEvent {
            $(
                #[doc = concat!("See [`", stringify!($evento), "`].")]
                $evento($evento),
            )+
        }

        variantes!(SagaEvent: $($evento),+);

        impl SagaEvent {
            /// When it happened.
            #[must_use]
            pub const fn fecha(&self) -> DateTime<Utc> {
                match self {
                    $(Self::$evento(e) => e.fecha),+
                }
            }
        }
    };
}

eventos!(
    ProcesoAdelantado,
    SagaIniciada,
    ComandoPedido,
    OrdenEnviada,
    PasoHecho,
    PasoFallido,
    CompensacionIniciada,
    PasoRevertido,
    ComandoRechazado,
    IngestaTerminada,
    SagaAbandonada,
    SagaTerminada,
);

impl DomainEvent for SagaEvent {
    fn event_type(&self) -> String {
        self.tipo().to_owned()
    }

    fn event_version(&self) -> String {
        // One version per type: a type that moves on gets its own arm here and an upcaster.
        "1".to_owned()
    }
}
