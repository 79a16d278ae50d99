//! Keys made, revoked, listed and recognised.
//!
//! Promises: what was looked up is remembered for seconds, so that a request costs no read of the
//! log and a revocation counts within that time; a store that is away is said to be away, and nobody
//! is let in for it.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use hashlink::LruCache;
use ingesta_domain::valor::IdProveedor;
use ingesta_event_store::{
    CommandContext, CommandError, Commands, EventCodec, Loaded, Position, Storage, StoreError,
    TypeFilter,
};
use serde::Serialize;
use tokio::time::Instant;
use uuid::Uuid;

use super::clave::ClaveCommand;
use super::secreto::Secreto;
use super::{ClaveApi, ClaveError, CrearClave, Principal, Rol};

/// How long a key that was looked up is believed to be as it was.
const BELIEVED: Duration = Duration::from_secs(5);
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("more than zero");
const PAGE: usize = 1_000;

/// The keys of one log. Cheap to clone.
#[derive(Clone)]
pub struct Claves {
    commands: Commands<ClaveApi>,
    storage: Arc<dyn Storage>,
    codec: EventCodec,
    seen: Arc<Mutex<LruCache<Uuid, (Instant, ClaveApi)>>>,
}

/// A key, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FilaClave {
    /// Which key.
    pub id: Uuid,
    /// What it is called.
    pub nombre: String,
    /// What it may do.
    pub rol: Rol,
    /// Whose it is, where it is a provider's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_proveedor: Option<IdProveedor>,
    /// When it was made.
    pub creada: DateTime<Utc>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocada: Option<DateTime<Utc>>,
}

impl Claves {
    /// The keys of this log.
    #[must_use]
    pub fn new(storage: &Arc<dyn Storage>, codec: &EventCodec) -> Self {
        Self {
            commands: Commands::new(Arc::clone(storage), codec.clone(), ()),
            storage: Arc::clone(storage),
            codec: codec.clone(),
            seen: Arc::new(Mutex::new(LruCache::new(REMEMBERED.get()))),
        }
    }

    /// Makes a key. Answers with its id, and with its text, which nobody can be told again.
    ///
    /// # Errors
    /// When the name or the role is refused, or the store does not answer.
    pub async fn crear(
        &self,
        nombre: &str,
        rol: Rol,
        id_proveedor: Option<IdProveedor>,
    ) -> Result<(Uuid, String), CommandError<ClaveError>> {
        let secreto = Secreto::nuevo();
        let command = ClaveCommand::Crear(CrearClave {
            nombre: nombre.to_owned(),
            rol,
            id_proveedor,
            huella: secreto.huella(),
            fecha: Utc::now(),
        });
        let id = secreto.id.to_string();
        let context = CommandContext::default();
        self.commands.execute(&id, command, context).await?;
        Ok((secreto.id, secreto.texto()))
    }

    /// Revokes a key; once more changes nothing.
    ///
    /// # Errors
    /// When there is none of this id, or the store does not answer.
    pub async fn revocar(&self, id: Uuid) -> Result<(), CommandError<ClaveError>> {
        let command = ClaveCommand::Revocar(Utc::now());
        let context = CommandContext::default();
        self.commands
            .execute(&id.to_string(), command, context)
            .await?;
        self.remembered().remove(&id);
        Ok(())
    }

    /// All keys, in the order in which they were made.
    ///
    /// # Errors
    /// When the store does not answer, or an event of a key cannot be read.
    pub async fn lista(&self) -> Result<Vec<FilaClave>, CommandError<ClaveError>> {
        let types = TypeFilter::of::<ClaveApi>();
        let (mut at, mut ids) = (Position::START, Vec::new());
        loop {
            let page = self.storage.read_after(at, &types, PAGE).await?;
            let first = page.events.iter().filter(|event| event.sequence == 1);
            ids.extend(first.map(|event| event.stream.aggregate_id.clone()));
            at = page.reached;
            if !page.more {
                break;
            }
        }
        let mut rows = Vec::new();
        for id in ids {
            let clave: Loaded<ClaveApi> = self.commands.load(&id).await?;
            rows.extend(fila(&id, clave.state));
        }
        Ok(rows)
    }

    /// Whom this text stands for; `None`: nobody.
    pub(super) async fn reconocer(&self, text: &str) -> Result<Option<Principal>, StoreError> {
        let Some(secreto) = Secreto::leer(text) else {
            return Ok(None);
        };
        let clave = self.clave(secreto.id).await?;
        let its = |clave: &ClaveApi| {
            let creada = clave.creada.as_ref();
            creada.is_some_and(|creada| secreto.es(&creada.huella))
        };
        Ok(Some(clave).filter(its).and_then(|clave| clave.principal()))
    }

    async fn clave(&self, id: Uuid) -> Result<ClaveApi, StoreError> {
        let now = Instant::now();
        if let Some((at, clave)) = self.remembered().get(&id)
            && now.duration_since(*at) < BELIEVED
        {
            return Ok(clave.clone());
        }
        let stream = ingesta_event_store::StreamId::of::<ClaveApi>(&id.to_string());
        let events = self.storage.load(&stream, 0).await?;
        // What cannot be read is no key: it is told where the log is looked through.
        let loaded = Loaded::<ClaveApi>::fold(&self.codec, &events);
        let clave = loaded.map(|loaded| loaded.state).unwrap_or_default();
        // An id that is no key's is not remembered: whoever makes ids up pushes nobody out.
        if clave.creada.is_some() {
            self.remembered().insert(id, (now, clave.clone()));
        }
        Ok(clave)
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, LruCache<Uuid, (Instant, ClaveApi)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fila(id: &str, clave: ClaveApi) -> Option<FilaClave> {
    let creada = clave.creada?;
    Some(FilaClave {
        id: id.parse().ok()?,
        nombre: creada.nombre,
        rol: creada.rol,
        id_proveedor: creada.id_proveedor,
        creada: creada.fecha,
        revocada: clave.revocada,
    })
}
