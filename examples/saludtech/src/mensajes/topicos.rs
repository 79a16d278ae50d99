//! The topics that neighbours read and write, by name and schema.
//!
//! The schemas are committed files, the ones that the control plane publishes.

use ingesta_kafka::avro::AvroSchema;
use ingesta_kafka::topics::{Copies, Timestamps, TopicSpec};

/// A topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topico {
    /// Anonymise an image.
    IniciarAnonimizado,
    /// Label an anonymised study.
    IniciarEtiquetado,
    /// Clean up raw data.
    LimpiarIngesta,
    /// Undo the anonymising.
    RevertirAnonimizado,
    /// Undo the labelling.
    RevertirEtiquetado,
    /// What came of anonymising, undoing and cleaning up.
    EventosAnonimizado,
    /// What came of labelling and undoing.
    EventosEtiquetado,
    /// An ingesta failed and was undone.
    FalloIngesta,
    /// The clean-up of an ingesta was refused.
    AlertaIngesta,
}

macro_rules! schema {
    ($name:literal) => {
        include_str!(concat!(
            "../../../../ingesta-server/schemas/v1/",
            $name,
            ".1.avsc"
        ))
    };
}

impl Topico {
    /// All of them.
    pub const TODOS: [Self; 9] = [
        Self::IniciarAnonimizado,
        Self::IniciarEtiquetado,
        Self::LimpiarIngesta,
        Self::RevertirAnonimizado,
        Self::RevertirEtiquetado,
        Self::EventosAnonimizado,
        Self::EventosEtiquetado,
        Self::FalloIngesta,
        Self::AlertaIngesta,
    ];

    /// Its name, without a prefix.
    #[must_use]
    pub const fn nombre(self) -> &'static str {
        match self {
            Self::IniciarAnonimizado => "comando-iniciar-anonimizado",
            Self::IniciarEtiquetado => "comando-iniciar-etiquetado",
            Self::LimpiarIngesta => "comando-limpiar-ingesta",
            Self::RevertirAnonimizado => "comando-revertir-anonimizado",
            Self::RevertirEtiquetado => "comando-revertir-etiquetado",
            Self::EventosAnonimizado => "eventos-anonimizado",
            Self::EventosEtiquetado => "eventos-etiquetado",
            Self::FalloIngesta => "evento-fallo-ingesta",
            Self::AlertaIngesta => "evento-alerta-ingesta",
        }
    }

    const fn texto(self) -> &'static str {
        match self {
            Self::IniciarAnonimizado => schema!("comando-iniciar-anonimizado"),
            Self::IniciarEtiquetado => schema!("comando-iniciar-etiquetado"),
            Self::LimpiarIngesta => schema!("comando-limpiar-ingesta"),
            Self::RevertirAnonimizado => schema!("comando-revertir-anonimizado"),
            Self::RevertirEtiquetado => schema!("comando-revertir-etiquetado"),
            Self::EventosAnonimizado => schema!("eventos-anonimizado"),
            Self::EventosEtiquetado => schema!("eventos-etiquetado"),
            Self::FalloIngesta => schema!("evento-fallo-ingesta"),
            Self::AlertaIngesta => schema!("evento-alerta-ingesta"),
        }
    }

    /// The schema of its messages.
    ///
    /// # Panics
    /// Never: a test reads every committed schema.
    #[must_use]
    pub fn avro(self) -> AvroSchema {
        AvroSchema::parse(self.texto()).expect("a test reads every committed schema")
    }
}

/// The topics under the names that they have on this broker.
#[derive(Clone, Debug)]
pub struct Topicos {
    prefix: String,
    partitions: i32,
    replication: Option<i32>,
}

impl Topicos {
    /// With this in front of every name; new ones get so many partitions, and copies,
    /// unless that is left to the brokers.
    #[must_use]
    pub fn new(prefix: impl Into<String>, partitions: i32, replication: Option<i32>) -> Self {
        Self {
            prefix: prefix.into(),
            partitions: partitions.max(1),
            replication,
        }
    }

    /// The full name of a topic.
    #[must_use]
    pub fn de(&self, topico: Topico) -> String {
        format!("{}{}", self.prefix, topico.nombre())
    }

    /// The full name of a consumer group, which has the prefix of the topics that it reads.
    #[must_use]
    pub fn grupo(&self, grupo: &str) -> String {
        format!("{}{grupo}", self.prefix)
    }

    /// Copies of what is created.
    #[must_use]
    pub fn copies(&self) -> Copies {
        Copies {
            replication: self.replication,
            ..Copies::default()
        }
    }

    /// What a topic must be like, for whoever creates it first.
    #[must_use]
    pub fn spec(&self, topico: Topico) -> TopicSpec {
        TopicSpec {
            // As the server asks for: what is published late is kept from then on.
            timestamps: Some(Timestamps::Published),
            ..TopicSpec::new(self.de(topico), self.partitions).with_copies(self.copies())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ingesta_kafka::envelope::{EnvelopeReader, EnvelopeWriter, Shape};

    #[test]
    fn every_committed_schema_is_that_of_a_full_envelope() {
        for topico in Topico::TODOS {
            let schema = topico.avro();
            EnvelopeReader::avro(&schema, Shape::Full).expect("it can be read");
            EnvelopeWriter::avro(schema).expect("it can be written");
        }
    }

    #[test]
    fn names_stand_behind_the_prefix() {
        let topicos = Topicos::new("t1.", 0, None);
        let spec = topicos.spec(Topico::LimpiarIngesta);
        assert_eq!(spec.name, "t1.comando-limpiar-ingesta");
        assert_eq!((spec.partitions, spec.replication), (1, None));
    }
}
