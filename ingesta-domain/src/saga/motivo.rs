//! Why a saga turns back, as data, and the sentence that the ingesta keeps of it.
//!
//! It promises that the sentence holds codes and names of steps only, nothing that came as free text.

use serde::{Deserialize, Serialize};

use super::Paso;
use crate::valor::{Codigo, Motivo};

/// What kind of reason it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Causa {
    /// The neighbour answered that the step cannot be done.
    PasoRechazado,
    /// The neighbour did not answer, as often as it was asked.
    SinRespuesta,
    /// The ingesta ended while the saga was under way.
    IngestaTerminada,
    /// A person gave the saga up.
    SagaAbandonada,
}

impl Causa {
    /// Every kind of reason.
    pub const TODAS: [Self; 4] = [
        Self::PasoRechazado,
        Self::SinRespuesta,
        Self::IngestaTerminada,
        Self::SagaAbandonada,
    ];

    /// The word of the reason, the same as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasoRechazado => "paso_rechazado",
            Self::SinRespuesta => "sin_respuesta",
            Self::IngestaTerminada => "ingesta_terminada",
            Self::SagaAbandonada => "saga_abandonada",
        }
    }
}

/// Why a saga turns back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MotivoSaga {
    /// What kind of reason.
    pub causa: Causa,
    /// The step that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paso: Option<Paso>,
    /// The neighbour's code, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codigo: Option<Codigo>,
}

impl MotivoSaga {
    /// A reason that is about no step.
    #[must_use]
    pub const fn general(causa: Causa) -> Self {
        Self {
            causa,
            paso: None,
            codigo: None,
        }
    }

    /// A reason about a step.
    #[must_use]
    pub const fn del_paso(causa: Causa, paso: Paso, codigo: Option<Codigo>) -> Self {
        Self {
            causa,
            paso: Some(paso),
            codigo,
        }
    }

    /// The sentence that the ingesta keeps.
    ///
    /// ```
    /// use ingesta_domain::saga::{Causa, MotivoSaga, Paso};
    ///
    /// let motivo = MotivoSaga::del_paso(Causa::SinRespuesta, Paso::Etiquetado, None);
    /// assert_eq!(motivo.texto().as_str(), "el paso Etiquetado no tuvo respuesta");
    /// ```
    ///
    /// # Panics
    /// Never: the parts are bounded.
    #[must_use]
    pub fn texto(&self) -> Motivo {
        let paso = self.paso.map_or("de la saga", Paso::as_str);
        let texto = match (self.causa, &self.codigo) {
            (Causa::PasoRechazado, Some(codigo)) => {
                format!("el paso {paso} fue rechazado: {codigo}")
            }
            (Causa::PasoRechazado, None) => format!("el paso {paso} fue rechazado"),
            (Causa::SinRespuesta, _) => format!("el paso {paso} no tuvo respuesta"),
            (Causa::IngestaTerminada, _) => "la ingesta termino durante su proceso".to_owned(),
            (Causa::SagaAbandonada, _) => "su proceso fue abandonado por una persona".to_owned(),
        };
        Motivo::new(texto).expect("a code and a step fit, and neither holds control characters")
    }
}
