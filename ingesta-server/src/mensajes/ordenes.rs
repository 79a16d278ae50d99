//! The data of the saga's orders to neighbours, field by field as their schemas have them.
//!
//! Promises: ids that follow from the ingesta's are made by the domain; only the order to anonymise
//! says where an image is and whose it is, because that is what is to be anonymised.

use ingesta_domain::ingesta::IngestaCreada;
use ingesta_domain::saga::Orden;
use ingesta_domain::valor::{IdAnonimizado, IdEtiquetado, IdIngesta, Modalidad};
use serde::Serialize;

use super::Esquema;

/// The schema in which an order is sent.
pub(super) const fn esquema(orden: Orden) -> Esquema {
    match orden {
        Orden::IniciarAnonimizado => Esquema::ComandoIniciarAnonimizado,
        Orden::IniciarEtiquetado => Esquema::ComandoIniciarEtiquetado,
        Orden::LimpiarIngesta => Esquema::ComandoLimpiarIngesta,
        Orden::RevertirEtiquetado => Esquema::ComandoRevertirEtiquetado,
        Orden::RevertirAnonimizado => Esquema::ComandoRevertirAnonimizado,
    }
}

/// Anonymise an image.
#[derive(Serialize)]
pub(super) struct IniciarAnonimizadoDatos {
    id_ingesta: String,
    id_proveedor: String,
    id_paciente: String,
    url_path: String,
}

impl IniciarAnonimizadoDatos {
    pub(super) fn new(id: IdIngesta, creada: &IngestaCreada) -> Self {
        Self {
            id_ingesta: id.to_string(),
            id_proveedor: creada.id_proveedor.to_string(),
            id_paciente: creada.id_paciente.as_uuid().to_string(),
            url_path: creada.url_path.as_str().to_owned(),
        }
    }
}

/// Any other order.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum OrdenDatos {
    Etiquetar {
        id_anonimizado: String,
        modalidad: Option<String>,
        // Nobody declares these two: the fields are those of the first systems.
        region_anatomica: Option<String>,
        patologia: Option<String>,
    },
    Limpiar {
        id_ingesta: String,
        id_anonimizado: String,
    },
    RevertirEtiquetado {
        id_etiquetado: String,
        id_anonimizado: String,
    },
    RevertirAnonimizado {
        id_anonimizado: String,
    },
}

impl OrdenDatos {
    /// `None`: that order tells more than ids.
    pub(super) fn new(orden: Orden, id: IdIngesta, modalidad: Option<&Modalidad>) -> Option<Self> {
        let anonimizado = IdAnonimizado::de_ingesta(id);
        let id_anonimizado = anonimizado.to_string();
        Some(match orden {
            Orden::IniciarAnonimizado => return None,
            Orden::IniciarEtiquetado => Self::Etiquetar {
                id_anonimizado,
                modalidad: modalidad.map(|modalidad| modalidad.as_str().to_owned()),
                region_anatomica: None,
                patologia: None,
            },
            Orden::LimpiarIngesta => Self::Limpiar {
                id_ingesta: id.to_string(),
                id_anonimizado,
            },
            Orden::RevertirEtiquetado => Self::RevertirEtiquetado {
                id_etiquetado: IdEtiquetado::de_anonimizado(anonimizado).to_string(),
                id_anonimizado,
            },
            Orden::RevertirAnonimizado => Self::RevertirAnonimizado { id_anonimizado },
        })
    }
}
