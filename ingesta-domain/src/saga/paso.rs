//! The steps of a saga, the orders to neighbours that do or revert them, the commands to the ingesta.
//!
//! It promises that the same order to the same neighbour has the same name however often it is
//! sent, and that each try has a timer of its own name, so that a late one is told from this one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A step, named by what is there once it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Paso {
    /// The image is anonymised.
    Anonimizado,
    /// The anonymised image is labelled.
    Etiquetado,
    /// The raw data is cleaned up. The last one, because it is not to be undone.
    Limpieza,
}

/// What a neighbour is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Orden {
    /// Anonymise the image.
    IniciarAnonimizado,
    /// Label the anonymised image.
    IniciarEtiquetado,
    /// Clean up the raw data.
    LimpiarIngesta,
    /// Revert the labels, and never make them later.
    RevertirEtiquetado,
    /// Revert the anonymised image, and never make it later.
    RevertirAnonimizado,
}

/// What the ingesta itself is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ComandoSaga {
    /// Begin to process it.
    IniciarProceso,
    /// End it well.
    FinalizarIngesta,
    /// Flag it, so that a person decides.
    AlertarIngesta,
    /// Undo it.
    RevertirIngesta,
}

/// One sending of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envio {
    /// What is asked for.
    pub orden: Orden,
    /// The how-manieth wish for it, from 1: a person may wish for a refused clean-up again.
    pub vuelta: u32,
    /// The how-manieth sending of that wish, from 1.
    pub intento: u32,
}

impl Paso {
    /// Every step, in the order in which they are done.
    pub const TODOS: [Self; 3] = [Self::Anonimizado, Self::Etiquetado, Self::Limpieza];

    /// The word of the step.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anonimizado => "Anonimizado",
            Self::Etiquetado => "Etiquetado",
            Self::Limpieza => "Limpieza",
        }
    }

    /// The order that reverts it; a clean-up has none.
    #[must_use]
    pub const fn reversion(self) -> Option<Orden> {
        match self {
            Self::Anonimizado => Some(Orden::RevertirAnonimizado),
            Self::Etiquetado => Some(Orden::RevertirEtiquetado),
            Self::Limpieza => None,
        }
    }
}

impl Orden {
    /// Every order.
    pub const TODAS: [Self; 5] = [
        Self::IniciarAnonimizado,
        Self::IniciarEtiquetado,
        Self::LimpiarIngesta,
        Self::RevertirEtiquetado,
        Self::RevertirAnonimizado,
    ];

    /// The word of the order.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IniciarAnonimizado => "IniciarAnonimizado",
            Self::IniciarEtiquetado => "IniciarEtiquetado",
            Self::LimpiarIngesta => "LimpiarIngesta",
            Self::RevertirEtiquetado => "RevertirEtiquetado",
            Self::RevertirAnonimizado => "RevertirAnonimizado",
        }
    }

    /// The step that it does or reverts.
    #[must_use]
    pub const fn paso(self) -> Paso {
        match self {
            Self::IniciarAnonimizado | Self::RevertirAnonimizado => Paso::Anonimizado,
            Self::IniciarEtiquetado | Self::RevertirEtiquetado => Paso::Etiquetado,
            Self::LimpiarIngesta => Paso::Limpieza,
        }
    }

    /// Whether it does its step; the others revert it.
    #[must_use]
    pub const fn hace(self) -> bool {
        match self {
            Self::IniciarAnonimizado | Self::IniciarEtiquetado | Self::LimpiarIngesta => true,
            Self::RevertirEtiquetado | Self::RevertirAnonimizado => false,
        }
    }
}

impl ComandoSaga {
    /// Every command.
    pub const TODOS: [Self; 4] = [
        Self::IniciarProceso,
        Self::FinalizarIngesta,
        Self::AlertarIngesta,
        Self::RevertirIngesta,
    ];

    /// The name of the command.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IniciarProceso => "IniciarProceso",
            Self::FinalizarIngesta => "FinalizarIngesta",
            Self::AlertarIngesta => "AlertarIngesta",
            Self::RevertirIngesta => "RevertirIngesta",
        }
    }
}

impl Envio {
    /// The first sending of the first wish.
    #[must_use]
    pub const fn primero(orden: Orden) -> Self {
        Self {
            orden,
            vuelta: 1,
            intento: 1,
        }
    }

    /// The same wish, sent once more.
    #[must_use]
    pub const fn otro_intento(self) -> Self {
        Self {
            intento: self.intento.saturating_add(1),
            ..self
        }
    }

    /// A new wish for the same.
    #[must_use]
    pub const fn otra_vuelta(self) -> Self {
        Self {
            vuelta: self.vuelta.saturating_add(1),
            intento: 1,
            ..self
        }
    }

    /// The name of the wish within its saga: the same however often it is sent.
    ///
    /// ```
    /// use ingesta_domain::saga::{Envio, Orden};
    ///
    /// let envio = Envio::primero(Orden::LimpiarIngesta);
    /// assert_eq!(envio.otro_intento().nombre(), envio.nombre());
    /// assert_eq!(envio.otra_vuelta().nombre(), "LimpiarIngesta/2");
    /// assert_eq!(Envio::vuelta_de("LimpiarIngesta/2"), Some(2));
    /// assert_eq!(Envio::vuelta_de("LimpiarIngesta"), None);
    /// ```
    #[must_use]
    pub fn nombre(&self) -> String {
        format!("{}/{}", self.orden.as_str(), self.vuelta)
    }

    /// Which wish a name ends with, as [`Envio::nombre`] writes it.
    #[must_use]
    pub fn vuelta_de(nombre: &str) -> Option<u32> {
        let (_, vuelta) = nombre.rsplit_once('/')?;
        vuelta.parse().ok()
    }

    /// The name of the timer that waits for the answer to this sending.
    #[must_use]
    pub fn plazo(&self) -> String {
        format!("{}/{}", self.nombre(), self.intento)
    }
}

macro_rules! como_texto {
    ($($tipo:ident),+) => {$(
        impl fmt::Display for $tipo {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    )+};
}

como_texto!(Paso, Orden, ComandoSaga);
