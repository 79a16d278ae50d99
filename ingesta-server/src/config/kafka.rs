//! The keys that begin with `kafka_`, to the options of the broker and the messages.
//!
//! Promises: what is wrong is named by its key, whether or not a broker is given; a password is
//! printed nowhere.
//! Does not: ask any broker.

use ingesta_kafka::connect::{KafkaOptions, Sasl, SaslMechanism, Tls};
use ingesta_kafka::envelope::Shape;
use ingesta_kafka::schema::{RegistryOptions, SchemaRegistry};
use reqwest::Url;

use super::read::{bad, number};
use super::{ConfigError, Layers};
use crate::app::{Messaging, RelayMode};
use crate::mensajes::{Format, RouteError, Rutas};

const MASK: &str = "***";

/// A secret for people: the address of a registry without its password, nothing of anything else.
pub(super) fn masked(value: &str) -> String {
    match Url::parse(value) {
        Ok(mut url) if is_web(&url) && url.query().is_none() => {
            if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
                return MASK.to_owned();
            }
            url.to_string()
        }
        _ => MASK.to_owned(),
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

/// Everything about messages; `None` where no broker is given.
pub(super) fn messaging(layers: &Layers) -> Result<Option<Messaging>, ConfigError> {
    let prefix = prefix(layers)?;
    let (tls, sasl) = (tls(layers)?, sasl(layers)?);
    let rutas = rutas(layers, &prefix)?;
    let relay = one_of(
        layers,
        "kafka_relay",
        "at_least_once or transactional",
        &[
            ("at_least_once", RelayMode::AtLeastOnce),
            ("transactional", RelayMode::Transactional),
        ],
    )?;
    let small = |key, most, expected| {
        let number = number(layers, key, 1..=most, expected)?;
        Ok::<_, ConfigError>(i32::try_from(number).expect("at most 1,000"))
    };
    let replication = small("kafka_replication", 15, "a number, 1 to 15")?;
    let partitions = small("kafka_partitions", 1_000, "a number, 1 to 1000")?;
    let Some(brokers) = text(layers, "kafka_brokers") else {
        return Ok(None);
    };
    let mut kafka = KafkaOptions::new(brokers);
    (kafka.tls, kafka.sasl) = (tls, sasl);
    kafka.check()?;
    Ok(Some(Messaging {
        kafka,
        rutas,
        relay,
        replication,
        partitions,
        prefix,
    }))
}

/// The routing table.
fn rutas(layers: &Layers, prefix: &str) -> Result<Rutas, ConfigError> {
    let format = one_of(
        layers,
        "kafka_format",
        "avro or json",
        &[("avro", Format::Avro), ("json", Format::Json)],
    )?;
    let por_tipo = one_of(
        layers,
        "kafka_routes",
        "una or por_tipo",
        &[("una", false), ("por_tipo", true)],
    )?;
    let mut rutas = Rutas::default();
    if por_tipo {
        rutas = rutas.por_tipo();
    }
    rutas = rutas.with_format(format);
    rutas = listed(layers, "kafka_trusted", rutas, Rutas::trusting)?;
    rutas = listed(layers, "kafka_data_only", rutas, |rutas, topic| {
        rutas.with_shape(topic, Shape::DataOnly)
    })?;
    // Topics are named without it above.
    rutas = rutas.with_prefix(prefix);
    Ok(match registry(layers, format)? {
        Some(registry) => rutas.with_registry(registry),
        None => rutas,
    })
}

/// Does this for each topic of a list.
fn listed(
    layers: &Layers,
    key: &'static str,
    rutas: Rutas,
    each: impl Fn(Rutas, &str) -> Result<Rutas, RouteError>,
) -> Result<Rutas, ConfigError> {
    let topics = text(layers, key).unwrap_or_default().split(',');
    let mut topics = topics.map(str::trim).filter(|topic| !topic.is_empty());
    topics.try_fold(rutas, |rutas, topic| {
        let expected = "topics of the routing table without their prefix, separated by commas";
        each(rutas, topic).map_err(|_| bad(layers, key, expected))
    })
}

fn text<'l>(layers: &'l Layers, key: &str) -> Option<&'l str> {
    let value = layers.get(key)?.value.as_str();
    (!value.is_empty()).then_some(value)
}

fn one_of<T: Copy>(
    layers: &Layers,
    key: &'static str,
    expected: &'static str,
    words: &[(&str, T)],
) -> Result<T, ConfigError> {
    let said = text(layers, key).unwrap_or_default();
    let found = words.iter().find(|(word, _)| *word == said);
    let (_, meant) = found.ok_or_else(|| bad(layers, key, expected))?;
    Ok(*meant)
}

