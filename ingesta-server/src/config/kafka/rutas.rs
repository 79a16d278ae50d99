//! The routing table, as the keys say it.
//!
//! Topics are named without their prefix; a name that the table does not have is refused.

use ingesta_kafka::envelope::Shape;

use super::registry::registry;
use super::{bad, one_of, text};
use crate::config::saga::wanted;
use crate::config::{ConfigError, Layers};
use crate::mensajes::{Format, RouteError, Rutas};

/// The routing table.
pub(super) fn rutas(layers: &Layers, prefix: &str) -> Result<Rutas, ConfigError> {
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
    if wanted(layers)? {
        rutas = rutas.con_saga();
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
