//! What the server may write into its own log about our statements.

use ingesta_event_store::{Database, DatabaseOptions};

use crate::support::Fixture;

/// Sets it for the sessions that begin from now on, and answers with one.
async fn set(fixture: &Fixture, settings: &[&str]) -> Database {
    for setting in settings {
        let sql = format!(
            "do $$ begin execute format('alter database %I set {setting}', current_database()); end $$"
        );
        fixture.execute(&sql).await;
    }
    let connected = Database::connect(&fixture.url, DatabaseOptions::default());
    connected.await.unwrap()
}

#[tokio::test]
async fn what_is_bound_to_a_statement_that_fails_is_not_logged_whatever_the_server_does() {
    let fixture = Fixture::empty().await;
    let database = set(&fixture, &["log_parameter_max_length_on_error = -1"]).await;
    let most = sqlx::query_scalar("select current_setting('log_parameter_max_length_on_error')");
    let most: String = most.fetch_one(database.pool()).await.unwrap();
    assert_eq!(most, "0");
}

#[tokio::test]
async fn a_server_that_logs_what_is_bound_to_slow_statements_is_recognised() {
    let fixture = Fixture::empty().await;
    for (settings, logs) in [
        (
            [
                "log_min_duration_statement = -1",
                "log_parameter_max_length = -1",
            ],
            false,
        ),
        (
            [
                "log_min_duration_statement = 10000",
                "log_parameter_max_length = -1",
            ],
            true,
        ),
        (
            [
                "log_min_duration_statement = 10000",
                "log_parameter_max_length = 8",
            ],
            true,
        ),
        (
            [
                "log_min_duration_statement = 10000",
                "log_parameter_max_length = 0",
            ],
            false,
        ),
    ] {
        let database = set(&fixture, &settings).await;
        assert_eq!(
            database.logs_parameters().await.unwrap(),
            logs,
            "{settings:?}"
        );
    }
}
