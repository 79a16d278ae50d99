//! `Rutas`: which topic has which messages, and how they are written there.
//!
//! Promises: a topic has one schema, and what is told of an event is told on every topic that asks
//! for it; a topic lies inside the trust zone only where somebody says so by name.
//! Does not: choose by the content of a message.

use ingesta_kafka::envelope::Shape;
use ingesta_kafka::schema::SchemaRegistry;
use ingesta_kafka::topics::{Timestamps, TopicSpec};

use super::ingesta::MENSAJES_MAXIMOS;
use super::{Esquema, Trato};

/// How values are written and read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Avro binary; behind the schema's number where there is a registry.
    #[default]
    Avro,
    /// JSON.
    Json,
}

/// A topic to which events are told, or orders are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruta {
    /// Its name.
    pub topic: String,
    /// What its messages look like, and so which events they tell of.
    pub schema: Esquema,
    /// How they are written. Default [`Format::Avro`].
    pub format: Format,
    /// Whether everybody who reads it may know where images are. Default no: `url_path` is then a
    /// reference to the ingesta.
    pub trusted: bool,
}

/// A topic from which commands are read, or answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RutaComando {
    /// Its name.
    pub topic: String,
    /// What its messages look like, and so which command they ask for.
    pub schema: Esquema,
    /// How they are written. Default [`Format::Avro`].
    pub format: Format,
    /// What is around their data. Default [`Shape::Full`].
    pub shape: Shape,
}

/// The routing table.
///
/// ```
/// use ingesta_server::mensajes::{Format, Rutas};
///
/// let rutas = Rutas::default().por_tipo().with_prefix("pruebas.");
/// let topics: Vec<_> = rutas.topics(6).into_iter().map(|spec| spec.name).collect();
/// assert!(topics.contains(&"pruebas.evento-fallo-ingesta".to_owned()));
/// assert!(rutas.events().iter().all(|ruta| ruta.format == Format::Avro && !ruta.trusted));
///
/// // Who may know addresses is said topic by topic, and a misspelt one is refused.
/// assert!(rutas.clone().trusting("pruebas.eventos-ingesta").is_ok());
/// assert!(rutas.trusting("eventos-ingestas").is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Rutas {
    events: Vec<Ruta>,
    commands: Vec<RutaComando>,
    registry: Option<SchemaRegistry>,
    prefix: String,
}

/// The table has no such topic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no message goes to or comes from a topic {topic}; there are: {}", .there.join(", "))]
pub struct RouteError {
    /// The name that was given.
    pub topic: String,
    /// Those that the table has.
    pub there: Vec<String>,
}

/// Whatever happens to ingestas on one topic, to images on another, and commands on one each.
impl Default for Rutas {
    fn default() -> Self {
        let commands = [
            Esquema::ComandoCrearIngesta,
            Esquema::ComandoEliminarIngesta,
            Esquema::ComandoRevertirIngesta,
        ];
        Self {
            events: [Esquema::EventosIngesta, Esquema::EventosImagen]
                .map(told)
                .into(),
            commands: commands.map(asked).into(),
            registry: None,
            prefix: String::new(),
        }
    }
}

fn told(schema: Esquema) -> Ruta {
    Ruta {
        topic: schema.topic().to_owned(),
        schema,
        format: Format::Avro,
        trusted: false,
    }
}

fn asked(schema: Esquema) -> RutaComando {
    RutaComando {
        topic: schema.topic().to_owned(),
        schema,
        format: Format::Avro,
        shape: Shape::Full,
    }
}

impl Rutas {
    /// Besides, one topic per event, under the names that the first systems gave them.
    #[must_use]
    pub fn por_tipo(mut self) -> Self {
        let of_their_own = [
            Esquema::EventoIngestaCreada,
            Esquema::EventoIngestaEliminada,
            Esquema::EventoFalloIngesta,
            Esquema::EventoIngestaRevertida,
            Esquema::EventoAlertaIngesta,
        ];
        self.events.extend(of_their_own.map(told));
        self
    }

    /// Besides, the topics of the saga: its orders to neighbours, and what they answer.
    #[must_use]
    pub fn con_saga(mut self) -> Self {
        for schema in Esquema::TODOS {
            match schema.trato() {
                Trato::Orden => self.events.push(told(schema)),
                Trato::Respuesta => self.commands.push(asked(schema)),
                Trato::Evento | Trato::Comando => {}
            }
        }
        self
    }

