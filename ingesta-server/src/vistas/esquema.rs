//! The facts as the OpenAPI document shows them: the domain's own types know nothing of HTTP.

use utoipa::ToSchema;

/// The facts that the provider declared about the content; absent ones are left out.
#[derive(ToSchema)]
#[schema(as = Hechos)]
#[expect(dead_code, reason = "only its shape is used, for the OpenAPI document")]
pub(crate) struct HechosEsquema {
    /// SHA-256 of the file, in hexadecimal.
    #[schema(example = "65bee869c507f535edea93a446a26e941fb9cbc3819e4d73395f11eef56d4687")]
    sha256: Option<String>,
    /// Size of the file, in bytes.
    #[schema(example = 91754)]
    bytes: Option<i64>,
    /// DICOM modality code.
    #[schema(example = "US")]
    modalidad: Option<String>,
    /// DICOM Study Instance UID.
    study_instance_uid: Option<String>,
    /// DICOM Series Instance UID.
    series_instance_uid: Option<String>,
    /// DICOM SOP Instance UID.
    sop_instance_uid: Option<String>,
}
