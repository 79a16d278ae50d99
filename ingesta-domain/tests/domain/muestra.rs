//! Samples: one of each command, event and state, with fixed ids and a fixed time.
//!
//! They promise to be the values that the golden files hold.
//! They assert nothing.

use chrono::{DateTime, Utc};
use ingesta_domain::imagen::{ImagenEvent, ImagenRechazada, ImagenRevertida, ImagenVerificada};
use ingesta_domain::ingesta::{
    AlertarIngesta, CrearIngesta, EliminarIngesta, FinalizarIngesta, Ingesta, IngestaAlertada,
    IngestaCommand, IngestaCreada, IngestaEliminada, IngestaEvent, IngestaFinalizada,
    IngestaRechazada, IngestaRevertida, IniciarProceso, ProcesoIniciado, RechazarIngesta,
    RevertirIngesta, apply,
};
use ingesta_domain::valor::{
    EstadoIngesta, HechosDeclarados, HechosRecibidos, IdIngesta, IdPaciente, IdProveedor, Motivo,
    MotivoRechazo, UrlPath,
};

pub(crate) const PROVEEDOR: &str = "1d670540-715a-5ee7-a1cb-54517d9d9cce";
pub(crate) const PACIENTE: &str = "8210e5ca-bdf4-5f3e-9276-59c397648c20";
pub(crate) const INGESTA: &str = "0195f2d4-8a40-7c3a-9d55-2f3b6c1e7a10";
pub(crate) const URL: &str = "https://imagenes.example.org/OBXXXX1A_rle_2frame.dcm";
pub(crate) const MOTIVO: &str = "la limpieza de los datos crudos fue rechazada";

pub(crate) fn fecha() -> DateTime<Utc> {
    "2025-03-01T12:00:00.123456Z".parse().unwrap()
}

pub(crate) fn id_ingesta() -> IdIngesta {
    INGESTA.parse().unwrap()
}

pub(crate) fn url() -> UrlPath {
    UrlPath::parse(URL).unwrap()
}

pub(crate) fn motivo() -> Motivo {
    Motivo::new(MOTIVO).unwrap()
}

pub(crate) fn recibidos() -> HechosRecibidos {
    let texto = |t: &str| Some(t.to_owned());
    HechosRecibidos {
        sha256: texto("65bee869c507f535edea93a446a26e941fb9cbc3819e4d73395f11eef56d4687"),
        bytes: Some(91_754),
        modalidad: texto("US"),
        study_instance_uid: texto("1.3.46.670589.14.1000.210.4.199999.20110525182825.1.0"),
        series_instance_uid: texto("1.3.46.670589.14.1000.210.3.199999.20110525182826.1.0"),
        sop_instance_uid: texto("1.3.46.670589.14.1000.210.2.199999.20110525185628.1.0"),
    }
}

pub(crate) fn hechos() -> HechosDeclarados {
    recibidos().try_into().unwrap()
}

pub(crate) fn crear() -> CrearIngesta {
    CrearIngesta {
        id_proveedor: PROVEEDOR.parse::<IdProveedor>().unwrap(),
        id_paciente: PACIENTE.parse::<IdPaciente>().unwrap(),
        url_path: url(),
        hechos: hechos(),
        fecha: fecha(),
    }
}

/// One of each command, in the order of `IngestaCommand::TIPOS`.
pub(crate) fn comandos() -> Vec<IngestaCommand> {
    let fecha = fecha();
    vec![
        crear().into(),
        IniciarProceso { fecha }.into(),
        RechazarIngesta {
            motivos: vec![MotivoRechazo::ModalidadDesconocida],
            fecha,
        }
        .into(),
        FinalizarIngesta { fecha }.into(),
        RevertirIngesta {
            motivo: motivo(),
            fecha,
        }
        .into(),
        EliminarIngesta { fecha }.into(),
        AlertarIngesta {
            motivo: motivo(),
            fecha,
        }
        .into(),
    ]
}

/// One of each event of an ingesta, in the order of `IngestaEvent::TIPOS`.
pub(crate) fn eventos() -> Vec<IngestaEvent> {
    let (fecha, c) = (fecha(), crear());
    vec![
        IngestaCreada {
            id_proveedor: c.id_proveedor,
            id_paciente: c.id_paciente,
            url_path: c.url_path,
            hechos: c.hechos,
            fecha_creacion: fecha,
        }
        .into(),
        ProcesoIniciado { fecha }.into(),
        IngestaRechazada {
            motivos: MotivoRechazo::TODOS.to_vec(),
            fecha,
        }
        .into(),
        IngestaFinalizada { fecha }.into(),
        IngestaRevertida {
            motivo: motivo(),
            fecha_eliminacion: fecha,
        }
        .into(),
        IngestaEliminada {
            fecha_eliminacion: fecha,
        }
        .into(),
        IngestaAlertada {
            motivo: motivo(),
            fecha,
        }
        .into(),
    ]
}

/// One of each event of an image, in the order of `ImagenEvent::TIPOS`.
pub(crate) fn eventos_imagen() -> Vec<ImagenEvent> {
    let (fecha, id_ingesta) = (fecha(), id_ingesta());
    vec![
        ImagenVerificada {
            id_ingesta,
            url_path: url(),
            hechos: hechos().verificar().unwrap(),
            fecha,
        }
        .into(),
        ImagenRechazada {
            id_ingesta,
            url_path: url(),
            motivos: MotivoRechazo::TODOS.to_vec(),
            fecha,
        }
        .into(),
        ImagenRevertida { id_ingesta, fecha }.into(),
    ]
}

/// The events that lead to a state, by the shortest way.
pub(crate) fn camino(estado: EstadoIngesta) -> Vec<IngestaEvent> {
    let todos = eventos();
    let indices: &[usize] = match estado {
        EstadoIngesta::Creada => &[0],
        EstadoIngesta::Pendiente => &[0, 1],
        EstadoIngesta::Rechazada => &[0, 2],
        EstadoIngesta::Finalizada => &[0, 1, 3],
        EstadoIngesta::Fallida => &[0, 4],
        EstadoIngesta::Eliminada => &[0, 5],
        EstadoIngesta::Alertada => &[0, 1, 6],
    };
    indices.iter().map(|i| todos[*i].clone()).collect()
}

pub(crate) fn en_estado(estado: Option<EstadoIngesta>) -> Ingesta {
    let mut ingesta = Ingesta::default();
    for evento in estado.map(camino).unwrap_or_default() {
        apply(&mut ingesta, evento);
    }
    assert_eq!(ingesta.estado(), estado, "the sample leads to the state");
    ingesta
}
