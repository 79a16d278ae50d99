//! The registry of ids: every id of the domain is a uuid with a name of its own.
//!
//! It promises that an id of one kind cannot be passed for another, that it is written as a plain
//! uuid, and that a text that is no uuid is refused without being repeated in the error.
//! It makes no new ids: they come from the edge as uuid v7, so that the domain needs no random.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ValorError;

macro_rules! id {
    ($(#[$doc:meta])* $tipo:ident, $campo:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $tipo(Uuid);

        impl $tipo {
            /// The uuid inside.
            #[must_use]
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $tipo {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $tipo {
            type Err = ValorError;

            fn from_str(texto: &str) -> Result<Self, Self::Err> {
                // The cause is dropped on purpose: uuid's own message quotes the input.
                Uuid::parse_str(texto)
                    .map(Self)
                    .map_err(|_| ValorError::IdInvalido { campo: $campo })
            }
        }
    };
}

/// For ids that may be read by anybody who may read a log.
macro_rules! id_visible {
    ($($tipo:ident),+) => {$(
        impl fmt::Display for $tipo {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $tipo {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($tipo), "({})"), self.0)
            }
        }
    )+};
}

id! {
    /// Names one ingesta; it is also the id of its stream of events.
    ///
    /// ```
    /// use ingesta_domain::valor::IdIngesta;
    ///
    /// let id: IdIngesta = "0195f2d4-8a40-7c3a-9d55-2f3b6c1e7a10".parse()?;
    /// assert_eq!(id.to_string(), "0195f2d4-8a40-7c3a-9d55-2f3b6c1e7a10");
    /// assert_eq!("42".parse::<IdIngesta>().unwrap_err().code(), "id_invalido");
    /// # Ok::<(), ingesta_domain::valor::ValorError>(())
    /// ```
    IdIngesta, "id_ingesta"
}

id! {
    /// Names the provider that hands an image in (a hospital, a clinic, a laboratory).
    IdProveedor, "id_proveedor"
}

id! {
    /// The provider's pseudonym for a patient. Personal: `Debug` is redacted and there is no `Display`;
    /// who really needs the value asks for it with [`as_uuid`](Self::as_uuid).
    ///
    /// ```
    /// use ingesta_domain::valor::IdPaciente;
    ///
    /// let id: IdPaciente = "8210e5ca-bdf4-5f3e-9276-59c397648c20".parse()?;
    /// assert_eq!(format!("{id:?}"), "IdPaciente(..)");
    /// # Ok::<(), ingesta_domain::valor::ValorError>(())
    /// ```
    /// ```compile_fail
    /// # let id: ingesta_domain::valor::IdPaciente = uuid::Uuid::nil().into();
    /// println!("{id}"); // no Display: a patient does not slip into a message
    /// ```
    IdPaciente, "id_paciente"
}

id! {
    /// Names the image of an ingesta; it is also the id of its stream of events.
    IdImagen, "id_imagen"
}

id! {
    /// Names the anonymised form of an ingesta's image, in the anonymiser's books.
    IdAnonimizado, "id_anonimizado"
}

id! {
    /// Names the labels of an anonymised image, in the labeller's books.
    IdEtiquetado, "id_etiquetado"
}

id_visible!(
    IdIngesta,
    IdProveedor,
    IdImagen,
    IdAnonimizado,
    IdEtiquetado
);
debug_redactado!(IdPaciente);

/// The name space of image ids. Changing it would give every ingesta a second image.
const ESPACIO_IMAGEN: Uuid = Uuid::from_u128(0x6f1d_2c58_93b4_4e0a_8f27_c41a_5be0_9d36);

impl IdImagen {
    /// The id of the one image of an ingesta: uuid v5, a function of the ingesta's id.
    /// The event that creates the image may be delivered twice; both times it names the same image.
    #[must_use]
    pub fn de_ingesta(id: IdIngesta) -> Self {
        Self(Uuid::new_v5(&ESPACIO_IMAGEN, id.0.as_bytes()))
    }
}

impl IdAnonimizado {
    /// The id that the anonymiser gives its record of an ingesta: uuid v5 of the word `anonimizado`
    /// in the name space of the ingesta's id. So it is known before the anonymiser answers, and can
    /// be reverted where it never did.
    #[must_use]
    pub fn de_ingesta(id: IdIngesta) -> Self {
        Self(Uuid::new_v5(&id.0, b"anonimizado"))
    }
}

impl IdEtiquetado {
    /// The id that the labeller gives its record of an anonymised image: uuid v5 of the word
    /// `etiquetado` in the name space of that image's id.
    ///
    /// ```
    /// use ingesta_domain::valor::{IdAnonimizado, IdEtiquetado};
    ///
    /// let ingesta = "0195f2d4-8a40-7c3a-9d55-2f3b6c1e7a10".parse()?;
    /// let id = IdAnonimizado::de_ingesta(ingesta);
    /// assert_eq!(IdEtiquetado::de_anonimizado(id), IdEtiquetado::de_anonimizado(id));
    /// assert!("etiqueta-7".parse::<IdEtiquetado>().is_err());
    /// # Ok::<(), ingesta_domain::valor::ValorError>(())
    /// ```
    #[must_use]
    pub fn de_anonimizado(id: IdAnonimizado) -> Self {
        Self(Uuid::new_v5(&id.0, b"etiquetado"))
    }
}
