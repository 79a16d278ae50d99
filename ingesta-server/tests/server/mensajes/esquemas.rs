//! B-70: the schemas are committed, change only as readers can bear, and are the first systems' own
//! where those had them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ingesta_kafka::schema::{SchemaFile, SchemaSet, json_schema, value_subject};
use ingesta_server::mensajes::{Esquema, esquemas};
use serde_json::{Value, json};

use super::indice::nothing_changed;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

/// `v1/NAME.N.avsc`, each with its text.
fn committed() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for version in std::fs::read_dir(folder()).expect("the folder is there") {
        let version = version.expect("an entry").path();
        if !version.is_dir() {
            continue;
        }
        let files = std::fs::read_dir(&version).expect("a folder");
        for path in files.map(|file| file.expect("a file").path()) {
            if path.extension().is_some_and(|ext| ext == "avsc") {
                let name = path.strip_prefix(folder()).expect("it lies there");
                let name = name.to_str().expect("plain").to_owned();
                found.insert(name, std::fs::read_to_string(&path).expect("text"));
            }
        }
    }
    found
}

#[test]
fn b_70_every_committed_schema_is_compatible_and_its_json_twin_is_made_of_it() {
    if std::env::var_os("INGESTA_BLESS").is_some_and(|value| value == "1") {
        for (name, avro) in committed() {
            let schema = ingesta_kafka::avro::AvroSchema::parse(&avro).expect("Avro");
            let twin = folder().join(name).with_extension("json");
            std::fs::write(twin, json_schema(&schema)).expect("written");
        }
    }
    let findings: Vec<_> = esquemas().audit().iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn b_70_a_change_that_breaks_a_reader_is_found() {
    let schema = Esquema::EventoAlertaIngesta.avro();
    let subject = value_subject(Esquema::EventoAlertaIngesta.topic());
    let broken = schema.text().replace("\"estado\"", "\"situacion\"");
    assert_ne!(broken, schema.text());
    let set = SchemaSet::load([schema.text(), &broken].map(|avro| SchemaFile {
        subject: &subject,
        version: "v1",
        avro,
        json: "",
    }));
    let found = set.expect("both are schemas").audit();
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert!(
        found.iter().any(|text| text.contains("situacion")),
        "{found:#?}"
    );
}

#[test]
fn b_70_every_file_is_compiled_in_and_every_schema_has_one() {
    let compiled: usize = esquemas()
        .iter()
        .map(|(.., revisions)| revisions.len())
        .sum();
    assert_eq!(
        compiled,
        committed().len(),
        "a file is not in src/mensajes/esquemas.rs"
    );
    for schema in Esquema::TODOS {
        let name = format!("{}/{}.1.avsc", schema.version(), schema.topic());
        assert!(committed().contains_key(&name), "{name}");
        let json: Value = serde_json::from_str(schema.json()).expect("JSON");
        assert_eq!(json["title"], schema.avro().name().expect("a record"));
    }
}

#[test]
fn b_70_no_committed_schema_is_ever_changed_or_removed() {
    nothing_changed(&folder(), &committed());
}

/// The data of each message as the first systems had it: record, its own name, fields in order.
const SEEDS: [(Esquema, &str, &str, &str); 12] = [
    (
        Esquema::ComandoCrearIngesta,
        "ComandoCrearIngesta",
        "ComandoCrearIngestaPayload",
        "id_proveedor id_paciente url_path",
    ),
    (
        Esquema::ComandoEliminarIngesta,
        "ComandoEliminarIngesta",
        "ComandoEliminarIngestaPayLoad",
        "id_ingesta",
    ),
    (
        Esquema::ComandoRevertirIngesta,
        "ComandoRevertirIngesta",
        "ComandoRevertirIngestaPayLoad",
        "id_ingesta",
    ),
    (
        Esquema::EventoIngestaCreada,
        "EventoIngestaCreada",
        "IngestaCreadaPayload",
        "id_ingesta id_proveedor id_paciente url_path estado fecha_creacion",
    ),
    (
        Esquema::EventosImagen,
        "EventoImagenProcesada",
        "ImagenProcesadaPayload",
        "id_imagen id_ingesta estado",
    ),
    (
        Esquema::EventoFalloIngesta,
        "EventoIngestaRevertida",
        "IngestaRevertidaPayload",
        "id_ingesta id_proveedor id_paciente url_path estado fecha_creacion fecha_eliminacion",
    ),
    // Nobody wrote to this one; its reader took the first six of these fields.
    (
        Esquema::EventoIngestaRevertida,
        "EventoIngestaRevertida",
        "IngestaRevertidaPayload",
        "id_ingesta id_proveedor id_paciente url_path estado fecha_creacion fecha_eliminacion",
    ),
    (
        Esquema::EventoIngestaEliminada,
        "EventoIngestaEliminada",
        "IngestaEliminadaPayLoad",
        "id_ingesta estado fecha_eliminacion",
    ),
    (
        Esquema::EventoAlertaIngesta,
        "EventoIngestaAlertada",
        "IngestaAlertadaPayLoad",
        "id_ingesta estado",
    ),
    (
        Esquema::ComandoIniciarAnonimizado,
        "ComandoIniciarAnonimizado",
        "ComandoIniciarAnonimizadoPayload",
        "id_ingesta id_proveedor id_paciente url_path",
    ),
    (
        Esquema::ComandoIniciarEtiquetado,
        "IniciarEtiquetado",
        "IniciarEtiquetadoPayload",
        "id_anonimizado modalidad region_anatomica patologia",
    ),
    // Its record has the name of what the sender had made, not of what is asked for.
    (
        Esquema::ComandoRevertirAnonimizado,
        "RevertirEtiquetado",
        "RevertirEtiquetadoPayload",
        "id_anonimizado",
    ),
];

/// A schema without what says nothing about bytes.
fn layout(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .filter(|(key, _)| *key != "doc")
            .map(|(key, value)| (key.clone(), layout(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(list) => list.iter().map(layout).collect(),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            scalar.clone()
        }
    }
}

#[test]
fn b_70_the_layout_is_the_first_systems_own_inside_the_whole_envelope() {
    let field = |name: &str, kind: &str| json!({ "name": name, "type": ["null", kind] });
    for (schema, record, payload, names) in SEEDS {
        let data: Vec<_> = names.split(' ').map(|name| field(name, "string")).collect();
        let expected = json!({ "type": "record", "name": record, "fields": [
            field("id", "string"),
            field("time", "long"),
            field("ingestion", "long"),
            field("specversion", "string"),
            field("type", "string"),
            field("datacontenttype", "string"),
            field("service_name", "string"),
            { "name": "data", "type": ["null", {
                "type": "record", "name": payload, "fields": data,
            }] },
        ] });
        let text = schema.avro().text();
        let found: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(layout(&found), expected, "{}", schema.topic());
    }
}
