//! `ingesta projections rebuild` and `verify`, told to stop by a signal.

use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::projections::{started, with_an_image};
use super::support::{Ground, ROWS};

#[track_caller]
fn signal(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a pid"), signal).expect("signal");
}

#[tokio::test]
async fn a_verification_that_is_told_to_stop_promises_no_more_than_it_holds() {
    let ground = Ground::new().await;
    let server = with_an_image(&ground, ROWS).await;
    assert_eq!(server.terminate(), Some(0));
    // The view is kept from it, so that it cannot end.
    let mut writer = ground.connect().await;
    let hold = "set idle_in_transaction_session_timeout = 0;
                begin; lock table vista_imagenes in access exclusive mode";
    sqlx::raw_sql(hold)
        .execute(&mut writer)
        .await
        .expect("hold");
    let verify = ["projections", "verify", "vista_imagenes", "--json"];
    let mut child = ground
        .command(&verify)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start it");
    let leased = "select count(*) from ingesta_subscriptions where name = 'vista_imagenes.verify'
                   and owner is not null and expires_at > clock_timestamp()";
    ingesta_testing::eventually("the verification", async || {
        (ground.ask(leased).await == 1).then_some(())
    })
    .await;
    signal(&child, Signal::TERM);
    let mut told = String::new();
    let mut stderr = child.stderr.take().expect("piped");
    std::io::Read::read_to_string(&mut stderr, &mut told).expect("text");
    assert_eq!(child.wait().expect("its end").code(), Some(7));
    assert!(
        told.contains("begins anew") && !told.contains("goes on"),
        "{told}"
    );
    sqlx::raw_sql("rollback")
        .execute(&mut writer)
        .await
        .expect("end");
    let left = "select count(*) from pg_class where relname like '%\\_\\_verify%'";
    assert_eq!(ground.ask(left).await, 0);
    ground.run(&verify).expect(0);
}

#[tokio::test]
async fn a_rebuild_that_is_told_to_stop_says_so_and_goes_on_when_run_again() {
    let ground = Ground::new().await;
    let _server = with_an_image(&ground, ROWS).await;
    // Somebody reads the view for long, so only the swap is left to do.
    let mut reader = ground.connect().await;
    sqlx::raw_sql("begin; select count(*) from vista_imagenes")
        .execute(&mut reader)
        .await
        .expect("read");
    let rebuild = ["projections", "rebuild", "vista_imagenes", "--json"];
    let mut stopped = started(&ground, &rebuild, |line| line["phase"] == "swapping");
    let listed = ground.run(&["projections", "list", "--json"]).expect(0);
    let states: Vec<Value> = listed
        .json()
        .into_iter()
        .map(|line| line["state"].clone())
        .collect();
    assert!(states.contains(&json!("rebuilding")), "{states:?}");
    signal(&stopped, Signal::TERM);
    assert_eq!(stopped.wait().expect("its end").code(), Some(7));
    sqlx::raw_sql("rollback")
        .execute(&mut reader)
        .await
        .expect("end");
    let done = ground.run(&rebuild).expect(0).event("rebuilt");
    assert_eq!(done["projections"][0]["resumed"], true, "{done}");
}
