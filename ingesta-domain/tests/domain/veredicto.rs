//! The verdict on an image: a function of what was declared, never of chance (B-38).
//!
//! It promises the rule of every fact at its edges, and the verdicts on the real rows that the
//! demonstration imports.
//! How a verdict is stored is in `guardados`.

use ingesta_domain::imagen::{
    CrearImagen, Imagen, ImagenEvent, ImagenVerificada, decide, verificar,
};
use ingesta_domain::valor::{
    HechosDeclarados, HechosRecibidos, Modalidad, MotivoRechazo, UidDicom, UrlPath,
};

use crate::muestra;

const FILAS: &str = include_str!("../../../examples/data/imagenes.ndjson");

fn recibidos(fila: &serde_json::Value) -> HechosRecibidos {
    let texto = |campo: &str| fila[campo].as_str().map(str::to_owned);
    HechosRecibidos {
        sha256: texto("sha256"),
        bytes: fila["bytes"].as_i64(),
        modalidad: texto("modalidad"),
        study_instance_uid: texto("study_instance_uid"),
        series_instance_uid: texto("series_instance_uid"),
        sop_instance_uid: texto("sop_instance_uid"),
    }
}

fn veredicto(hechos: HechosDeclarados) -> ImagenEvent {
    let (id_ingesta, url_path, fecha) = (muestra::id_ingesta(), muestra::url(), muestra::fecha());
    let crear = CrearImagen {
        id_ingesta,
        url_path,
        hechos,
        fecha,
    };
    let mut eventos = decide(&Imagen::default(), crear.into()).unwrap();
    assert_eq!(eventos.len(), 1);
    eventos.remove(0)
}

fn motivos(recibidos: HechosRecibidos) -> Vec<MotivoRechazo> {
    let hechos = HechosDeclarados::try_from(recibidos).unwrap();
    hechos.verificar().err().unwrap_or_default()
}

/// Checked by eye: 51 rows, every address on one https host, sizes 520 to 7,200,356 bytes, modalities
/// OT 25, US 9, CR 9, MR 3, CT 2, SEG 1 and two rows with everything but hash and size left empty.
/// The UIDs include test roots (`999.999`, `1.2.999999`): odd, but well formed. So nothing is refused.
#[test]
fn b_38_the_real_rows_get_the_verdict_that_a_reader_gives_them() {
    let mut verificadas = 0;
    let mut sin_datos_dicom = 0;
    for linea in FILAS.lines() {
        let fila: serde_json::Value = serde_json::from_str(linea).unwrap();
        let url_path = UrlPath::parse(fila["url_path"].as_str().unwrap()).unwrap();
        let hechos = HechosDeclarados::try_from(recibidos(&fila)).unwrap();
        let vacia = fila["modalidad"] == "";
        assert_eq!(hechos.modalidad.is_none(), vacia, "empty means absent");
        let contenido = verificar(&url_path, &hechos).unwrap();
        assert_eq!(
            contenido.bytes.unwrap().get(),
            fila["bytes"].as_i64().unwrap()
        );
        verificadas += 1;
        sin_datos_dicom += usize::from(contenido.sop_instance_uid.is_none());
    }
    assert_eq!((verificadas, sin_datos_dicom), (51, 2));
}

#[test]
fn b_38_the_real_rows_with_one_fact_broken_are_all_refused_for_that_fact() {
    type Rotura = (fn(&mut HechosRecibidos), MotivoRechazo);
    let roturas: [Rotura; 6] = [
        (
            |h| h.sha256 = Some("e9".into()),
            MotivoRechazo::Sha256Invalido,
        ),
        (|h| h.bytes = Some(0), MotivoRechazo::BytesInvalidos),
        (
            |h| h.modalidad = Some("XX".into()),
            MotivoRechazo::ModalidadDesconocida,
        ),
        (
            |h| h.study_instance_uid = Some("1..2".into()),
            MotivoRechazo::StudyInstanceUidInvalido,
        ),
        (
            |h| h.series_instance_uid = Some("1.".into()),
            MotivoRechazo::SeriesInstanceUidInvalido,
        ),
        (
            |h| h.sop_instance_uid = Some("1.02".into()),
            MotivoRechazo::SopInstanceUidInvalido,
        ),
    ];
    for linea in FILAS.lines() {
        let fila: serde_json::Value = serde_json::from_str(linea).unwrap();
        for (romper, motivo) in roturas {
            let mut recibidos = recibidos(&fila);
            romper(&mut recibidos);
            assert_eq!(motivos(recibidos), [motivo]);
        }
    }
}

