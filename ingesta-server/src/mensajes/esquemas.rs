//! The committed schemas of every message, compiled in.
//!
//! Promises: the set is what lies in `schemas/`; the last revision of a schema is what is written.
//! Does not: judge them; `ingesta schemas check` and a test do.

use std::sync::LazyLock;

use ingesta_kafka::avro::AvroSchema;
use ingesta_kafka::envelope::V1;
use ingesta_kafka::schema::{MajorVersion, Revision, SchemaFile, SchemaSet, value_subject};

/// What a topic's messages look like. Each has a file of its own, named after the topic that it was
/// made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Esquema {
    /// Whatever happens to an ingesta.
    EventosIngesta,
    /// Whatever happens to an image.
    EventosImagen,
    /// An image reference was accepted.
    EventoIngestaCreada,
    /// An ingesta was withdrawn.
    EventoIngestaEliminada,
    /// An ingesta failed and was undone, for those who look after failures.
    EventoFalloIngesta,
    /// An ingesta failed and was undone, for those who undo what hangs on it.
    EventoIngestaRevertida,
    /// The clean-up of an ingesta was refused.
    EventoAlertaIngesta,
    /// Accept an image reference.
    ComandoCrearIngesta,
    /// Withdraw an ingesta.
    ComandoEliminarIngesta,
    /// Undo an ingesta.
    ComandoRevertirIngesta,
    /// Anonymise an image.
    ComandoIniciarAnonimizado,
    /// Label an anonymised image.
    ComandoIniciarEtiquetado,
    /// Clean up raw data.
    ComandoLimpiarIngesta,
    /// Revert an anonymised image.
    ComandoRevertirAnonimizado,
    /// Revert labels.
    ComandoRevertirEtiquetado,
    /// What the anonymiser did.
    EventosAnonimizado,
    /// What the labeller did.
    EventosEtiquetado,
}

/// Who says what to whom in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trato {
    /// This server tells of something that happened.
    Evento,
    /// This server is asked for something.
    Comando,
    /// A saga asks a neighbour for something.
    Orden,
    /// A neighbour tells a saga of something that happened.
    Respuesta,
}

impl Trato {
    /// Whether this server reads such messages. It writes the others.
    #[must_use]
    pub const fn se_recibe(self) -> bool {
        match self {
            Self::Comando | Self::Respuesta => true,
            Self::Evento | Self::Orden => false,
        }
    }
}

macro_rules! revisions {
    ($($name:literal: $($revision:literal),+;)+) => {
        &[$($(SchemaFile {
            subject: concat!($name, "-value"),
            version: V1,
            avro: include_str!(concat!("../../schemas/v1/", $name, ".", $revision, ".avsc")),
            json: include_str!(concat!("../../schemas/v1/", $name, ".", $revision, ".json")),
        },)+)+]
    };
}

/// Every revision, the earliest of each schema first.
static FILES: &[SchemaFile<'static>] = revisions! {
    "eventos-ingesta": 1;
    "eventos-imagen": 1;
    "evento-ingesta-creada": 1;
    "evento-ingesta-eliminada": 1;
    "evento-fallo-ingesta": 1;
    "evento-ingesta-revertida": 1;
    "evento-alerta-ingesta": 1;
    "comando-crear-ingesta": 1;
    "comando-eliminar-ingesta": 1;
    "comando-revertir-ingesta": 1;
    "comando-iniciar-anonimizado": 1;
    "comando-iniciar-etiquetado": 1;
    "comando-limpiar-ingesta": 1;
    "comando-revertir-anonimizado": 1;
    "comando-revertir-etiquetado": 1;
    "eventos-anonimizado": 1;
    "eventos-etiquetado": 1;
};

static SET: LazyLock<SchemaSet> = LazyLock::new(|| {
    SchemaSet::load(FILES.iter().copied()).expect("a test loads the committed schemas")
});

/// Every committed schema.
#[must_use]
pub fn esquemas() -> &'static SchemaSet {
    &SET
}

impl Esquema {
    /// All of them.
    pub const TODOS: [Self; 17] = [
        Self::EventosIngesta,
        Self::EventosImagen,
        Self::EventoIngestaCreada,
        Self::EventoIngestaEliminada,
        Self::EventoFalloIngesta,
        Self::EventoIngestaRevertida,
        Self::EventoAlertaIngesta,
        Self::ComandoCrearIngesta,
        Self::ComandoEliminarIngesta,
        Self::ComandoRevertirIngesta,
        Self::ComandoIniciarAnonimizado,
        Self::ComandoIniciarEtiquetado,
        Self::ComandoLimpiarIngesta,
        Self::ComandoRevertirAnonimizado,
        Self::ComandoRevertirEtiquetado,
        Self::EventosAnonimizado,
        Self::EventosEtiquetado,
    ];

