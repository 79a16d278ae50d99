//! The neighbours of a saga as a test wants them: they read orders and answer as they are told.
//!
//! What they do is chosen by the name of the file in the image's address, which the order to
//! anonymise carries. They speak nothing but topics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ingesta_domain::saga::Plan;
use ingesta_domain::valor::{IdAnonimizado, IdEtiquetado, IdIngesta};
use ingesta_kafka::envelope::{EnvelopeReader, EnvelopeWriter, NewEnvelope, Shape};
use ingesta_kafka::inbox::{HandleError, Handler, Inbox, InboxHandle, InboxOptions};
use ingesta_kafka::message::{Header, IncomingMessage};
use ingesta_server::AppOptions;
use ingesta_server::app::Messaging;
use ingesta_server::mensajes::{Esquema, Rutas, Trato};
use ingesta_testing::eventually;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::kafka::stage::Stage;
use crate::test_app::{TestApp, cuerpo_con, options};

/// Longer than any test takes: what waits this long is answered, or a person acts.
pub(super) const PACIENTE: Plan = Plan {
    espera_ms: 250_000,
    intentos: 3,
};

/// An order as a neighbour reads it.
#[derive(Clone, Debug)]
pub(super) struct Pedido {
    pub(super) esquema: Esquema,
    pub(super) key: String,
    pub(super) ce_id: String,
    pub(super) data: Value,
    pub(super) traza: String,
    pub(super) conversacion: String,
    /// The how-manieth message of this name, from 1.
    pub(super) vez: usize,
}

/// What a neighbour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dice {
    Hecho,
    Rechazado(&'static str),
}

/// What is answered to an order in this case.
pub(super) type Conducta = fn(&str, &Pedido) -> Vec<Dice>;

/// Whatever it is, it is done.
pub(super) fn obedece(_: &str, _: &Pedido) -> Vec<Dice> {
    vec![Dice::Hecho]
}

#[derive(Default)]
struct Libro {
    casos: HashMap<String, String>,
    pedidos: Vec<Pedido>,
}

/// Running neighbours.
pub(super) struct Vecinos {
    libro: Arc<Mutex<Libro>>,
    stop: CancellationToken,
    inboxes: Vec<InboxHandle>,
}

/// A stage with the topics of sagas, and a server that runs them.
pub(super) fn opciones(stage: &Stage, plan: Plan) -> AppOptions {
    AppOptions {
        messaging: Some(Messaging {
            rutas: Rutas::default().con_saga().with_prefix(&stage.prefix),
            ..stage.messaging()
        }),
        saga: Some(plan),
        ..options()
    }
}

pub(super) async fn app(stage: &Stage, plan: Plan) -> TestApp {
    let app = TestApp::start_with(opciones(stage, plan)).await;
    stage.topics_ready(&app).await;
    app
}

/// A new ingesta of this case.
pub(super) async fn ingesta(app: &TestApp, caso: &str) -> String {
    let created = app.crear(&cuerpo_de(caso)).await;
    created.ok(202).text_of("id_ingesta")
}

pub(super) fn cuerpo_de(caso: &str) -> Value {
    let mut body = cuerpo_con(
        "url_path",
        json!(format!("https://imagenes.example.org/{caso}.dcm")),
    );
    body["modalidad"] = json!("US");
    body
}

/// Waits until the saga is in this state, and answers with its log.
pub(super) async fn saga_en(app: &TestApp, id: &str, estado: &str) -> Value {
    eventually(estado, async || {
        let saga = app.get(&format!("/ingesta/{id}/saga")).await;
        (saga.status == 200 && saga.text_of("estado") == estado).then(|| saga.json())
    })
    .await
}

pub(super) async fn ingesta_en(app: &TestApp, id: &str, estado: &str) {
    eventually(estado, async || {
        let read = app.leer(id).await;
        (read.status == 200 && read.text_of("estado") == estado).then_some(())
    })
    .await;
}

