//! Stored events: what was written yesterday is read today, and today's events are written the same.
//!
//! The golden files in `stored-events/` are never edited: they stand for rows that nobody can change.
//! A failing test here means that the code is wrong.
//! The values that no longer obey today's rules are here, too (B-27).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cqrs_es::persist::SerializedEvent;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope};
use ingesta_domain::imagen::{Imagen, ImagenEvent, decide as decide_imagen, reaccion};
use ingesta_domain::ingesta::{Ingesta, IngestaEvent, apply};
use ingesta_domain::saga::SagaEvent;
use ingesta_domain::upcasters;
use ingesta_domain::valor::{EstadoIngesta, MotivoRechazo};
use sha2::{Digest, Sha256};

use crate::muestra;
use crate::saga::eventos_saga;

fn carpeta() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("stored-events")
}

/// The payload that the file holds: everything but the one line break at its end.
#[track_caller]
fn guardado(nombre: &str) -> String {
    let texto = std::fs::read_to_string(carpeta().join(nombre)).expect(nombre);
    texto
        .strip_suffix('\n')
        .expect("one line break at the end")
        .to_owned()
}

/// The names of all golden files.
fn archivos() -> BTreeSet<String> {
    std::fs::read_dir(carpeta())
        .unwrap()
        .map(|entrada| entrada.unwrap().file_name().into_string().unwrap())
        .filter(|nombre| nombre.ends_with(".json"))
        .collect()
}

fn nombre(evento: &impl DomainEvent) -> String {
    format!("{}.{}.json", evento.event_type(), evento.event_version())
}

/// Reads a payload as a loader does: upcasters first, then the type.
fn leer<A: Aggregate>(tipo: &str, version: &str, payload: &str) -> A::Event {
    let mut guardado = SerializedEvent::new(
        muestra::INGESTA.to_owned(),
        1,
        A::TYPE.to_owned(),
        tipo.to_owned(),
        version.to_owned(),
        serde_json::from_str(payload).unwrap(),
        serde_json::json!({}),
    );
    for upcaster in upcasters() {
        if upcaster.can_upcast(&guardado.event_type, &guardado.event_version) {
            guardado = upcaster.upcast(guardado);
        }
    }
    EventEnvelope::<A>::try_from(guardado).unwrap().payload
}

#[track_caller]
fn de_ida_y_vuelta<A: Aggregate>(evento: &A::Event) {
    let nombre = nombre(evento);
    let bytes = guardado(&nombre);
    let leido: A::Event = serde_json::from_str(&bytes).expect(&nombre);
    assert_eq!(
        &leido, evento,
        "{nombre}: yesterday's payload is today's event"
    );
    assert_eq!(
        serde_json::to_string(evento).unwrap(),
        bytes,
        "{nombre}: the same bytes"
    );
    assert_eq!(
        &leer::<A>(&evento.event_type(), &evento.event_version(), &bytes),
        evento
    );
}

#[test]
fn every_golden_file_loads_and_is_written_again_byte_by_byte() {
    muestra::eventos()
        .iter()
        .for_each(de_ida_y_vuelta::<Ingesta>);
    muestra::eventos_imagen()
        .iter()
        .for_each(de_ida_y_vuelta::<Imagen>);
}

/// The saga is made an aggregate elsewhere; its events are the domain's.
#[test]
fn every_golden_file_of_a_saga_loads_and_is_written_again_byte_by_byte() {
    for evento in eventos_saga() {
        let nombre = nombre(&evento);
        let bytes = guardado(&nombre);
        let leido: SagaEvent = serde_json::from_str(&bytes).expect(&nombre);
        assert_eq!(
            leido, evento,
            "{nombre}: yesterday's payload is today's event"
        );
        let ahora = serde_json::to_string(&evento).unwrap();
        assert_eq!(ahora, bytes, "{nombre}: the same bytes");
    }
}

#[test]
fn the_golden_files_cover_every_event() {
    let (eventos, imagenes) = (muestra::eventos(), muestra::eventos_imagen());
    let tipos: Vec<_> = eventos.iter().map(IngestaEvent::tipo).collect();
    assert_eq!(
        tipos,
        IngestaEvent::TIPOS,
        "the samples cover every event of an ingesta"
    );
    let tipos: Vec<_> = imagenes.iter().map(ImagenEvent::tipo).collect();
    assert_eq!(
        tipos,
        ImagenEvent::TIPOS,
        "the samples cover every event of an image"
    );

    let sagas = eventos_saga();
    let tipos: Vec<_> = sagas.iter().map(SagaEvent::tipo).collect();
    assert_eq!(
        tipos,
        SagaEvent::TIPOS,
        "the samples cover every event of a saga"
    );

    let esperados: BTreeSet<_> = eventos
        .iter()
        .map(nombre)
        .chain(sagas.iter().map(nombre))
        .chain(imagenes.iter().map(nombre))
        .collect();
    // Older versions and given-up types stay beside them. That they are read still is tested where
    // the whole codec is, in the server.
    let falta: Vec<_> = esperados.difference(&archivos()).cloned().collect();
    assert!(falta.is_empty(), "no golden file: {falta:?}");
}

