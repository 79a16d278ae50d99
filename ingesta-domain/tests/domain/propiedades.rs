//! What holds for every sequence of commands, tried on many.
//!
//! It promises: no panic, a refusal changes nothing, a replay of the events gives the state that the
//! decisions gave, no command leaves a terminal state, and events survive JSON.
//! Single steps are in `vida`.

use chrono::{DateTime, Utc};
use ingesta_domain::imagen::{CrearImagen, Imagen, ImagenCommand, ImagenEvent, RevertirImagen};
use ingesta_domain::ingesta::{
    AlertarIngesta, CrearIngesta, EliminarIngesta, FinalizarIngesta, Ingesta, IngestaCommand,
    IngestaEvent, IniciarProceso, RechazarIngesta, RevertirIngesta, apply, decide,
};
use ingesta_domain::valor::{
    EstadoIngesta, HechosDeclarados, HechosRecibidos, Motivo, MotivoRechazo, UrlPath,
};
use ingesta_domain::{imagen, valor::IdIngesta};
use proptest::prelude::*;
use uuid::Uuid;

fn fecha() -> impl Strategy<Value = DateTime<Utc>> {
    (0_i64..4_000_000_000, 0_u32..1_000_000_000)
        .prop_map(|(s, n)| DateTime::from_timestamp(s, n).unwrap())
}

/// Mostly addresses that the rule takes; some that only a stored event can hold.
fn url() -> impl Strategy<Value = UrlPath> {
    prop_oneof![
        4 => "https?://[a-z]{1,9}\\.example\\.org/[a-z0-9]{0,20}".prop_map(|t| t.parse().unwrap()),
        1 => any::<String>().prop_map(|t| serde_json::from_value(t.into()).unwrap()),
    ]
}

fn texto() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(prop_oneof![
        "[0-9.]{0,70}",
        "[A-Z]{0,3}",
        "[0-9a-fA-F]{64}",
        "\\PC{0,64}"
    ])
}

fn hechos() -> impl Strategy<Value = HechosDeclarados> {
    (
        texto(),
        any::<Option<i64>>(),
        texto(),
        texto(),
        texto(),
        texto(),
    )
        .prop_map(|(sha256, bytes, modalidad, study, series, sop)| {
            HechosRecibidos {
                sha256,
                bytes,
                modalidad,
                study_instance_uid: study,
                series_instance_uid: series,
                sop_instance_uid: sop,
            }
            .try_into()
            .unwrap()
        })
}

fn motivo() -> impl Strategy<Value = Motivo> {
    "[a-zñ]\\PC{0,100}".prop_map(|t| Motivo::new(t).unwrap())
}

fn motivos() -> impl Strategy<Value = Vec<MotivoRechazo>> {
    proptest::collection::vec(
        proptest::sample::select(MotivoRechazo::TODOS.to_vec()),
        0..4,
    )
}

fn crear() -> impl Strategy<Value = IngestaCommand> {
    (any::<u128>(), any::<u128>(), url(), hechos(), fecha()).prop_map(
        |(proveedor, paciente, url_path, hechos, fecha)| {
            CrearIngesta {
                id_proveedor: Uuid::from_u128(proveedor).into(),
                id_paciente: Uuid::from_u128(paciente).into(),
                url_path,
                hechos,
                fecha,
            }
            .into()
        },
    )
}

fn comando() -> impl Strategy<Value = IngestaCommand> {
    prop_oneof![
        2 => crear(),
        2 => fecha().prop_map(|fecha| IniciarProceso { fecha }.into()),
        1 => (motivos(), fecha()).prop_map(|(m, f)| RechazarIngesta { motivos: m, fecha: f }.into()),
        1 => fecha().prop_map(|fecha| FinalizarIngesta { fecha }.into()),
        1 => (motivo(), fecha()).prop_map(|(m, f)| RevertirIngesta { motivo: m, fecha: f }.into()),
        1 => fecha().prop_map(|fecha| EliminarIngesta { fecha }.into()),
        2 => (motivo(), fecha()).prop_map(|(m, f)| AlertarIngesta { motivo: m, fecha: f }.into()),
    ]
}

