//! The AsyncAPI 3 document of the messages, made of the routing table and the schemas.
//!
//! Promises: the same table and schemas give the same text; every topic of the table is a channel.
//! Does not: name a server, because where a broker is differs from place to place.

use serde_json::{Map, Value, json};

use super::{Esquema, Rutas, Trato};

/// How AsyncAPI calls a payload in Avro.
const AVRO: &str = "application/vnd.apache.avro;version=1.9.0";

const ABOUT: &str = "What the intake of medical images tells others, and what it can be asked for, \
    on Kafka topics. Values are the v1 envelope in Avro, in JSON where a topic is so configured, \
    behind the schema's number where a registry is. Delivery is at least once: a repetition has \
    the same ce_id. All messages of an ingesta have its id as their key and are in order.";

/// The document for this table.
///
/// # Panics
/// Never: the text of a schema is JSON.
///
/// ```
/// use ingesta_server::mensajes::{Rutas, asyncapi};
///
/// let document = asyncapi(&Rutas::default().with_prefix("pruebas."));
/// assert_eq!(document["operations"]["send.pruebas.eventos-ingesta"]["action"], "send");
/// // What the table does not have is not described.
/// assert!(document["channels"]["evento-ingesta-creada"].is_null());
/// ```
#[must_use]
pub fn asyncapi(rutas: &Rutas) -> Value {
    let events = rutas.events().iter().map(|ruta| (&ruta.topic, ruta.schema));
    let commands = rutas.commands().iter();
    let commands = commands.map(|ruta| (&ruta.topic, ruta.schema));
    let (mut channels, mut operations) = (Map::new(), Map::new());
    let (mut messages, mut schemas) = (Map::new(), Map::new());
    for (topic, schema) in events.chain(commands) {
        let mut of_channel = Map::new();
        for name in schema.messages() {
            let key = format!("{topic}.{name}");
            of_channel.insert((*name).to_owned(), reference("components/messages", &key));
            messages.insert(key, message(topic, schema, name));
        }
        let avro: Value =
            serde_json::from_str(schema.avro().text()).expect("a schema's text is JSON");
        channels.insert(
            topic.clone(),
            json!({
                "address": topic,
                "description": avro["doc"],
                "messages": of_channel,
                "bindings": { "kafka": { "topic": topic, "bindingVersion": "0.5.0" } },
            }),
        );
        let action = if schema.trato().se_recibe() {
            "receive"
        } else {
            "send"
        };
        operations.insert(
            format!("{action}.{topic}"),
            json!({ "action": action, "channel": reference("channels", topic) }),
        );
        schemas.insert(
            topic.clone(),
            json!({ "schemaFormat": AVRO, "schema": avro }),
        );
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ingesta",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "defaultContentType": "application/avro",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": schemas,
            "messageTraits": {
                "event": event_headers(),
                "conversation": conversation_headers(),
                "command": command_headers(),
            },
        },
    })
}

fn reference(place: &str, key: &str) -> Value {
    json!({ "$ref": format!("#/{place}/{key}") })
}

fn message(topic: &str, schema: Esquema, name: &str) -> Value {
    let key =
        "the id of the ingesta; of a command any, and the same for those that must be in order";
    let mut message = json!({
        "name": name,
        "payload": reference("components/schemas", topic),
        "bindings": { "kafka": {
            "key": { "type": "string", "description": key },
            "bindingVersion": "0.5.0",
        } },
    });
    match schema.trato() {
        Trato::Comando => {
            message["traits"] = json!([reference("components/messageTraits", "command")]);
        }
        Trato::Evento => {
            message["traits"] = json!([reference("components/messageTraits", "event")]);
        }
        Trato::Orden | Trato::Respuesta => {
            let traits = ["event", "conversation"];
            let traits = traits.map(|name| reference("components/messageTraits", name));
            message["traits"] = json!(traits);
        }
    }
    message
}

/// What stands in the headers of an order besides, and of its answer.
fn conversation_headers() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!({
        "headers": {
            "type": "object",
            "properties": {
                "ce_correlationid": text("The conversation: the same in every order and answer."),
                "ce_causationid": text(
                    "What caused it: of an answer, the ce_id of the order that it answers."
                ),
            },
        },
    })
}

/// What may stand in the headers of a command; none of it must.
fn command_headers() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!({
        "headers": {
            "type": "object",
            "properties": {
                "ce_id": text(
                    "The name of the command where its envelope has no id: the same for each try, \
                     new for each wish."
                ),
                "ce_type": text("The name of the message; that of another one is refused."),
                "ce_correlationid": text("The conversation that its events belong to."),
                "traceparent": text("The W3C trace context that goes on in its events."),
            },
        },
    })
}

/// What stands in the headers of every event.
fn event_headers() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!({
        "headers": {
            "type": "object",
            "properties": {
                "ce_specversion": text("The version of CloudEvents: 1.0."),
                "ce_id": text("Its own id, type/id/sequence for an event: the same for every copy."),
                "ce_source": text("Who tells it: /sta."),
                "ce_type": text("The name of the event."),
                "ce_time": text("When it happened, RFC 3339 (UTC)."),
                "ce_subject": text("The id of the ingesta or of the image."),
                "ce_sequence": text("Its place among the events of its subject, from 1."),
                "ce_position": text("Its place in the log; opaque."),
                "content-type": text("application/avro or application/json."),
                "traceparent": text("The W3C trace context of what caused it."),
            },
            "required": [
                "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject",
                "ce_sequence", "ce_position", "content-type",
            ],
        },
    })
}
