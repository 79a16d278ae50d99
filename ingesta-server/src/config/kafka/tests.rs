//! What the keys that begin with `kafka_` become, and how they are refused.

use super::registry::{MASK, decoded, masked};
use super::*;
use std::time::Duration;

use ingesta_kafka::envelope::Shape;
use ingesta_kafka::topics::Copies;

use crate::mensajes::Format;

fn read(settings: &[(&str, &str)]) -> Result<Option<Messaging>, ConfigError> {
    let mut layers = Layers::defaults();
    let variables = settings
        .iter()
        .map(|(name, value)| (format!("INGESTA_KAFKA_{name}").into(), (*value).into()));
    layers.environment(variables)?;
    messaging(&layers)
}

#[track_caller]
fn refused(settings: &[(&str, &str)]) -> String {
    read(settings).expect_err("it is wrong").to_string()
}

#[test]
fn without_a_broker_there_is_no_messaging() {
    assert!(read(&[]).expect("sound").is_none());
    assert!(read(&[("FORMAT", "json")]).expect("sound").is_none());
    let read = read(&[("BROKERS", "b:9092"), ("PARTITIONS", "3")]).expect("sound");
    let read = read.expect("there is a broker");
    assert_eq!(read.partitions, 3);
    // The cluster knows best how safe it is.
    assert_eq!((read.copies, read.retention), (Copies::default(), None));
    assert_eq!(read.rutas.events().len(), 2);
}

#[test]
fn copies_and_retention_are_the_brokers_unless_they_are_said() {
    let said = |more: &[(&str, &str)]| read(&[&[("BROKERS", "b:9092")], more].concat());
    let three = said(&[
        ("REPLICATION", "3"),
        ("MIN_INSYNC", "2"),
        ("RETENTION_DAYS", "30"),
    ]);
    let three = three.expect("sound").expect("a broker");
    let copies = Copies {
        replication: Some(3),
        min_insync: Some(2),
    };
    assert_eq!(three.copies, copies);
    assert_eq!(three.retention, Some(Duration::from_secs(30 * 24 * 3600)));
    let ever = said(&[("RETENTION_DAYS", "siempre")]).expect("sound");
    assert_eq!(ever.expect("a broker").retention, Some(Duration::MAX));
    for (settings, key) in [
        (
            vec![("REPLICATION", "2"), ("MIN_INSYNC", "3")],
            "kafka_min_insync",
        ),
        (vec![("REPLICATION", "0")], "kafka_replication"),
        (vec![("RETENTION_DAYS", "0")], "kafka_retention_days"),
        (vec![("RETENTION_DAYS", "nunca")], "kafka_retention_days"),
    ] {
        let text = refused(&settings);
        assert!(text.contains(key), "{text}");
    }
}

#[test]
fn the_routing_table_is_what_was_asked_for() {
    let read = read(&[
        ("BROKERS", "b:9092"),
        ("PREFIX", "pruebas."),
        ("ROUTES", "por_tipo"),
        ("FORMAT", "json"),
        ("TRUSTED", "evento-ingesta-creada, eventos-ingesta"),
        ("DATA_ONLY", "comando-eliminar-ingesta"),
    ]);
    let rutas = read.expect("sound").expect("a broker").rutas;
    let trusted: Vec<_> = rutas.events().iter().filter(|ruta| ruta.trusted).collect();
    assert_eq!(trusted.len(), 2);
    assert!(
        trusted
            .iter()
            .all(|ruta| ruta.topic.starts_with("pruebas."))
    );
    assert!(rutas.events().len() > 2);
    let shapes: Vec<_> = rutas.commands().iter().map(|ruta| ruta.shape).collect();
    assert_eq!(shapes, [Shape::Full, Shape::DataOnly, Shape::Full]);
    assert!(
        rutas
            .commands()
            .iter()
            .all(|ruta| ruta.format == Format::Json)
    );
}

#[test]
fn what_is_wrong_is_named_and_no_value_is_quoted() {
    for (key, value) in [
        ("FORMAT", "xml-s3cret"),
        ("ROUTES", "s3cret"),
        ("RELAY", "s3cret"),
        ("IMAGENES", "s3cret"),
        ("IMAGENES", "topico"),
        ("PREFIX", "s3cret/x"),
        ("PARTITIONS", "0"),
        ("REPLICATION", "s3cret"),
        ("SASL_MECHANISM", "s3cret"),
        ("SASL_PASSWORD", "s3cret"),
        ("TLS_KEY", "s3cret"),
        ("TLS_KEY_PASSWORD", "s3cret"),
        ("TRUSTED", "s3cret"),
        ("DATA_ONLY", "eventos-ingesta"),
        ("SCHEMA_REGISTRY", "ftp://s3cret"),
    ] {
        let text = refused(&[(key, value)]);
        assert!(
            text.contains(&format!("kafka_{}", key.to_lowercase())),
            "{text}"
        );
        assert!(!text.contains("s3cret"), "{text}");
    }
    let registry = ("SCHEMA_REGISTRY", "http://r:8081");
    assert!(refused(&[("FORMAT", "json"), registry]).contains("kafka_schema_registry"));
    let nobody = refused(&[("SASL_MECHANISM", "plain"), ("SASL_PASSWORD", "s3cret")]);
    assert!(nobody.contains("kafka_sasl_user"), "{nobody}");
}

#[cfg(not(feature = "tls"))]
#[test]
fn a_build_without_tls_says_so() {
    let text = refused(&[("BROKERS", "b:9092"), ("TLS_CA", "system")]);
    assert!(text.contains("feature `tls`"), "{text}");
}

#[test]
fn no_secret_is_printed() {
    assert_eq!(masked("s3cret"), MASK);
    assert_eq!(
        masked("https://ana:s3cret@r:8081/"),
        "https://ana:***@r:8081/"
    );
    assert_eq!(masked("https://r:8081/?key=s3cret"), MASK);
    let settings = [
        ("BROKERS", "b:9092"),
        ("SCHEMA_REGISTRY", "http://ana:s3%40cret@r:8081"),
    ];
    let read = read(&settings).expect("sound");
    assert!(!format!("{read:?}").contains("cret"), "{read:?}");
    assert_eq!(decoded("s3%40c+ret"), "s3@c+ret");
}
