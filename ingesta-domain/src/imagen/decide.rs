//! The rules of an image: the verdict and its undoing.
//!
//! It promises a synchronous, pure answer, and the same verdict for the same declaration, always (B-38).
//! Created twice is created once: the second time nothing happens, because the command comes from a
//! subscription that may deliver again.
//! It changes nothing and fetches nothing.

use super::{
    CrearImagen, Imagen, ImagenCommand, ImagenError, ImagenEvent, ImagenRechazada, ImagenRevertida,
    ImagenVerificada, RevertirImagen,
};
use crate::valor::{EstadoImagen, HechosContenido, HechosDeclarados, MotivoRechazo, UrlPath};

type Decision = Result<Vec<ImagenEvent>, ImagenError>;

/// Decides what a command does to an image. An empty list means: already done.
///
/// # Errors
/// [`ImagenError`], if there is no image to undo or the image belongs to another ingesta.
pub fn decide(imagen: &Imagen, command: ImagenCommand) -> Decision {
    match command {
        ImagenCommand::CrearImagen(c) => crear(imagen, c),
        ImagenCommand::RevertirImagen(c) => revertir(imagen, &c),
    }
}

/// Judges an address and the facts declared with it, and names everything that is wrong.
///
/// ```
/// use ingesta_domain::imagen::verificar;
/// use ingesta_domain::valor::{HechosDeclarados, MotivoRechazo, UrlPath};
///
/// let stored: UrlPath = serde_json::from_str("\"ftp://old.example.org/a.dcm\"")?;
/// let verdict = verificar(&stored, &HechosDeclarados::default());
/// assert_eq!(verdict.unwrap_err(), [MotivoRechazo::UrlInvalida]);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// Every reason, the address first, then the facts in the order of their fields.
pub fn verificar(
    url_path: &UrlPath,
    hechos: &HechosDeclarados,
) -> Result<HechosContenido, Vec<MotivoRechazo>> {
    let veredicto = hechos.verificar();
    if url_path.comprobar().is_ok() {
        return veredicto;
    }
    let mut motivos = vec![MotivoRechazo::UrlInvalida];
    motivos.extend(veredicto.err().unwrap_or_default());
    Err(motivos)
}

fn crear(imagen: &Imagen, c: CrearImagen) -> Decision {
    if let Some(datos) = imagen.datos() {
        // The image's id is a function of its ingesta's: another ingesta here is a wiring mistake.
        if datos.id_ingesta != c.id_ingesta {
            return Err(ImagenError::OtraIngesta);
        }
        return Ok(Vec::new());
    }
    let event = match verificar(&c.url_path, &c.hechos) {
        Ok(hechos) => ImagenVerificada {
            id_ingesta: c.id_ingesta,
            url_path: c.url_path,
            hechos,
            fecha: c.fecha,
        }
        .into(),
        Err(motivos) => ImagenRechazada {
            id_ingesta: c.id_ingesta,
            url_path: c.url_path,
            motivos,
            fecha: c.fecha,
        }
        .into(),
    };
    Ok(vec![event])
}

/// Both verdicts can be undone: the ingesta may fail before it hears that its image was refused.
fn revertir(imagen: &Imagen, c: &RevertirImagen) -> Decision {
    let Some(datos) = imagen.datos() else {
        return Err(ImagenError::ImagenNoExiste);
    };
    match datos.estado {
        EstadoImagen::Verificada | EstadoImagen::Rechazada => {
            let id_ingesta = datos.id_ingesta;
            Ok(vec![
                ImagenRevertida {
                    id_ingesta,
                    fecha: c.fecha,
                }
                .into(),
            ])
        }
        EstadoImagen::Revertida => Ok(Vec::new()),
    }
}
