//! Which log this is: a name for the database in its cluster, told apart from every other one.

use sha2::{Digest, Sha256};
use sqlx::Row;

use super::{PostgresStorage, classify};
use crate::StoreError;

/// The cluster's number is drawn when it is made; a database's is its own within the cluster and
/// stays when it is renamed.
const IDENTITY: &str = "
select c.system_identifier::text as cluster, d.oid::bigint as database
  from pg_control_system() c, pg_database d
 where d.datname = current_database()";

impl PostgresStorage {
    pub(super) async fn read_identity(&self) -> Result<String, StoreError> {
        let failed = |e| classify::store("asking which log this is", e);
        let row = sqlx::query(IDENTITY)
            .fetch_one(self.database.pool())
            .await
            .map_err(failed)?;
        let cluster: String = row.try_get("cluster").map_err(failed)?;
        let database: i64 = row.try_get("database").map_err(failed)?;
        // Hashed: it goes to places that need not know the cluster's number.
        let hash = Sha256::digest(format!("{cluster}/{database}"));
        Ok(hash[..8].iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
