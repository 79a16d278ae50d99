//! The commands of the aggregate `Imagen`. No door leads to them: only reactions send them.

use ingesta_domain::imagen::{CrearImagen, Imagen, RevertirImagen};
use ingesta_domain::valor::IdImagen;

use super::Comando;

impl Comando for CrearImagen {
    type Agregado = Imagen;
    type Id = IdImagen;
    const NOMBRE: &'static str = "CrearImagen";
    const CREA: bool = true;
}

impl Comando for RevertirImagen {
    type Agregado = Imagen;
    type Id = IdImagen;
    const NOMBRE: &'static str = "RevertirImagen";
}
