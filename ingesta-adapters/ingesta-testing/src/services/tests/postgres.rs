//! PostgreSQL as a shared and as a standing service.
//!
//! The launcher has tests of its own, in its crate.

use ingesta_embedded::{Durability, attach};
use sqlx::{Connection, PgConnection};

use super::{Place, another_user, nothing_is_left, use_for_ever, watchdogs_of};
use crate::services::postgres::Postgres;
use crate::services::standing::{down_in, up_in};
use crate::services::{OwnedDatabase, create_database, drop_database, given, postgres_url};

const FAST: Postgres = Postgres(Durability::Fast);
const DURABLE: Postgres = Postgres(Durability::Durable);
const USER: &str = "services::tests::postgres::user_process";

#[test]
fn user_process() {
    use_for_ever(FAST);
}

async fn answers(url: &str) -> bool {
    let Ok(mut connection) = PgConnection::connect(url).await else {
        return false;
    };
    sqlx::query("select 1")
        .execute(&mut connection)
        .await
        .is_ok()
}

#[tokio::test]
async fn two_processes_share_one_server_that_goes_after_the_last_of_them() -> anyhow::Result<()> {
    let place = Place::new();
    let (mut first, url) = another_user(&place, USER);
    let (mut second, same) = another_user(&place, USER);
    assert_eq!(url, same);

    // The way of a crash: the one that started the server is killed.
    first.kill()?;
    first.wait()?;
    let here = place.shared(FAST).join().await?;
    assert_eq!(here.address, url);
    second.kill()?;
    second.wait()?;
    assert!(answers(&url).await, "it is in use here");

    drop(here);
    nothing_is_left(&place).await;
    assert!(!answers(&url).await);
    assert!(attach(&place.folder().data()).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_server_whose_watchdog_was_killed_gets_another() -> anyhow::Result<()> {
    let place = Place::new();
    let user = place.shared(FAST).join().await?;
    let watchdogs = watchdogs_of(&place.0);
    if watchdogs.is_empty() {
        return Ok(()); // No /proc to find it in.
    }
    for pid in watchdogs {
        let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL)?;
    }
    let again = place.shared(FAST).join().await?;
    assert_eq!(again.address, user.address);
    assert!(!watchdogs_of(&place.0).is_empty());
    drop((user, again));
    nothing_is_left(&place).await;
    Ok(())
}

#[tokio::test]
async fn up_twice_answers_the_same_and_down_twice_is_harmless() -> anyhow::Result<()> {
    let place = Place::new();
    let folder = place.folder();
    let first = up_in(&folder, &FAST).await?;
    let second = up_in(&folder, &FAST).await?;
    assert!(first == second);
    assert_eq!(first.variable, "DATABASE_URL");
    assert!(answers(&first.address).await);
    assert!(
        up_in(&folder, &DURABLE).await.is_err(),
        "it runs without fsync"
    );
    assert!(down_in(&folder, &FAST).await?);
    assert!(!answers(&first.address).await);
    assert!(!down_in(&folder, &FAST).await?);
    assert!(!folder.data().exists());
    Ok(())
}

#[tokio::test]
async fn a_database_is_created_apart_and_dropped_where_the_server_stays() -> anyhow::Result<()> {
    let one = OwnedDatabase::create("services").await?;
    let two = create_database("services").await?;
    let mut connection = PgConnection::connect(&two).await?;
    sqlx::query("create table here (id int)")
        .execute(&mut connection)
        .await?;
    assert!(answers(one.url()).await);
    assert_ne!(one.url(), two);

    let url = one.url().to_owned();
    drop(one);
    // What is left in a throw-away server goes with it.
    let was_given = given("DATABASE_URL").is_some();
    assert_eq!(answers(&url).await, !was_given);
    drop_database(&two).await?; // Although somebody is connected to it.
    drop_database(&two).await?;
    assert!(!answers(&two).await);
    let server = postgres_url().await?;
    assert!(
        drop_database(&server).await.is_err(),
        "it was not made here"
    );
    Ok(())
}