/// Room for the longest name of a topic and of its dead letters within Kafka's 249 characters.
const LONGEST_PREFIX: usize = 100;

fn prefix(layers: &Layers) -> Result<String, ConfigError> {
    const KEY: &str = "kafka_prefix";
    let said = text(layers, KEY).unwrap_or_default();
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if said.len() <= LONGEST_PREFIX && said.chars().all(legal) {
        return Ok(said.to_owned());
    }
    let expected = "at most 100 letters, digits, dots, underscores and hyphens";
    Err(bad(layers, KEY, expected))
}

fn tls(layers: &Layers) -> Result<Option<Tls>, ConfigError> {
    let file = |key| text(layers, key).map(Into::into);
    let ca = text(layers, "kafka_tls_ca");
    let (certificate, key) = (file("kafka_tls_cert"), file("kafka_tls_key"));
    let Some(ca) = ca else {
        // Half of it would be a plain connection where an encrypted one was meant.
        for (name, given) in [("kafka_tls_cert", &certificate), ("kafka_tls_key", &key)] {
            if given.is_some() {
                return Err(bad(
                    layers,
                    name,
                    "kafka_tls_ca beside it: a file, or system",
                ));
            }
        }
        return Ok(None);
    };
    Ok(Some(Tls {
        ca: (ca != "system").then(|| ca.into()),
        certificate,
        key,
        key_password: None,
    }))
}

fn sasl(layers: &Layers) -> Result<Option<Sasl>, ConfigError> {
    const KEY: &str = "kafka_sasl_mechanism";
    let Some(said) = text(layers, KEY) else {
        for name in ["kafka_sasl_user", "kafka_sasl_password"] {
            if text(layers, name).is_some() {
                return Err(bad(layers, name, "kafka_sasl_mechanism beside it"));
            }
        }
        return Ok(None);
    };
    let mechanism = match said.to_ascii_lowercase().as_str() {
        "plain" => SaslMechanism::Plain,
        "scram-sha-256" => SaslMechanism::ScramSha256,
        "scram-sha-512" => SaslMechanism::ScramSha512,
        _ => return Err(bad(layers, KEY, "plain, scram-sha-256 or scram-sha-512")),
    };
    let needed = |name, expected| text(layers, name).ok_or_else(|| bad(layers, name, expected));
    Ok(Some(Sasl {
        mechanism,
        user: needed("kafka_sasl_user", "a name, because there is a mechanism")?.to_owned(),
        password: needed(
            "kafka_sasl_password",
            "a password, because there is a mechanism",
        )?
        .into(),
    }))
}

fn registry(layers: &Layers, format: Format) -> Result<Option<SchemaRegistry>, ConfigError> {
    const KEY: &str = "kafka_schema_registry";
    let Some(said) = text(layers, KEY) else {
        return Ok(None);
    };
    if format == Format::Json {
        let expected = "nothing where kafka_format is json: JSON has no schema's number";
        return Err(bad(layers, KEY, expected));
    }
    let expected = if cfg!(feature = "tls") {
        "an address, as in https://user:password@registry:8081"
    } else {
        "an address, as in http://user:password@registry:8081; https needs a build with the \
         feature `tls`"
    };
    let mut url = match Url::parse(said) {
        Ok(url) if is_web(&url) && url.query().is_none() => url,
        _ => return Err(bad(layers, KEY, expected)),
    };
    let (user, password) = (
        decoded(url.username()),
        decoded(url.password().unwrap_or("")),
    );
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        return Err(bad(layers, KEY, expected));
    }
    let mut options = RegistryOptions::new(url);
    if !user.is_empty() {
        options = options.with_basic_auth(user, password);
    }
    let registry = SchemaRegistry::new(options).map_err(|_| bad(layers, KEY, expected))?;
    Ok(Some(registry))
}

/// What percent signs stand for, in the part of an address before the host.
fn decoded(part: &str) -> String {
    let as_query = format!("http://h/?v={}", part.replace('+', "%2B"));
    let url = Url::parse(&as_query).ok();
    let pair = url.as_ref().and_then(|url| url.query_pairs().next());
    pair.map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!((read.partitions, read.replication), (3, 1));
        assert_eq!(read.rutas.events().len(), 2);
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
            ("PREFIX", "s3cret/x"),
            ("PARTITIONS", "0"),
            ("REPLICATION", "s3cret"),
            ("SASL_MECHANISM", "s3cret"),
            ("SASL_PASSWORD", "s3cret"),
            ("TLS_KEY", "s3cret"),
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
}