    /// Whether every order of the saga has a topic, and every answer.
    #[must_use]
    pub fn tiene_saga(&self) -> bool {
        let sent = self.events.iter().map(|ruta| ruta.schema);
        let all: Vec<_> = sent
            .chain(self.commands.iter().map(|ruta| ruta.schema))
            .collect();
        let needed = |schema: &Esquema| match schema.trato() {
            Trato::Orden | Trato::Respuesta => true,
            Trato::Evento | Trato::Comando => false,
        };
        let mut needed = Esquema::TODOS.iter().filter(|schema| needed(schema));
        needed.all(|schema| all.contains(schema))
    }

    /// Puts this before the name of every topic that the table has now.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        for topic in self.names_mut() {
            topic.insert_str(0, prefix);
        }
        self.prefix.insert_str(0, prefix);
        self
    }

    /// What the names begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Writes and reads every topic that the table has now in this format.
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Self {
        self.events.iter_mut().for_each(|ruta| ruta.format = format);
        let commands = self.commands.iter_mut();
        commands.for_each(|ruta| ruta.format = format);
        self
    }

    /// Puts the number that this registry gave to the schema before each Avro message.
    #[must_use]
    pub fn with_registry(mut self, registry: SchemaRegistry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Everybody who reads this topic may know where images are.
    ///
    /// # Errors
    /// When no event is told on such a topic.
    pub fn trusting(mut self, topic: &str) -> Result<Self, RouteError> {
        match self.events.iter_mut().find(|ruta| ruta.topic == topic) {
            Some(ruta) => ruta.trusted = true,
            None => return Err(self.no_such(topic)),
        }
        Ok(self)
    }

    /// Commands of this topic come in this shape.
    ///
    /// # Errors
    /// When no command is read from such a topic.
    pub fn with_shape(mut self, topic: &str, shape: Shape) -> Result<Self, RouteError> {
        match self.commands.iter_mut().find(|ruta| ruta.topic == topic) {
            Some(ruta) => ruta.shape = shape,
            None => return Err(self.no_such(topic)),
        }
        Ok(self)
    }

    /// The topics that are written: events, and orders to neighbours.
    #[must_use]
    pub fn events(&self) -> &[Ruta] {
        &self.events
    }

    /// The topics that are read: commands, and answers of neighbours.
    #[must_use]
    pub fn commands(&self) -> &[RutaComando] {
        &self.commands
    }

    /// The registry that numbers schemas, if there is one.
    #[must_use]
    pub fn registry(&self) -> Option<&SchemaRegistry> {
        self.registry.as_ref()
    }

    /// What every topic must be like, otherwise as the brokers are set.
    #[must_use]
    pub fn topics(&self, partitions: i32) -> Vec<TopicSpec> {
        let spec = |name: &String| TopicSpec::new(name, partitions);
        // An event's own time is in its envelope: one that is told late is no sooner gone.
        let told = |ruta: &Ruta| TopicSpec {
            timestamps: Some(Timestamps::Published),
            ..spec(&ruta.topic)
        };
        let events = self.events.iter().map(told);
        let commands = self.commands.iter().map(|ruta| spec(&ruta.topic));
        events.chain(commands).collect()
    }

    /// How many messages one event becomes at most.
    #[must_use]
    pub fn mensajes_por_suceso(&self) -> usize {
        let events = self.events.iter();
        let of_ingestas = events.filter(|ruta| ruta.schema.es_de_ingestas());
        of_ingestas.count().clamp(1, MENSAJES_MAXIMOS)
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        let commands = self.commands.iter().map(|ruta| &ruta.topic);
        self.events.iter().map(|ruta| &ruta.topic).chain(commands)
    }

    fn names_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let commands = self.commands.iter_mut().map(|ruta| &mut ruta.topic);
        let events = self.events.iter_mut().map(|ruta| &mut ruta.topic);
        events.chain(commands)
    }

    fn no_such(&self, topic: &str) -> RouteError {
        RouteError {
            topic: topic.to_owned(),
            there: self.names().cloned().collect(),
        }
    }
}