#[test]
fn no_golden_file_is_ever_changed_or_removed() {
    let indice = std::fs::read_to_string(carpeta().join("INDEX")).unwrap();
    let escritos: BTreeMap<_, _> = indice
        .lines()
        .map(|linea| linea.split_once("  ").expect("a hash, two spaces, a name"))
        .map(|(hash, nombre)| (nombre.to_owned(), hash.to_owned()))
        .collect();
    assert_eq!(
        escritos.len(),
        indice.lines().count(),
        "each file is listed once"
    );
    let hay: BTreeMap<_, _> = archivos()
        .into_iter()
        .map(|nombre| {
            let bytes = std::fs::read_to_string(carpeta().join(&nombre)).unwrap();
            let hash = Sha256::digest(bytes);
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            (nombre, hash)
        })
        .collect();
    for (nombre, hash) in &escritos {
        let ahora = hay.get(nombre);
        assert_eq!(
            ahora,
            Some(hash),
            "{nombre} was removed or changed: put it back"
        );
    }
    for (nombre, hash) in &hay {
        assert!(
            escritos.contains_key(nombre),
            "a new golden file: add this line at the end of stored-events/INDEX\n{hash}  {nombre}"
        );
    }
}

#[test]
fn an_event_written_before_the_facts_existed_still_loads() {
    let payload = format!(
        r#"{{"IngestaCreada":{{"id_proveedor":"{}","id_paciente":"{}","url_path":"{}","fecha_creacion":"2025-03-01T12:00:00Z","campo_de_manana":1}}}}"#,
        muestra::PROVEEDOR,
        muestra::PACIENTE,
        muestra::URL,
    );
    let evento = leer::<Ingesta>("IngestaCreada", "1", &payload);
    let mut ingesta = Ingesta::default();
    apply(&mut ingesta, evento);
    assert_eq!(ingesta.estado(), Some(EstadoIngesta::Creada));
}

#[test]
fn b_27_an_event_stored_with_another_url_scheme_still_loads_and_is_judged() {
    let original = guardado("IngestaCreada.1.json");
    for rara in [
        "ftp://viejo.example.org/a.dcm",
        "gs://cubo/a.dcm",
        "http",
        "",
        "a b",
    ] {
        let payload = original.replace(muestra::URL, rara);
        let evento = leer::<Ingesta>("IngestaCreada", "1", &payload);
        assert_eq!(
            serde_json::to_string(&evento).unwrap(),
            payload,
            "kept as it was stored"
        );

        let mut ingesta = Ingesta::default();
        apply(&mut ingesta, evento.clone());
        assert_eq!(ingesta.datos().unwrap().url_path.as_str(), rara);

        let comando = reaccion(muestra::id_ingesta(), &evento, muestra::fecha()).unwrap();
        let veredicto = decide_imagen(&Imagen::default(), comando).unwrap();
        let [ImagenEvent::ImagenRechazada(rechazada)] = &veredicto[..] else {
            panic!("an address that today's rule refuses makes a refused image");
        };
        assert_eq!(rechazada.motivos, [MotivoRechazo::UrlInvalida]);
    }
}

#[test]
fn b_27_stored_texts_beyond_todays_bounds_still_load() {
    let largo = "x".repeat(10_000);
    let payload = guardado("IngestaAlertada.1.json").replace(muestra::MOTIVO, &largo);
    let evento = leer::<Ingesta>("IngestaAlertada", "1", &payload);
    assert_eq!(serde_json::to_string(&evento).unwrap(), payload);

    let payload = guardado("ImagenVerificada.1.json").replace(r#""US""#, r#""RETIRADA""#);
    let evento = leer::<Imagen>("ImagenVerificada", "1", &payload);
    assert_eq!(serde_json::to_string(&evento).unwrap(), payload);
}

#[test]
fn b_27_facts_stored_as_empty_texts_are_absent() {
    let payload = guardado("IngestaCreada.1.json").replace(r#""US""#, r#""""#);
    let IngestaEvent::IngestaCreada(creada) = leer::<Ingesta>("IngestaCreada", "1", &payload)
    else {
        panic!("the payload is a creation");
    };
    assert_eq!(creada.hechos.verificar().unwrap().modalidad, None);
}

#[test]
fn the_state_survives_a_snapshot() {
    for estado in EstadoIngesta::TODOS {
        let ingesta = muestra::en_estado(Some(estado));
        let json = serde_json::to_string(&ingesta).unwrap();
        assert_eq!(serde_json::from_str::<Ingesta>(&json).unwrap(), ingesta);
    }
    let nada = serde_json::to_string(&Ingesta::default()).unwrap();
    assert_eq!(
        serde_json::from_str::<Ingesta>(&nada).unwrap(),
        Ingesta::default()
    );
}
