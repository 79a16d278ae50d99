//! What can be asked of an ingesta: one struct per command, one enum over them.
//!
//! It promises that a command holds only checked values, that `Debug` shows no personal data, and that
//! its serialised form is the same for the same wish: the time of arrival is left out, so the form
//! serves as the fingerprint by which a repeated command is recognised.
//! The id of the ingesta is not here: it is the id of the stream the command is sent to.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::valor::{HechosDeclarados, IdPaciente, IdProveedor, Motivo, MotivoRechazo, UrlPath};

/// Accept an image reference from a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CrearIngesta {
    /// Who hands the image in.
    pub id_proveedor: IdProveedor,
    /// Whose image it is, under the provider's pseudonym.
    pub id_paciente: IdPaciente,
    /// Where the image is.
    pub url_path: UrlPath,
    /// What the provider says about the content.
    pub hechos: HechosDeclarados,
    /// When it was handed in, by the clock at the edge.
    #[serde(skip)]
    pub fecha: DateTime<Utc>,
}

/// Begin to process an accepted ingesta.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IniciarProceso {
    /// When, by the clock at the edge.
    #[serde(skip)]
    pub fecha: DateTime<Utc>,
}

/// Refuse an ingesta because its image was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RechazarIngesta {
    /// Why; at least one reason.
    pub motivos: Vec<MotivoRechazo>,
    /// When, by the clock at the edge.
    #[serde(skip)]
    pub fecha: DateTime<Utc>,
}

/// End an ingesta well: labelled, raw data cleaned up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FinalizarIngesta {
    /// When, by the clock at the edge.
    #[serde(skip)]
    pub fecha: DateTime<Utc>,
}

/// Undo an ingesta whose process failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevertirIngesta {
    /// Why.
    pub motivo: Motivo,
    /// When, by the clock at the edge.
    #[serde(skip)]
    pub fecha: DateTime<Utc>,
}

/// Withdraw an ingesta; the wish of its provider or of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EliminarIngesta {
    /// When, by the clock at the edge.
    #[serde(skip)]
    pub fecha: DateTime<Utc>,
}

/// Flag an ingesta whose clean-up was refused, so that a person decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertarIngesta {
    /// Why.
    pub motivo: Motivo,
    /// When, by the clock at the edge.
    #[serde(skip)]
    pub fecha: DateTime<Utc>,
}

/// Any command of the aggregate `Ingesta`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum IngestaCommand {
    /// See [`CrearIngesta`].
    CrearIngesta(CrearIngesta),
    /// See [`IniciarProceso`].
    IniciarProceso(IniciarProceso),
    /// See [`RechazarIngesta`].
    RechazarIngesta(RechazarIngesta),
    /// See [`FinalizarIngesta`].
    FinalizarIngesta(FinalizarIngesta),
    /// See [`RevertirIngesta`].
    RevertirIngesta(RevertirIngesta),
    /// See [`EliminarIngesta`].
    EliminarIngesta(EliminarIngesta),
    /// See [`AlertarIngesta`].
    AlertarIngesta(AlertarIngesta),
}

variantes!(IngestaCommand:
    CrearIngesta,
    IniciarProceso,
    RechazarIngesta,
    FinalizarIngesta,
    RevertirIngesta,
    EliminarIngesta,
    AlertarIngesta,
);