/// The lines of a saga's log of this kind: what they are about.
pub(super) fn sobre_que(saga: &Value, evento: &str) -> Vec<String> {
    let historia = saga["historia"].as_array().expect("a log");
    let lines = historia.iter().filter(|line| line["evento"] == evento);
    let about = |line: &Value| line["sobre"].as_str().unwrap_or_default().to_owned();
    lines.map(about).collect()
}

impl Vecinos {
    /// Neighbours that behave like this; the topics have to be there.
    pub(super) fn start(stage: &Stage, conducta: Conducta) -> Self {
        let (libro, stop) = (Arc::<Mutex<Libro>>::default(), CancellationToken::new());
        let ordenes = Esquema::TODOS.into_iter();
        let ordenes = ordenes.filter(|esquema| esquema.trato() == Trato::Orden);
        let inboxes = ordenes.map(|esquema| {
            let group = format!("{}vecino-{}", stage.prefix, esquema.topic());
            let inbox = InboxOptions::new(group, [stage.topic(esquema)]);
            let vecino = Vecino {
                stage: Stage::like(stage),
                esquema,
                conducta,
                libro: Arc::clone(&libro),
            };
            let inbox = Inbox::new(&stage.kafka, inbox, Arc::new(vecino));
            let inbox = inbox.expect("options that work");
            inbox.spawn(stop.clone()).expect("a reader")
        });
        Self {
            inboxes: inboxes.collect(),
            libro,
            stop,
        }
    }

    /// What was asked about this ingesta so far; each order once, by its name.
    pub(super) fn pedidos(&self, id: &str) -> Vec<Pedido> {
        let libro = self.libro.lock().expect("no panic");
        let of_it = libro.pedidos.iter().filter(|pedido| pedido.key == id);
        of_it.filter(|pedido| pedido.vez == 1).cloned().collect()
    }

    /// All messages that came so far, of all ingestas.
    pub(super) fn mensajes(&self) -> Vec<Pedido> {
        self.libro.lock().expect("no panic").pedidos.clone()
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        for inbox in self.inboxes {
            inbox.join().await;
        }
    }
}

struct Vecino {
    stage: Stage,
    esquema: Esquema,
    conducta: Conducta,
    libro: Arc<Mutex<Libro>>,
}

impl Vecino {
    async fn pedido(&self, message: &IncomingMessage) -> Pedido {
        let reader = EnvelopeReader::avro(self.esquema.avro(), Shape::Full).expect("a schema");
        let value = message.value.as_deref().expect("no tombstone");
        let envelope = reader.read::<Value>(value).await.expect("it is readable");
        let header = |name: &str| {
            let found = message.headers.iter().find(|header| header.name == name);
            let value = found.map(|header| header.value.clone()).unwrap_or_default();
            String::from_utf8(value).expect("text")
        };
        Pedido {
            esquema: self.esquema,
            key: String::from_utf8(message.key.clone().expect("a key")).expect("text"),
            ce_id: header("ce_id"),
            data: envelope.data,
            traza: header("traceparent"),
            conversacion: header("ce_correlationid"),
            vez: 1,
        }
    }

    /// Writes it down, and answers with its case.
    fn anotar(&self, pedido: &mut Pedido) -> String {
        let mut libro = self.libro.lock().expect("no panic");
        if let Some(url) = pedido.data["url_path"].as_str() {
            let file = url.rsplit('/').next().unwrap_or_default();
            let caso = file.trim_end_matches(".dcm").to_owned();
            libro.casos.insert(pedido.key.clone(), caso);
        }
        let before = libro.pedidos.iter();
        pedido.vez = 1 + before.filter(|other| other.ce_id == pedido.ce_id).count();
        libro.pedidos.push(pedido.clone());
        libro.casos.get(&pedido.key).cloned().unwrap_or_default()
    }
}

