//! The commands of the aggregate `Ingesta`, each with the state that it leads to.

use ingesta_domain::ingesta::{
    AlertarIngesta, CrearIngesta, EliminarIngesta, FinalizarIngesta, Ingesta, IniciarProceso,
    RechazarIngesta, RevertirIngesta,
};
use ingesta_domain::valor::{EstadoIngesta, IdIngesta};
use ingesta_event_store::fingerprint;

use super::Comando;

/// A command of an ingesta.
pub trait ComandoDeIngesta: Comando<Agregado = Ingesta, Id = IdIngesta> {
    /// The state in which the ingesta is once the command is done, also where it was done before.
    const ESTADO: EstadoIngesta;
}

macro_rules! comandos {
    ($($comando:ident -> $estado:ident $({ $($extra:item)* })?),+ $(,)?) => {$(
        impl Comando for $comando {
            type Agregado = Ingesta;
            type Id = IdIngesta;
            const NOMBRE: &'static str = stringify!($comando);
            $($($extra)*)?
        }

        impl ComandoDeIngesta for $comando {
            const ESTADO: EstadoIngesta = EstadoIngesta::$estado;
        }
    )+};
}

comandos! {
    CrearIngesta -> Creada {
        const CREA: bool = true;

        /// Without the id: it is made anew for each arrival of the same wish.
        fn huella(&self, _: &IdIngesta) -> Vec<u8> {
            fingerprint(&(Self::NOMBRE, self))
        }
    },
    IniciarProceso -> Pendiente,
    RechazarIngesta -> Rechazada,
    FinalizarIngesta -> Finalizada,
    RevertirIngesta -> Fallida,
    EliminarIngesta -> Eliminada,
    AlertarIngesta -> Alertada,
}
