//! What the landscape stands on: a broker, databases of its own, a folder.
//!
//! They are had as the tests have them: named by `DATABASE_URL` and `KAFKA_BROKERS`, else started
//! for the time being.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use ingesta_event_store::{Database, DatabaseOptions};
use ingesta_testing::services::{OwnedDatabase, kafka_brokers};
use uuid::Uuid;

use crate::notificaciones::Lista;

/// The services that have a database of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quien {
    Servidor,
    Anonimizador,
    Etiquetado,
    Notificaciones,
}

impl Quien {
    pub(super) const TODOS: [Self; 4] = [
        Self::Servidor,
        Self::Anonimizador,
        Self::Etiquetado,
        Self::Notificaciones,
    ];

    pub(super) fn nombre(self) -> &'static str {
        match self {
            Self::Servidor => "ingesta",
            Self::Anonimizador => "anonimizador",
            Self::Etiquetado => "etiquetado",
            Self::Notificaciones => "notificaciones",
        }
    }
}

/// How many notifications are in which state.
pub(super) type Avisos = BTreeMap<&'static str, u64>;

pub(super) struct Terreno {
    pub(super) brokers: String,
    pub(super) prefix: String,
    databases: BTreeMap<Quien, OwnedDatabase>,
    folder: PathBuf,
}

impl Terreno {
    pub(super) async fn new() -> anyhow::Result<Self> {
        let brokers = kafka_brokers().await?;
        let id = Uuid::now_v7().simple().to_string();
        let folder = std::env::temp_dir().join(format!("saludtech-demo-{id}"));
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let mut terreno = Self {
            brokers,
            prefix: format!("demo-{id}."),
            databases: BTreeMap::new(),
            folder,
        };
        for quien in Quien::TODOS {
            let database = OwnedDatabase::create("saludtech").await?;
            terreno.databases.insert(quien, database);
        }
        Ok(terreno)
    }

    /// The address of a service's database, with its password.
    pub(super) fn database(&self, quien: Quien) -> &str {
        self.databases.get(&quien).map_or("", OwnedDatabase::url)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many notifications are in which state.
    pub(super) async fn avisos(&self) -> anyhow::Result<Avisos> {
        let url = self.database(Quien::Notificaciones);
        let database = Database::connect(url, DatabaseOptions::default()).await?;
        let mut counts = Avisos::new();
        let mut lista = Lista::open(&database).await?;
        while let Some(rows) = lista.next().await? {
            for (_, row) in rows {
                *counts.entry(row.estado.as_str()).or_default() += 1;
            }
        }
        database.close().await;
        Ok(counts)
    }
}

/// The databases are dropped with it, or with the server that was started for them; topics go with
/// a broker that was.
impl Drop for Terreno {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, "the demo's folder stays behind");
        }
    }
}
