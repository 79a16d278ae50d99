//! `POST /ingesta/crear-ingesta-comando`: an image reference comes in.
//!
//! Promises: ids and address are checked once, as at every door, and become the domain's types; a
//! refused value is named by its field and never repeated. Fields that are not known are ignored, as in the first
//! systems, whose clients send `estado` and others.

use std::fmt;

use axum::extract::State;
use axum::response::Response;
use chrono::Utc;
use ingesta_domain::ingesta::CrearIngesta;
use ingesta_domain::valor::{HechosRecibidos, IdIngesta};
use ingesta_event_store::Executed;
use ingesta_http::{JsonBody, NoQueryParams, Problem};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use utoipa::ToSchema;
use uuid::Uuid;

use super::acceso::Quien;
use super::circunstancias::Circunstancias;
use super::esquemas::Problema;
use super::rechazo::{rechazo, valor};
use super::respuesta::{Creada, aceptada};
use crate::acceso::Principal;
use crate::app::AppState;
use crate::comandos::CrearIngestaRecibida;

/// What a provider sends. An empty text means that nothing was said.
#[derive(Deserialize, ToSchema)]
pub(super) struct CrearIngestaCuerpo {
    /// Who hands the image in.
    #[schema(value_type = Uuid)]
    id_proveedor: String,
    /// Whose image it is, under the provider's pseudonym.
    #[schema(value_type = Uuid)]
    id_paciente: String,
    /// Where the image is: http or https with a host.
    #[schema(value_type = String, example = "https://imagenes.example.org/CT_small.dcm")]
    url_path: Option<String>,
    /// SHA-256 of the file, in hexadecimal.
    sha256: Option<String>,
    /// Size of the file, in bytes.
    #[serde(default, deserialize_with = "bytes")]
    bytes: Option<i64>,
    /// DICOM modality code.
    modalidad: Option<String>,
    /// DICOM Study Instance UID.
    study_instance_uid: Option<String>,
    /// DICOM Series Instance UID.
    series_instance_uid: Option<String>,
    /// DICOM SOP Instance UID.
    sop_instance_uid: Option<String>,
}

impl CrearIngestaCuerpo {
    fn recibida(self) -> CrearIngestaRecibida {
        CrearIngestaRecibida {
            id_proveedor: self.id_proveedor,
            id_paciente: self.id_paciente,
            url_path: self.url_path.unwrap_or_default(),
            hechos: HechosRecibidos {
                sha256: self.sha256,
                bytes: self.bytes,
                modalidad: self.modalidad,
                study_instance_uid: self.study_instance_uid,
                series_instance_uid: self.series_instance_uid,
                sop_instance_uid: self.sop_instance_uid,
            },
        }
    }
}

/// Accept an image reference.
#[utoipa::path(
    post,
    path = "/ingesta/crear-ingesta-comando",
    tag = "comandos",
    request_body = CrearIngestaCuerpo,
    params(
        ("Idempotency-Key" = Option<String>, Header,
            description = "Names the command: a repeat is answered as the first time"),
        ("Prefer" = Option<String>, Header,
            description = "`wait=N`: answer when the views hold it, at most 30 s"),
    ),
    responses(
        (status = 202, description = "Accepted and stored", body = Creada,
            headers(("Location" = String), ("ETag" = String))),
        (status = 400, description = "Malformed, a query parameter, or a value is refused",
            body = Problema),
        (status = 401, description = "Nobody is known to ask", body = Problema),
        (status = 403, description = "Another provider's", body = Problema),
        (status = 413, description = "Body too large", body = Problema),
        (status = 415, description = "Not JSON", body = Problema),
        (status = 422, description = "The key was used for another wish", body = Problema),
        (status = 503, description = "Not now, or the outcome is unknown", body = Problema),
    ),
)]
pub(super) async fn crear_ingesta(
    State(app): State<AppState>,
    Quien(principal): Quien,
    _: NoQueryParams,
    circunstancias: Circunstancias,
    JsonBody(cuerpo): JsonBody<CrearIngestaCuerpo>,
) -> Result<Response, Problem> {
    let executed = entregar(&app, &principal, cuerpo.recibida(), &circunstancias).await?;
    aceptada::<CrearIngesta>(&app, executed, circunstancias.wait).await
}

/// Whatever door it came through: checked, allowed, and stored under its name.
pub(super) async fn entregar(
    app: &AppState,
    principal: &Principal,
    recibida: CrearIngestaRecibida,
    circunstancias: &Circunstancias,
) -> Result<Executed, Problem> {
    let command = recibida.comprobada(Utc::now());
    let command = command.map_err(|error| valor(&error))?;
    if !principal.ve(command.id_proveedor) {
        let detail = "id_proveedor no es el de quien lo pide";
        return Err(Problem::forbidden("proveedor_ajeno", detail).with("campo", "id_proveedor"));
    }
    let id = IdIngesta::from(Uuid::now_v7());
    // Without a key of the client the id names the command: so that a lost connection to the
    // database can be asked after instead of being answered as unknown.
    let command_id = circunstancias
        .command_id()
        .unwrap_or_else(|| format!("crear/{id}"));
    let context = circunstancias.context();
    let ended = app
        .despachador
        .ejecutar(id, command, Some(command_id), context)
        .await;
    ended.map_err(rechazo)
}

/// A number, nothing, or the empty text that exports write for nothing.
fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    struct Bytes;

    impl<'de> Visitor<'de> for Bytes {
        type Value = Option<i64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number")
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
            Ok(Some(value))
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
            i64::try_from(value)
                .map(Some)
                .map_err(|_| E::custom("too large"))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            if text.is_empty() {
                Ok(None)
            } else {
                Err(E::custom("not a number"))
            }
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(Bytes)
}