    /// The topic that it was made for, and the name of its file.
    #[must_use]
    pub const fn topic(self) -> &'static str {
        match self {
            Self::EventosIngesta => "eventos-ingesta",
            Self::EventosImagen => "eventos-imagen",
            Self::EventoIngestaCreada => "evento-ingesta-creada",
            Self::EventoIngestaEliminada => "evento-ingesta-eliminada",
            Self::EventoFalloIngesta => "evento-fallo-ingesta",
            Self::EventoIngestaRevertida => "evento-ingesta-revertida",
            Self::EventoAlertaIngesta => "evento-alerta-ingesta",
            Self::ComandoCrearIngesta => "comando-crear-ingesta",
            Self::ComandoEliminarIngesta => "comando-eliminar-ingesta",
            Self::ComandoRevertirIngesta => "comando-revertir-ingesta",
            Self::ComandoIniciarAnonimizado => "comando-iniciar-anonimizado",
            Self::ComandoIniciarEtiquetado => "comando-iniciar-etiquetado",
            Self::ComandoLimpiarIngesta => "comando-limpiar-ingesta",
            Self::ComandoRevertirAnonimizado => "comando-revertir-anonimizado",
            Self::ComandoRevertirEtiquetado => "comando-revertir-etiquetado",
            Self::EventosAnonimizado => "eventos-anonimizado",
            Self::EventosEtiquetado => "eventos-etiquetado",
        }
    }

    /// Whether its messages tell what happens to ingestas.
    #[must_use]
    pub(super) fn es_de_ingestas(self) -> bool {
        self.trato() == Trato::Evento && self != Self::EventosImagen
    }

    /// Who says what to whom in its messages.
    #[must_use]
    pub const fn trato(self) -> Trato {
        match self {
            Self::EventosIngesta
            | Self::EventosImagen
            | Self::EventoIngestaCreada
            | Self::EventoIngestaEliminada
            | Self::EventoFalloIngesta
            | Self::EventoIngestaRevertida
            | Self::EventoAlertaIngesta => Trato::Evento,
            Self::ComandoCrearIngesta
            | Self::ComandoEliminarIngesta
            | Self::ComandoRevertirIngesta => Trato::Comando,
            Self::ComandoIniciarAnonimizado
            | Self::ComandoIniciarEtiquetado
            | Self::ComandoLimpiarIngesta
            | Self::ComandoRevertirAnonimizado
            | Self::ComandoRevertirEtiquetado => Trato::Orden,
            Self::EventosAnonimizado | Self::EventosEtiquetado => Trato::Respuesta,
        }
    }

    /// What its messages are called: the `type` of their envelopes.
    #[must_use]
    pub const fn messages(self) -> &'static [&'static str] {
        match self {
            Self::EventosIngesta => &[
                "IngestaCreada",
                "ProcesoIniciado",
                "IngestaRechazada",
                "IngestaFinalizada",
                "IngestaRevertida",
                "IngestaEliminada",
                "IngestaAlertada",
            ],
            Self::EventosImagen => &["ImagenVerificada", "ImagenRechazada", "ImagenRevertida"],
            Self::EventoIngestaCreada => &["IngestaCreada"],
            Self::EventoIngestaEliminada => &["IngestaEliminada"],
            Self::EventoFalloIngesta | Self::EventoIngestaRevertida => &["IngestaRevertida"],
            Self::EventoAlertaIngesta => &["IngestaAlertada"],
            Self::ComandoCrearIngesta => &["ComandoCrearIngesta"],
            Self::ComandoEliminarIngesta => &["ComandoEliminarIngesta"],
            Self::ComandoRevertirIngesta => &["ComandoRevertirIngesta"],
            Self::ComandoIniciarAnonimizado => &["IniciarAnonimizado"],
            Self::ComandoIniciarEtiquetado => &["IniciarEtiquetado"],
            Self::ComandoLimpiarIngesta => &["LimpiarIngesta"],
            Self::ComandoRevertirAnonimizado => &["RevertirAnonimizado"],
            Self::ComandoRevertirEtiquetado => &["RevertirEtiquetado"],
            Self::EventosAnonimizado => &[
                "AnonimizadoCreado",
                "AnonimizadoFallido",
                "AnonimizadoRevertido",
                "LimpiezaHecha",
                "LimpiezaRechazada",
            ],
            Self::EventosEtiquetado => &[
                "EtiquetadoCreado",
                "EtiquetadoRechazado",
                "EtiquetadoRevertido",
            ],
        }
    }

    /// The major version that is written.
    ///
    /// # Panics
    /// Never: the envelope's version is one.
    #[must_use]
    pub fn version(self) -> MajorVersion {
        V1.parse().expect("the envelope's version is one")
    }

    /// Every revision, the earliest first; there is one at least.
    #[must_use]
    pub fn revisions(self) -> &'static [Revision] {
        let subject = value_subject(self.topic());
        let mut all = esquemas().iter();
        let found = all.find(|(name, version, _)| *name == subject && *version == self.version());
        found.map_or(&[], |(.., revisions)| revisions)
    }

    fn last(self) -> &'static Revision {
        let last = self.revisions().last();
        last.expect("each has a file, and a test asks for it")
    }

    /// The schema that messages are written with.
    #[must_use]
    pub fn avro(self) -> &'static AvroSchema {
        &self.last().avro
    }

    /// The JSON Schema of the same messages, as it is committed.
    #[must_use]
    pub fn json(self) -> &'static str {
        &self.last().json
    }
}
