//! Owners that die, owners that live, and two that want the same folder.

use ingesta_embedded::{Durability, Embedded, EmbeddedError, attach};

use crate::owner::Owner;
use crate::support::{ask, fast, open_folder, pid_of, tell};

fn this_binary() -> std::path::PathBuf {
    std::env::current_exe().expect("this binary")
}

#[tokio::test]
async fn an_orphan_is_taken_over_with_its_data() -> anyhow::Result<()> {
    let dir = open_folder();
    let owner = Owner::start(dir.path(), &[], &this_binary());
    let address = owner.url.clone();
    tell(&address, "create table kept as select 'still here' as word").await?;
    let orphan = attach(&dir.path().join("data"))
        .await?
        .expect("it runs")
        .pid;
    owner.kill();
    assert!(
        attach(&dir.path().join("data")).await?.is_none(),
        "its owner is dead"
    );

    let database = Embedded::start(fast(dir.path())).await?;
    assert_eq!(pid_of(&database), orphan);
    assert_eq!(database.url(), address);
    assert_eq!(
        ask(database.url(), "select word from kept").await?,
        "still here"
    );
    database.stop().await?;
    assert!(
        ask(&address, "select 'hello'").await.is_err(),
        "taken over means stopped as well"
    );
    Ok(())
}

#[tokio::test]
async fn an_orphan_that_is_not_durable_enough_is_replaced() -> anyhow::Result<()> {
    let dir = open_folder();
    let owner = Owner::start(dir.path(), &[], &this_binary());
    let orphan = attach(&dir.path().join("data"))
        .await?
        .expect("it runs")
        .pid;
    owner.kill();

    let mut options = fast(dir.path());
    options.durability = Durability::Durable;
    let database = Embedded::start(options).await?;
    assert_ne!(pid_of(&database), orphan);
    assert_eq!(
        ask(database.url(), "select current_setting('fsync')").await?,
        "on"
    );
    database.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_live_owner_is_refused_by_its_number() -> anyhow::Result<()> {
    let dir = open_folder();
    let owner = Owner::start(dir.path(), &[], &this_binary());
    match Embedded::start(fast(dir.path())).await {
        Err(EmbeddedError::AlreadyRunning { owner_pid, .. }) => {
            assert_eq!(owner_pid, Some(owner.pid()));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(ask(&owner.url, "select 'unharmed'").await?, "unharmed");
    owner.kill();
    Embedded::start(fast(dir.path())).await?.stop().await?;
    Ok(())
}

#[tokio::test]
async fn two_starts_at_once_make_one_database() -> anyhow::Result<()> {
    let dir = open_folder();
    let (one, two) = tokio::join!(
        Embedded::start(fast(dir.path())),
        Embedded::start(fast(dir.path()))
    );
    let (winner, loser) = match (one, two) {
        (Ok(winner), Err(loser)) | (Err(loser), Ok(winner)) => (winner, loser),
        other => panic!("one must win: {other:?}"),
    };
    assert!(
        matches!(loser, EmbeddedError::AlreadyRunning { .. }),
        "{loser:?}"
    );
    assert_eq!(ask(winner.url(), "select 'hello'").await?, "hello");
    winner.stop().await?;
    Ok(())
}
