//! `SchemaRegistry`: the calls.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode, Url};
use serde_json::{Value, json};

use super::answer::{
    Answer, Found, Judged, NO_SCHEMA, NO_SUBJECT, NO_VERSION, Registered, shortened, unreachable,
};
use super::{RegistryError, RegistryOptions};
use crate::avro::{AvroSchema, SchemaError, SchemaId};

/// The interface's own media type.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(3);

/// Schemas that are kept; a program meets a handful.
const KEPT: usize = 1_000;

/// A registry. Clones share what was asked for already.
#[derive(Clone)]
pub struct SchemaRegistry {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    url: Url,
    login: Option<(String, String)>,
    schemas: RwLock<HashMap<SchemaId, AvroSchema>>,
}

impl SchemaRegistry {
    /// A client; nothing is asked yet. Redirections are not followed: they could lead a password
    /// elsewhere.
    ///
    /// # Errors
    /// When the address is none, holds a login, or asks for TLS that was not built in.
    pub fn new(options: RegistryOptions) -> Result<Self, RegistryError> {
        let wrong = |what| RegistryError::Address { what };
        let url: Url = options.url.parse().map_err(|_| wrong("is not a URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds a login: give user and password apart from it"));
        }
        match url.scheme() {
            "http" => {}
            "https" if cfg!(feature = "tls") => {}
            "https" => return Err(wrong("asks for TLS: build with the feature `tls`")),
            _ => return Err(wrong("is neither http nor https")),
        }
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(options.timeout)
            .redirect(Policy::none())
            .build()
            .map_err(|error| unreachable("making a client", error))?;
        Ok(Self {
            shared: Arc::new(Shared {
                client,
                url,
                login: options.login,
                schemas: RwLock::default(),
            }),
        })
    }

    /// The schema of this number; asked for once.
    ///
    /// # Errors
    /// When the registry has none, has one that is not Avro or not usable, or does not say.
    pub async fn schema(&self, id: SchemaId) -> Result<AvroSchema, RegistryError> {
        if let Some(schema) = self.kept(id) {
            return Ok(schema);
        }
        let attempted = "asking for a schema";
        let path = ["schemas", "ids", &id.to_string()];
        let answer = self.call(attempted, Method::GET, &path, None).await?;
        if answer.has_not(&[NO_SCHEMA]) {
            return Err(RegistryError::UnknownSchema { id });
        }
        let schema =
            avro(answer.well()?).map_err(|cause| RegistryError::UnusableSchema { id, cause })?;
        let schemas = self.shared.schemas.write();
        let mut schemas = schemas.unwrap_or_else(PoisonError::into_inner);
        if schemas.len() >= KEPT {
            schemas.clear();
        }
        schemas.insert(id, schema.clone());
        Ok(schema)
    }

    fn kept(&self, id: SchemaId) -> Option<AvroSchema> {
        let schemas = self.shared.schemas.read();
        let schemas = schemas.unwrap_or_else(PoisonError::into_inner);
        schemas.get(&id).cloned()
    }

    /// Registers a schema under a subject; where it is registered already, its number stays.
    ///
    /// # Errors
    /// [`RegistryError::Incompatible`] when the registry's rules do not let it follow the others;
    /// otherwise when the registry refuses or does not say.
    pub async fn register(
        &self,
        subject: &str,
        schema: &AvroSchema,
    ) -> Result<SchemaId, RegistryError> {
        let attempted = "registering a schema";
        let path = ["subjects", subject, "versions"];
        let body = Some(json!({ "schema": schema.text() }));
        let answer = self.call(attempted, Method::POST, &path, body).await?;
        if answer.is(StatusCode::CONFLICT) {
            return Err(RegistryError::Incompatible {
                subject: subject.to_owned(),
                reason: answer.words(),
            });
        }
        answer.well::<Registered>().map(SchemaId::from)
    }

    /// The number of a schema that is registered under a subject. Nothing is registered.
    ///
    /// # Errors
    /// [`RegistryError::NotRegistered`] where it is not; otherwise when the registry refuses or does
    /// not say.
    pub async fn id_of(
        &self,
        subject: &str,
        schema: &AvroSchema,
    ) -> Result<SchemaId, RegistryError> {
        let attempted = "asking for a schema's number";
        let body = Some(json!({ "schema": schema.text() }));
        let path = ["subjects", subject];
        let answer = self.call(attempted, Method::POST, &path, body).await?;
        if answer.has_not(&[NO_SUBJECT, NO_VERSION, NO_SCHEMA]) {
            return Err(RegistryError::NotRegistered {
                subject: subject.to_owned(),
            });
        }
        answer.well::<Registered>().map(SchemaId::from)
    }

    /// Asks whether a schema may follow the newest of a subject. Nothing is registered.
    /// A subject that does not exist has nothing to break. Of the earlier ones the gate of
    /// [`full_transitive`](crate::schema::full_transitive) knows, and the registry itself when the schema is registered.
    ///
    /// # Errors
    /// [`RegistryError::Incompatible`] where it may not; otherwise when the registry refuses or does
    /// not say.
    pub async fn check(&self, subject: &str, schema: &AvroSchema) -> Result<(), RegistryError> {
        let attempted = "asking whether a schema is compatible";
        let path = ["compatibility", "subjects", subject, "versions", "latest"];
        let body = Some(json!({ "schema": schema.text() }));
        let answer = self.call(attempted, Method::POST, &path, body).await?;
        if answer.has_not(&[NO_SUBJECT, NO_VERSION]) {
            return Ok(());
        }
        let judged: Judged = answer.well()?;
        if judged.is_compatible {
            return Ok(());
        }
        Err(RegistryError::Incompatible {
            subject: subject.to_owned(),
            reason: shortened(&judged.messages.join("; ")),
        })
    }

    /// Tells the registry to keep this subject as this crate's own gate does: FULL_TRANSITIVE.
    ///
    /// # Errors
    /// When the registry refuses or does not say.
    pub async fn require_full_transitive(&self, subject: &str) -> Result<(), RegistryError> {
        let attempted = "setting a subject's rule";
        let body = Some(json!({ "compatibility": "FULL_TRANSITIVE" }));
        let path = ["config", subject];
        let answer = self.call(attempted, Method::PUT, &path, body).await?;
        answer.well::<Value>().map(drop)
    }

    async fn call(
        &self,
        attempted: &'static str,
        method: Method,
        path: &[&str],
        body: Option<Value>,
    ) -> Result<Answer, RegistryError> {
        let shared = &self.shared;
        let mut url = shared.url.clone();
        let Ok(mut segments) = url.path_segments_mut() else {
            return Err(RegistryError::Address {
                what: "has no path",
            });
        };
        segments.pop_if_empty().extend(path);
        drop(segments);
        // Elsewhere it changes nothing; where a judgement is asked for, it asks for the reasons.
        url.set_query(Some("verbose=true").filter(|_| path[0] == "compatibility"));
        let mut request = shared
            .client
            .request(method, url)
            .header(ACCEPT, MEDIA_TYPE);
        if let Some((user, password)) = &shared.login {
            request = request.basic_auth(user, Some(password));
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, MEDIA_TYPE).json(&body);
        }
        let response = request.send().await;
        let response = response.map_err(|error| unreachable(attempted, error))?;
        Answer::read(attempted, response).await
    }
}

/// The schema in an answer, where it is Avro and stands by itself.
fn avro(found: Found) -> Result<AvroSchema, SchemaError> {
    let unsupported = |what| SchemaError::Unsupported {
        place: "its root".to_owned(),
        what,
    };
    if found.kind.is_some_and(|kind| kind != "AVRO") {
        return Err(unsupported("another language than Avro"));
    }
    if !found.references.is_empty() {
        return Err(unsupported("references to other subjects"));
    }
    AvroSchema::parse(&found.schema)
}

/// Neither the address nor the login.
impl fmt::Debug for SchemaRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaRegistry").finish_non_exhaustive()
    }
}
