//! Start, use, stop, start again.

use ingesta_embedded::{Durability, Embedded, attach, stop_detached};

use crate::support::{ask, fast, kill, open_folder, pid_of, tell};

#[tokio::test]
async fn data_is_kept_between_runs() -> anyhow::Result<()> {
    let dir = open_folder();
    let first = Embedded::start(fast(dir.path())).await?;
    tell(
        first.url(),
        "create table kept as select 'still here' as word",
    )
    .await?;
    first.stop().await?;
    assert!(attach(&dir.path().join("data")).await?.is_none());

    let second = Embedded::start(fast(dir.path())).await?;
    assert_eq!(
        ask(second.url(), "select word from kept").await?,
        "still here"
    );
    second.stop().await?;
    Ok(())
}

#[tokio::test]
async fn it_is_durable_by_default_private_and_bounded() -> anyhow::Result<()> {
    let dir = open_folder();
    let mut options = fast(dir.path());
    options.durability = Durability::default();
    let database = Embedded::start(options).await?;
    let settings = [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
        ("idle_in_transaction_session_timeout", "10s"),
        ("server_encoding", "UTF8"),
        ("password_encryption", "scram-sha-256"),
        ("max_connections", "100"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
    ];
    for (setting, wanted) in settings {
        let now = ask(
            database.url(),
            &format!("select current_setting('{setting}')"),
        )
        .await?;
        assert_eq!(now, wanted, "{setting}");
    }
    let url = database.url();
    let without_password = format!(
        "postgres://ingesta:wrong@127.0.0.1:{}/ingesta",
        database.port()
    );
    assert!(ask(&without_password, "select 'in'").await.is_err());
    let (_, rest) = url.split_once("ingesta:").expect("a user");
    let (password, _) = rest.split_once('@').expect("a password");
    assert!(!format!("{database:?}").contains(password));
    let log = std::fs::read_to_string(dir.path().join("data/postgres.log"))?;
    assert!(!log.contains(password));
    database.stop().await?;
    Ok(())
}

#[tokio::test]
async fn values_of_refused_statements_are_not_logged() -> anyhow::Result<()> {
    let dir = open_folder();
    let database = Embedded::start(fast(dir.path())).await?;
    tell(
        database.url(),
        "create table people (name text primary key)",
    )
    .await?;
    tell(database.url(), "insert into people values ('secret-name')").await?;
    assert!(
        tell(database.url(), "insert into people values ('secret-name')")
            .await
            .is_err()
    );
    assert!(
        tell(database.url(), "select 'secret-name'::int")
            .await
            .is_err()
    );
    database.stop().await?;
    let log = std::fs::read_to_string(dir.path().join("data/postgres.log"))?;
    assert!(log.contains("ready to accept connections"), "{log}");
    assert!(!log.contains("secret-name"), "{log}");
    Ok(())
}

#[tokio::test]
async fn another_command_attaches_while_the_owner_lives() -> anyhow::Result<()> {
    let dir = open_folder();
    let database = Embedded::start(fast(dir.path())).await?;
    let attached = attach(&dir.path().join("data"))
        .await?
        .expect("a running database");
    assert_eq!(attached.url, database.url());
    assert_eq!(attached.owner_pid, std::process::id());
    assert_eq!(attached.version, database.version());
    assert_eq!(ask(&attached.url, "select 'hello'").await?, "hello");
    database.stop().await?;
    assert!(attach(&dir.path().join("data")).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_killed_server_does_not_prevent_the_next_start() -> anyhow::Result<()> {
    let dir = open_folder();
    let database = Embedded::start(fast(dir.path())).await?;
    tell(
        database.url(),
        "create table kept as select 'still here' as word",
    )
    .await?;
    // A session that works when its postmaster dies keeps the shared memory for a while.
    let busy = database.url().to_owned();
    let busy = tokio::spawn(async move { ask(&busy, "select pg_sleep(600)::text").await });
    let running = "select count(*)::text from pg_stat_activity where query like '%pg_sleep(600)%' \
                   and pid <> pg_backend_pid()";
    while ask(database.url(), running).await? == "0" {}
    kill(pid_of(&database));
    drop(database);

    let again = Embedded::start(fast(dir.path())).await?;
    assert_eq!(
        ask(again.url(), "select word from kept").await?,
        "still here"
    );
    again.stop().await?;
    assert!(busy.await?.is_err());
    Ok(())
}

#[tokio::test]
async fn a_killed_server_is_revived_at_the_same_address() -> anyhow::Result<()> {
    let dir = open_folder();
    let mut database = Embedded::start(fast(dir.path())).await?;
    let address = database.url().to_owned();
    assert!(!database.revive().await?, "it had not died");
    kill(pid_of(&database));
    while !database.revive().await? {}
    assert_eq!(database.url(), address);
    assert_eq!(ask(&address, "select 'hello'").await?, "hello");
    database.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_detached_server_outlives_its_handle_and_is_stopped_by_name() -> anyhow::Result<()> {
    let dir = open_folder();
    let data = dir.path().join("data");
    let detached = Embedded::start(fast(dir.path())).await?.detach()?;
    assert_eq!(ask(&detached.url, "select 'hello'").await?, "hello");
    assert_eq!(attach(&data).await?.expect("it runs").pid, detached.pid);
    assert!(
        Embedded::start(fast(dir.path())).await.is_err(),
        "it owns itself"
    );
    assert!(stop_detached(&data).await?);
    assert!(!stop_detached(&data).await?, "twice is harmless");
    assert!(ask(&detached.url, "select 'hello'").await.is_err());
    Ok(())
}
