//! Access control: who comes in, what each may see, and that nobody is told of others' ingestas.

mod ajeno;
mod claves;
mod fichas;
mod matriz;
mod origenes;
mod ritmo;

use std::sync::Arc;

use ingesta_event_store::{PostgresStorage, Storage};
use ingesta_server::AppOptions;
use ingesta_server::acceso::{Acceso, Claves, Rol};
use ingesta_server::app::event_codec;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::test_app::{Answer, TestApp, cuerpo, options};

pub(crate) const PROPIO: &str = "7c765929-ba20-5eb7-b700-4b795e6520e1";
pub(crate) const AJENO: &str = "1d0f7d52-5ab6-5a17-9f0e-0b7b6c9d3a11";

/// A server that asks who comes, and keys for it.
pub(crate) struct Casa {
    pub(crate) app: TestApp,
    claves: Claves,
}

impl Casa {
    pub(crate) async fn new() -> Self {
        Self::with(Acceso::default()).await
    }

    async fn with(acceso: Acceso) -> Self {
        let app = TestApp::start_with(AppOptions {
            acceso: Some(acceso),
            ..options()
        })
        .await;
        Self::over(app)
    }

    fn over(app: TestApp) -> Self {
        let storage: Arc<dyn Storage> = Arc::new(PostgresStorage::new(app.database.clone()));
        let claves = Claves::new(&storage, &event_codec());
        Self { app, claves }
    }

    pub(crate) async fn clave(&self, rol: Rol, proveedor: Option<&str>) -> String {
        let proveedor = proveedor.map(|id| id.parse().expect("an id"));
        let made = self.claves.crear(rol.as_str(), rol, proveedor).await;
        made.expect("a sound key").1
    }

    fn request(&self, method: Method, path: &str, clave: &str) -> RequestBuilder {
        self.app.request(method, path).bearer_auth(clave)
    }

    pub(crate) async fn get(&self, path: &str, clave: &str) -> Answer {
        self.app.send(self.request(Method::GET, path, clave)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value, clave: &str) -> Answer {
        let request = self.request(Method::POST, path, clave).json(body);
        self.app.send(request).await
    }

    async fn crear(&self, body: &Value, clave: &str) -> Answer {
        let path = "/ingesta/crear-ingesta-comando";
        self.post(path, body, clave).await
    }

    /// The id of a new ingesta of this provider.
    pub(crate) async fn ingesta(&self, proveedor: &str, clave: &str) -> String {
        let created = self.crear(&de(proveedor), clave).await;
        created.ok(202).text_of("id_ingesta")
    }
}

/// What this provider sends.
fn de(proveedor: &str) -> Value {
    let mut body = cuerpo();
    body["id_proveedor"] = json!(proveedor);
    body
}