fn replay(eventos: &[IngestaEvent]) -> Ingesta {
    eventos
        .iter()
        .cloned()
        .fold(Ingesta::default(), |mut ingesta, evento| {
            apply(&mut ingesta, evento);
            ingesta
        })
}

proptest! {
    #[test]
    fn any_sequence_of_commands_keeps_the_promises(
        comandos in proptest::collection::vec(comando(), 0..20),
    ) {
        let mut ingesta = Ingesta::default();
        let mut log: Vec<IngestaEvent> = Vec::new();
        for comando in comandos {
            let antes = ingesta.clone();
            let decision = decide(&ingesta, comando.clone());
            prop_assert_eq!(&ingesta, &antes, "deciding changes nothing");
            prop_assert_eq!(&decision, &decide(&ingesta, comando.clone()), "and is repeatable");
            if antes.estado().is_some_and(EstadoIngesta::es_terminal) {
                prop_assert!(decision.as_ref().map_or(true, Vec::is_empty), "terminal is terminal");
            }
            for evento in decision.unwrap_or_default() {
                apply(&mut ingesta, evento.clone());
                log.push(evento);
            }
            if ingesta != antes {
                // What has just been done is already done: the answer to a repeat is not an event.
                let repetido = decide(&ingesta, comando).unwrap_or_default();
                prop_assert_eq!(repetido, vec![]);
            }
            prop_assert_eq!(&replay(&log), &ingesta, "the log alone gives the state");
        }
        for evento in &log {
            let json = serde_json::to_string(evento).unwrap();
            prop_assert_eq!(&serde_json::from_str::<IngestaEvent>(&json).unwrap(), evento);
        }
    }

    #[test]
    fn any_sequence_of_stored_events_folds_without_a_panic(
        indices in proptest::collection::vec(0_usize..7, 0..12),
    ) {
        let muestras = crate::muestra::eventos();
        let log: Vec<_> = indices.iter().map(|i| muestras[*i].clone()).collect();
        let existe = indices.contains(&0);
        prop_assert_eq!(replay(&log).estado().is_some(), existe);
    }

    #[test]
    fn any_declaration_gets_exactly_one_verdict_and_it_survives_json(
        id in any::<u128>(), url_path in url(), hechos in hechos(), fecha in fecha(),
    ) {
        let id_ingesta: IdIngesta = Uuid::from_u128(id).into();
        let crear: ImagenCommand = CrearImagen { id_ingesta, url_path, hechos, fecha }.into();
        let mut imagen = Imagen::default();
        let eventos = imagen::decide(&imagen, crear.clone()).unwrap();
        prop_assert_eq!(&eventos, &imagen::decide(&imagen, crear.clone()).unwrap());
        prop_assert_eq!(eventos.len(), 1);
        let json = serde_json::to_string(&eventos[0]).unwrap();
        prop_assert_eq!(&serde_json::from_str::<ImagenEvent>(&json).unwrap(), &eventos[0]);
        prop_assert_eq!(eventos[0].id_ingesta(), id_ingesta);

        imagen::apply(&mut imagen, eventos[0].clone());
        prop_assert_eq!(imagen::decide(&imagen, crear).unwrap(), vec![]);
        let deshecha = imagen::decide(&imagen, RevertirImagen { fecha }.into()).unwrap();
        prop_assert_eq!(deshecha.len(), 1);
    }

    #[test]
    fn an_address_that_is_taken_is_kept_as_given(texto in "\\PC{0,80}|https?://\\PC{0,80}") {
        if let Ok(url) = UrlPath::parse(&texto) {
            prop_assert_eq!(url.as_str(), &texto);
            let parsed = url::Url::parse(&texto).unwrap();
            prop_assert!(matches!(parsed.scheme(), "http" | "https"));
            prop_assert!(parsed.username().is_empty() && parsed.password().is_none());
        }
    }
}