#[async_trait]
impl Handler for Vecino {
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
        let mut pedido = self.pedido(message).await;
        let caso = self.anotar(&mut pedido);
        for (index, dice) in (self.conducta)(&caso, &pedido).into_iter().enumerate() {
            let id = format!("{}/{}/{index}", pedido.ce_id, pedido.vez);
            contestar(&self.stage, &pedido, dice, &id).await;
        }
        Ok(())
    }
}

/// The topic and the name of an answer.
fn tipo(pedido: Esquema, dice: Dice) -> (Esquema, &'static str) {
    let bien = dice == Dice::Hecho;
    let (anonimizado, etiquetado) = (Esquema::EventosAnonimizado, Esquema::EventosEtiquetado);
    match (pedido, bien) {
        (Esquema::ComandoIniciarAnonimizado, true) => (anonimizado, "AnonimizadoCreado"),
        (Esquema::ComandoIniciarAnonimizado, false) => (anonimizado, "AnonimizadoFallido"),
        (Esquema::ComandoIniciarEtiquetado, true) => (etiquetado, "EtiquetadoCreado"),
        (Esquema::ComandoIniciarEtiquetado, false) => (etiquetado, "EtiquetadoRechazado"),
        (Esquema::ComandoLimpiarIngesta, true) => (anonimizado, "LimpiezaHecha"),
        (Esquema::ComandoLimpiarIngesta, false) => (anonimizado, "LimpiezaRechazada"),
        (Esquema::ComandoRevertirEtiquetado, _) => (etiquetado, "EtiquetadoRevertido"),
        _ => (anonimizado, "AnonimizadoRevertido"),
    }
}

/// Answers an order, under this name.
pub(super) async fn contestar(stage: &Stage, pedido: &Pedido, dice: Dice, id: &str) {
    let (esquema, message_type) = tipo(pedido.esquema, dice);
    let ingesta: IdIngesta = pedido.key.parse().expect("the key is the ingesta's id");
    let anonimizado = IdAnonimizado::de_ingesta(ingesta);
    let etiquetado = IdEtiquetado::de_anonimizado(anonimizado);
    let codigo = match dice {
        Dice::Hecho => None,
        Dice::Rechazado(codigo) => Some(codigo),
    };
    let mut data = json!({
        "id_ingesta": pedido.key,
        "id_anonimizado": anonimizado.to_string(),
        "estado": null,
        "codigo": codigo,
        "habia": message_type.ends_with("Revertido").then_some(true),
    });
    let others: &[&str] = if esquema == Esquema::EventosAnonimizado {
        &["fecha"]
    } else {
        data["id_etiquetado"] = json!(etiquetado.to_string());
        &[
            "modalidad",
            "region_anatomica",
            "patologia",
            "fecha_creacion",
            "etiquetas",
        ]
    };
    for name in others {
        data[*name] = Value::Null;
    }
    let headers = vec![
        Header::new("traceparent", pedido.traza.clone()),
        Header::new("ce_correlationid", pedido.conversacion.clone()),
        Header::new("ce_causationid", pedido.ce_id.clone()),
    ];
    let value = sobre(esquema, id, message_type, &data);
    stage
        .escribir_con(esquema, &pedido.key, Some(value), headers)
        .await;
}

/// A FULL envelope of this type.
pub(super) fn sobre(esquema: Esquema, id: &str, message_type: &str, data: &Value) -> Vec<u8> {
    let writer = EnvelopeWriter::avro(esquema.avro().clone()).expect("a schema of an envelope");
    let envelope = NewEnvelope {
        id,
        time: chrono::DateTime::UNIX_EPOCH,
        ingestion: chrono::DateTime::UNIX_EPOCH,
        message_type,
        service_name: "vecino",
        data,
    };
    writer.write(&envelope).expect("the data fits the schema")
}

/// A name that no other message has.
pub(super) fn otro_id() -> String {
    Uuid::now_v7().to_string()
}
