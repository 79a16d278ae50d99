//! Starting and stopping a server.

use sqlx::Connection;

use super::support::{Ground, ROWS, ingesta, open_folder, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_an_error_that_says_what_to_do() {
    let ground = Ground::new().await;
    let server = ground.serve();
    let taken = server.url.trim_start_matches("http://");
    let refused = ground.run(&["serve", "--listen", taken]).expect(1);
    assert!(refused.stderr.contains("is in use"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--listen"), "{}", refused.stderr);
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_database_is_migrated_only_when_asked() {
    let ground = Ground::new().await;
    let refused = ground.run(&["serve", "--listen", "127.0.0.1:0"]).expect(1);
    assert!(
        refused.stderr.contains("ingesta migrate"),
        "{}",
        refused.stderr
    );
    assert!(
        ground
            .run(&["events", "tail"])
            .expect(1)
            .stderr
            .contains("ingesta migrate")
    );

    let first = ground.run(&["migrate", "--json"]).expect(0).json();
    assert_ne!(first[0]["applied"], serde_json::json!([]));
    let second = ground.run(&["migrate", "--json"]).expect(0).json();
    assert_eq!(second[0]["applied"], serde_json::json!([]));
    ground.run(&["events", "tail"]).expect(0);
}

/// The server would end a transaction that stands idle; this one must outlast the test.
const HOLD: &str = "set idle_in_transaction_session_timeout = 0; begin;
                    lock table events in access exclusive mode";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_database_hangs_stops_all_the_same() {
    let ground = Ground::new().await;
    let server = ground.serve();
    let mut holder = sqlx::PgConnection::connect(ground.database.url())
        .await
        .expect("connect");
    sqlx::raw_sql(HOLD)
        .execute(&mut holder)
        .await
        .expect("lock");
    let body = ROWS.lines().next().expect("a row").to_owned();
    let request = reqwest::Client::new()
        .post(format!("{}/ingesta/crear-ingesta-comando", server.url))
        .header("content-type", "application/json")
        .body(body);
    let unanswered = tokio::spawn(request.send());
    let waiting = "select count(*) from pg_stat_activity where datname = current_database()
                    and wait_event_type = 'Lock' and query ~ 'insert into events|ingesta_cluster'";
    // Not by the holder: inside a transaction this view stands still.
    let mut looker = sqlx::PgConnection::connect(ground.database.url())
        .await
        .expect("connect");
    ingesta_testing::eventually("the append to wait", async || {
        let count: i64 = sqlx::query_scalar(waiting)
            .fetch_one(&mut looker)
            .await
            .expect("count");
        (count > 0).then_some(())
    })
    .await;
    // The lock is held until after the server has ended, whatever that takes.
    let code = tokio::task::spawn_blocking(|| server.terminate());
    assert_eq!(code.await.expect("wait"), Some(0));
    if let Ok(answer) = unanswered.await.expect("join") {
        assert_eq!(answer.status(), 503, "told, and not that it was done");
    }
    holder.close().await.expect("release");
}

#[test]
fn a_command_that_reads_starts_no_database() {
    let folder = open_folder();
    for arguments in [
        ["subscriptions", "list"],
        ["events", "tail"],
        ["projections", "list"],
    ] {
        let refused = run(&mut ingesta(folder.path(), &arguments)).expect(4);
        assert!(
            refused.stderr.contains("DATABASE_URL"),
            "{}",
            refused.stderr
        );
    }
    assert!(!folder.path().join(".ingesta").exists());
}

#[test]
fn what_is_no_command_is_refused() {
    let folder = open_folder();
    run(&mut ingesta(folder.path(), &["sreve"])).expect(2);
    let help = run(&mut ingesta(folder.path(), &["--help"])).expect(0);
    assert!(help.stdout.contains("Exit codes:"), "{}", help.stdout);
}
