//! Whom a rebuild holds up: nobody for long, and no follower of the cluster at all.

use ingesta_projections::RebuildProgress;
use ingesta_testing::eventually;

use super::{holding, nothing_is_left, number, rebuild, said};
use crate::accounts::{balances, deposit};
use crate::place::{Place, quick};

async fn place() -> Place {
    let place = Place::new().await;
    deposit(&*place.storage, "acc", 0, &[1]).await.unwrap();
    let (following, _) = place.follow(balances(), quick());
    following.reaches(place.head().await).await;
    following.stop().await;
    place
}

#[tokio::test]
async fn t_a_left_table_that_is_still_read_is_dropped_in_short_tries() {
    let place = place().await;
    place
        .sql(
            "create table balance_v1__old ();
             comment on table balance_v1__old is 'ingesta projection balance-v1.old'",
        )
        .await;
    let reader = holding(&place, "balance_v1__old", "access share").await;
    let running = rebuild(&place).await.with(balances());
    let mut progress = running.progress();
    let task = tokio::spawn(running.run());
    let in_use = |p: &RebuildProgress| said(p, "balance_v1__old is in use");
    progress.wait_for(in_use).await.unwrap();
    reader.rollback().await.unwrap();
    task.await.unwrap().unwrap();
    nothing_is_left(&place).await;
}

#[tokio::test]
async fn t_a_vacuum_is_waited_for_without_a_transaction_id() {
    let place = place().await;
    let vacuum = holding(&place, "balance_v1", "share update exclusive").await;
    let task = tokio::spawn(rebuild(&place).await.with(balances()).run());
    let waiting = "select count(*) from pg_locks l join pg_stat_activity a using (pid)
                    where not l.granted and l.mode = 'ShareUpdateExclusiveLock'
                      and l.relation = 'balance_v1'::regclass and a.backend_xid is null";
    eventually("a wait that holds nobody up", async || {
        (number(&place, waiting).await == 1).then_some(())
    })
    .await;
    vacuum.rollback().await.unwrap();
    task.await.unwrap().unwrap();
    nothing_is_left(&place).await;
}

/// Keeps what tables are like when they are made.
const WATCH: &str = "
create table made (name text, persistence text, options text);
create function watch() returns event_trigger language plpgsql as $$ begin
  insert into made select c.relname, c.relpersistence, coalesce(array_to_string(c.reloptions, ','), '')
    from pg_event_trigger_ddl_commands() d join pg_class c on c.oid = d.objid
   where c.relname like 'balance\\_v1\\_\\_%' and c.relkind = 'r';
end $$;
create event trigger watch on ddl_command_end when tag in ('CREATE TABLE') execute function watch()";

#[tokio::test]
async fn t_the_fresh_table_is_not_vacuumed_until_it_is_the_views() {
    let place = place().await;
    place.sql(WATCH).await;
    rebuild(&place).await.with(balances()).run().await.unwrap();
    let without = "select count(*) from made
                    where name = 'balance_v1__rebuild' and options = 'autovacuum_enabled=false'";
    assert_eq!(number(&place, without).await, 1);
    let with = "select count(*) from pg_class where oid = 'balance_v1'::regclass
                 and reloptions is null";
    assert_eq!(number(&place, with).await, 1, "it is never vacuumed again");
}

#[tokio::test]
async fn t_a_crash_of_the_server_does_not_empty_a_verification() {
    let place = place().await;
    place.sql(WATCH).await;
    let found = rebuild(&place).await.with(balances()).verify().await;
    assert!(found.unwrap()[0].is_equal());
    let logged = "select count(*) from made
                   where name = 'balance_v1__verify' and persistence = 'p'";
    assert_eq!(number(&place, logged).await, 1);
}
