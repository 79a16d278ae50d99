//! A server of one's own: a database for one test, the application over it, a client before it.
//!
//! Promises: a free port, no sleep, and nothing left behind. `drain` waits until every subscription
//! has seen everything, reactions to reactions included.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use ingesta_event_store::subscription::{Waited, wait_for};
use ingesta_event_store::{Database, DatabaseOptions, EventStorage, PostgresStorage};
use ingesta_server::{App, AppOptions, registry};
use ingesta_testing::services::OwnedDatabase;
use ingesta_testing::{PATIENCE, eventually};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) database: Database,
    pub(crate) storage: PostgresStorage,
    client: reqwest::Client,
    // Last, so that it is dropped when nobody is connected any more.
    pub(crate) owned: OwnedDatabase,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("the answer is JSON")
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self
            .headers
            .get(name)
            .unwrap_or_else(|| panic!("there is a header {name}"));
        value.to_str().expect("a header of text")
    }

    #[track_caller]
    pub(crate) fn text_of(&self, member: &str) -> String {
        let json = self.json();
        json[member]
            .as_str()
            .unwrap_or_else(|| panic!("{member} is a text: {json}"))
            .to_owned()
    }

    /// A problem as RFC 9457 has it, with this status and code and an `error`.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let json = self.json();
        assert_eq!(json["code"], code, "{json}");
        assert_eq!(json["status"], status, "{json}");
        assert!(json["error"].is_string(), "{json}");
        self
    }

    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

pub(crate) fn options() -> AppOptions {
    AppOptions {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        shutdown_grace: Duration::from_secs(5),
        // Followers of every database of a cluster stand still while any transaction of it writes,
        // and tests share a cluster: making a database for one holds back the others.
        read_wait: PATIENCE,
        ..AppOptions::default()
    }
}

pub(crate) async fn connect(owned: &OwnedDatabase) -> Database {
    let pool = DatabaseOptions {
        connections_max: 8,
        ..DatabaseOptions::default()
    };
    Database::connect(owned.url(), pool)
        .await
        .expect("the database answers")
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(options()).await
    }

    pub(crate) async fn start_with(options: AppOptions) -> Self {
        let owned = OwnedDatabase::create("server")
            .await
            .expect("a database for the test");
        let database = connect(&owned).await;
        database.migrate().await.expect("the schema is made");
        Self::over(owned, options).await
    }

    /// A server over a database that is there already.
    pub(crate) async fn over(owned: OwnedDatabase, options: AppOptions) -> Self {
        let database = connect(&owned).await;
        let app = App::start(database.clone(), options)
            .await
            .expect("the server starts");
        let storage = PostgresStorage::new(database.clone());
        Self {
            app,
            database,
            storage,
            client: reqwest::Client::new(),
            owned,
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.app.addr()))
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.expect("the server answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.expect("the answer is whole");
        Answer {
            status,
            headers,
            text,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// A command without a body.
    pub(crate) async fn ordenar(&self, id: &str, command: &str) -> Answer {
        self.send(self.request(Method::POST, &format!("/ingesta/{id}/{command}")))
            .await
    }

    pub(crate) async fn crear(&self, body: &Value) -> Answer {
        self.post("/ingesta/crear-ingesta-comando", body).await
    }

    /// The id of a new, well formed ingesta.
    pub(crate) async fn ingesta(&self) -> String {
        let created = self.crear(&cuerpo()).await;
        created.ok(202).text_of("id_ingesta")
    }

    pub(crate) async fn leer(&self, id: &str) -> Answer {
        self.get(&format!("/ingesta/consulta-por-id/{id}")).await
    }

    /// Waits until every subscription has seen the whole log, and nothing was added meanwhile.
    pub(crate) async fn drain(&self) {
        loop {
            let head = self.storage.head().await.expect("the log answers");
            for name in registry::subscriptions() {
                let waited = wait_for(&self.storage, name, head, PATIENCE, None).await;
                assert_eq!(
                    waited.expect("the store answers"),
                    Waited::Reached,
                    "{name}"
                );
            }
            if self.storage.head().await.expect("the log answers") == head {
                return;
            }
        }
    }

    pub(crate) async fn ready(&self) {
        eventually("the server to be ready", async || {
            (self.get("/readyz").await.status == 200).then_some(())
        })
        .await;
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.database.pool())
            .await
            .expect("the count answers")
    }

    /// Puts an event into the log as another program would.
    pub(crate) async fn insert(&self, kind: &str, id: &str, sequence: i64, event: (&str, Value)) {
        let (event_type, fields) = event;
        sqlx::query(
            "insert into events (aggregate_type, aggregate_id, sequence, event_type,
                                 event_version, payload, metadata)
             values ($1, $2, $3, $4, '1', $5::json, '{}')",
        )
        .bind(kind)
        .bind(id)
        .bind(sequence)
        .bind(event_type)
        .bind(json!({ event_type: fields }).to_string())
        .execute(self.database.pool())
        .await
        .expect("the event is stored");
    }
}

/// What a provider sends, for a patient of its own.
pub(crate) fn cuerpo() -> Value {
    json!({
        "id_proveedor": Uuid::new_v4(),
        "id_paciente": Uuid::new_v4(),
        "url_path": "https://imagenes.example.org/CT_small.dcm",
    })
}

/// The same with one field changed.
pub(crate) fn cuerpo_con(field: &str, value: Value) -> Value {
    let mut body = cuerpo();
    body[field] = value;
    body
}

/// The same without one field.
pub(crate) fn cuerpo_sin(field: &str) -> Value {
    let mut body = cuerpo();
    body.as_object_mut().expect("an object").remove(field);
    body
}
