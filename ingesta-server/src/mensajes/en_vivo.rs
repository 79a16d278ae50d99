//! `EnVivo`: what is told live to those who watch: the messages of the topics of events, as JSON.
//!
//! Promises: each frame is byte for byte what the topic of its name has where messages are JSON and
//! nobody may know addresses; an event that cannot be told is a frame that says so; each frame
//! names the provider whose ingesta it is about.
//! Does not: choose who sees it.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use cqrs_es::Aggregate;
use hashlink::LruCache;
use ingesta_domain::imagen::Imagen;
use ingesta_domain::ingesta::Ingesta;
use ingesta_event_store::{EventCodec, EventStorage, RecordedEvent, StreamId, TypeFilter};
use ingesta_http::live::{Frame, Tell, TellError};
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::relay::{Translate, TranslateError, Untranslatable};
use serde_json::json;

use super::creacion::creacion;
use super::{Esquema, Format, Rutas, TraductorImagen, TraductorIngesta};

/// Whose the last ingestas are; each costs about 150 bytes.
const OWNERS: NonZeroUsize = NonZeroUsize::new(10_000).expect("more than zero");

/// Events to frames.
pub struct EnVivo {
    ingestas: TraductorIngesta,
    imagenes: TraductorImagen,
    codec: EventCodec,
    storage: Arc<dyn EventStorage>,
    owners: Mutex<LruCache<String, Arc<str>>>,
}

impl EnVivo {
    /// Of events that were written with this codec; `storage` is where a stream's first event is
    /// found.
    #[must_use]
    pub fn new(codec: EventCodec, storage: Arc<dyn EventStorage>) -> Self {
        let rutas = Rutas::default().por_tipo().with_format(Format::Json);
        let ingestas = TraductorIngesta::new(&rutas, codec.clone(), Arc::clone(&storage));
        Self {
            ingestas,
            imagenes: TraductorImagen::new(&rutas, codec.clone()),
            codec,
            storage,
            owners: Mutex::new(LruCache::new(OWNERS.get())),
        }
    }

    /// The provider of an ingesta; an image has the id of its ingesta. `None` where the stream
    /// does not begin with a creation.
    async fn owner(&self, id: &str) -> Result<Option<Arc<str>>, TellError> {
        let owners = || self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = owners().get(id).cloned() {
            return Ok(Some(known));
        }
        let stream = StreamId::of::<Ingesta>(id);
        match creacion(&*self.storage, &self.codec, &stream).await {
            Ok(creada) => {
                let owner: Arc<str> = creada.id_proveedor.to_string().into();
                owners().insert(id.to_owned(), Arc::clone(&owner));
                Ok(Some(owner))
            }
            Err(TranslateError::Untranslatable(_)) => Ok(None),
            Err(TranslateError::Away(away)) => Err(TellError(Box::new(away))),
        }
    }

    async fn messages(
        &self,
        event: &RecordedEvent,
    ) -> Result<Vec<OutgoingMessage>, TranslateError> {
        if event.stream.aggregate_type == Imagen::TYPE {
            self.imagenes.messages(event).await
        } else {
            self.ingestas.messages(event).await
        }
    }
}

#[async_trait]
impl Tell for EnVivo {
    fn types(&self) -> TypeFilter {
        TypeFilter::Only(vec![Ingesta::TYPE.into(), Imagen::TYPE.into()])
    }

    async fn frames(&self, event: &RecordedEvent) -> Result<Vec<Frame>, TellError> {
        let told = match self.messages(event).await {
            Ok(messages) => messages.into_iter().map(frame).collect(),
            Err(TranslateError::Untranslatable(why)) => vec![unreadable(event, &why)],
            Err(TranslateError::Away(away)) => return Err(TellError(Box::new(away))),
        };
        let owner = self.owner(&event.stream.aggregate_id).await?;
        Ok(match owner {
            Some(owner) => told
                .into_iter()
                .map(|frame| frame.with_owner(Arc::clone(&owner)))
                .collect(),
            None => told,
        })
    }
}

fn frame(message: OutgoingMessage) -> Frame {
    let value = message
        .value
        .and_then(|value| String::from_utf8(value).ok());
    Frame::new(message.topic, value.unwrap_or_default())
        .expect("the routes are JSON, whose writer makes objects of one line")
}

/// In the place of an event that this program cannot tell, on the topic that all of its kind are
/// told on.
fn unreadable(event: &RecordedEvent, why: &Untranslatable) -> Frame {
    let topic = if event.stream.aggregate_type == Imagen::TYPE {
        Esquema::EventosImagen
    } else {
        Esquema::EventosIngesta
    };
    let said = json!({
        "id": event.id(),
        "type": "EventoIlegible",
        "codigo": why.code,
        "data": null,
    });
    Frame::new(topic.topic(), said.to_string()).expect("an object of one line")
}
