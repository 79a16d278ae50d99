//! Is it a log of this program's, and in the cluster that it was written in?

use ingesta_event_store::{Database, StoreError};

use super::finding::{Finding, Severity};

/// What is wrong with the schema.
pub(super) async fn schema(database: &Database) -> Result<Option<Finding>, StoreError> {
    let error = match database.check_schema().await {
        Ok(()) => return Ok(None),
        Err(error) => error,
    };
    let (code, advice) = if matches!(error, StoreError::SchemaTooOld { .. }) {
        let advice = "run `ingesta migrate`, then `ingesta doctor` again";
        ("schema_too_old", advice)
    } else if matches!(error, StoreError::SchemaTooNew { .. }) {
        ("schema_too_new", "use the newer program")
    } else if matches!(error, StoreError::MigrationChanged { .. }) {
        let advice = "find out which program made this schema, and use that one";
        ("schema_changed", advice)
    } else {
        return Err(error);
    };
    let finding = Finding::new(Severity::Error, code, error.to_string(), advice);
    Ok(Some(finding))
}

/// What is wrong with the place that the log is in.
pub(super) async fn cluster(database: &Database) -> Result<Option<Finding>, StoreError> {
    match database.check_cluster().await {
        Ok(()) => Ok(None),
        Err(StoreError::LogMoved) => Ok(Some(Finding::new(
            Severity::Error,
            "log_moved",
            "the log was written in another database cluster, and nothing is appended to it here",
            "be sure that the data is right, stop every server, run `ingesta subscriptions rebase \
             --yes`",
        ))),
        Err(other) => Err(other),
    }
}