#[test]
fn b_38_the_same_declaration_has_the_same_verdict_a_thousand_times() {
    let bueno = veredicto(muestra::hechos());
    assert!(matches!(bueno, ImagenEvent::ImagenVerificada(_)));
    let malo = || {
        let r = HechosRecibidos {
            bytes: Some(-1),
            ..muestra::recibidos()
        };
        veredicto(r.try_into().unwrap())
    };
    assert!(matches!(malo(), ImagenEvent::ImagenRechazada(_)));
    for _ in 0..1_000 {
        assert_eq!(veredicto(muestra::hechos()), bueno);
        assert_eq!(malo(), malo());
    }
}

#[test]
fn every_wrong_fact_is_named_in_the_order_of_the_fields() {
    let mal = || Some("mal".to_owned());
    let todo_mal = HechosRecibidos {
        sha256: mal(),
        bytes: Some(0),
        modalidad: mal(),
        study_instance_uid: mal(),
        series_instance_uid: mal(),
        sop_instance_uid: mal(),
    };
    let hechos = HechosDeclarados::try_from(todo_mal).unwrap();
    let url: UrlPath = serde_json::from_str("\"mal\"").unwrap();
    assert_eq!(verificar(&url, &hechos).unwrap_err(), MotivoRechazo::TODOS);
}

#[test]
fn absent_facts_reject_nothing() {
    let ImagenEvent::ImagenVerificada(ImagenVerificada { hechos, .. }) =
        veredicto(HechosDeclarados::default())
    else {
        panic!("nothing said is nothing wrong");
    };
    assert_eq!(serde_json::to_string(&hechos).unwrap(), "{}");
}

#[test]
fn facts_are_normalised_where_the_standard_leaves_a_choice() {
    let gritado = HechosRecibidos {
        sha256: Some("AB".repeat(32)),
        ..muestra::recibidos()
    };
    let hechos = HechosDeclarados::try_from(gritado)
        .unwrap()
        .verificar()
        .unwrap();
    assert_eq!(hechos.sha256.unwrap().as_str(), "ab".repeat(32));
}

#[test]
fn uids_follow_the_syntax_of_dicom() {
    let largo_64 = format!("1.{}", "2".repeat(62));
    let largo_65 = format!("{largo_64}3");
    for bueno in ["0", "1", "0.0", "1.2.840.10008.1.2", "999.999.2", &largo_64] {
        assert!(UidDicom::parse(bueno).is_some(), "{bueno}");
    }
    #[rustfmt::skip]
    let malos = ["", ".", "1.", ".1", "1..2", "1.02", "00", "1.a", "1.2 ", " 1", "1.2\u{0}", "-1",
        "1.٢", &largo_65];
    for malo in malos {
        assert!(UidDicom::parse(malo).is_none(), "{malo:?}");
    }
}

#[test]
fn modalities_are_the_codes_of_the_standard() {
    let (vigentes, retiradas) = (Modalidad::VIGENTES, Modalidad::RETIRADAS);
    for codigos in [vigentes, retiradas] {
        assert!(codigos.is_sorted_by(|a, b| a < b), "in order, each once");
        for codigo in codigos {
            assert_eq!(Modalidad::parse(codigo).unwrap().as_str(), *codigo);
            assert!(codigo.len() <= 16, "a DICOM code string");
        }
    }
    assert!(retiradas.iter().all(|codigo| !vigentes.contains(codigo)));
    for malo in ["", "mr", "MR ", "MRI", "XX", "CT\\MR"] {
        assert!(Modalidad::parse(malo).is_none(), "{malo:?}");
    }
}
