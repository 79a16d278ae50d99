//! Reading the log from the command line.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use super::support::{Ground, ROWS};

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_shown_in_order_and_from_anywhere() {
    let ground = Ground::new().await;
    let server = ground.serve();
    let rows: Vec<&str> = ROWS.lines().take(5).collect();
    ground.import(&server, &rows.join("\n")).expect(0);
    let all = ground
        .eventually("ten events", async || {
            let all = ground
                .run(&["events", "tail", "--from", "start", "--json"])
                .expect(0)
                .json();
            (all.len() == 10).then_some(all)
        })
        .await;

    let third = all[2]["position"].as_str().expect("a position");
    let rest = ground
        .run(&["events", "tail", "--from", third, "--json"])
        .expect(0)
        .json();
    assert_eq!(rest, all[3..]);
    let last = ground
        .run(&["events", "tail", "-n", "4", "--json"])
        .expect(0)
        .json();
    assert_eq!(last, all[6..]);
    let two = ground
        .run(&["events", "tail", "--from", "start", "-n", "2", "--json"])
        .expect(0);
    assert_eq!(two.json(), all[..2]);
    let made = [
        "events",
        "tail",
        "--from",
        "start",
        "--type",
        "IngestaCreada",
        "--json",
    ];
    assert_eq!(ground.run(&made).expect(0).json().len(), 5);
    let images = ["events", "tail", "--from", "start", "--type", "Imagen"];
    assert_eq!(ground.run(&images).expect(0).stdout.lines().count(), 5);
    ground
        .run(&["events", "tail", "--from", "yesterday"])
        .expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_are_shown_only_when_asked_for() {
    let ground = Ground::new().await;
    let server = ground.serve();
    ground
        .import(&server, ROWS.lines().next().expect("a row"))
        .expect(0);
    let log = ground
        .eventually("an event", async || {
            let log = ground.run(&["events", "tail", "--json"]).expect(0).json();
            (!log.is_empty()).then_some(log)
        })
        .await;
    let stream = log[0]["stream"].as_str().expect("a stream");
    for arguments in [vec!["events", "tail"], vec!["events", "show", stream]] {
        for json in [&[][..], &["--json"]] {
            let plain = ground.run(&[&arguments, json].concat()).expect(0).stdout;
            assert!(
                plain.contains("IngestaCreada") && !plain.contains("example.org"),
                "{plain}"
            );
            let full = ground
                .run(&[&arguments, json, &["--payload"]].concat())
                .expect(0)
                .stdout;
            assert!(full.contains("example.org"), "{full}");
        }
    }
    let unknown = "Ingesta/0198c0de-0000-7000-8000-000000000001";
    let refused = ground.run(&["events", "show", unknown]).expect(1);
    assert!(refused.stderr.contains("no stream"), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn following_shows_what_comes_and_ends_with_its_reader() {
    let ground = Ground::new().await;
    let server = ground.serve();
    let rows: Vec<&str> = ROWS.lines().take(2).collect();
    ground.import(&server, rows[0]).expect(0);
    let mut tail = ground
        .command(&["events", "tail", "--follow", "--from", "start", "--json"])
        .args(["--type", "Ingesta"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("follow");
    let mut lines = BufReader::new(tail.stdout.take().expect("piped")).lines();
    let mut next = || -> Value {
        let line = lines.next().expect("a line").expect("text");
        serde_json::from_str(&line).expect("JSON")
    };
    let first = next();
    ground.import(&server, rows[1]).expect(0);
    let second = next();
    assert_ne!(first["stream"], second["stream"]);
    // Nobody reads on: the next event ends it, quietly.
    drop(lines);
    ground
        .import(&server, ROWS.lines().nth(2).expect("a row"))
        .expect(0);
    assert_eq!(tail.wait().expect("its end").code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_open_transaction_holds_back_is_spoken_of() {
    let ground = Ground::new().await;
    let server = ground.serve();
    let mut writer = ground.connect().await;
    sqlx::raw_sql("begin; select pg_current_xact_id()")
        .execute(&mut writer)
        .await
        .expect("a transaction that has written");
    ground
        .import(&server, ROWS.lines().next().expect("a row"))
        .expect(0);
    let held = ground.run(&["events", "tail", "--from", "start"]).expect(0);
    assert_eq!(held.stdout, "");
    assert!(
        held.stderr.contains("1 newer events wait"),
        "{}",
        held.stderr
    );
    let listed = ground.run(&["subscriptions", "list"]).expect(0).stdout;
    assert!(listed.contains("readers are held up by pid"), "{listed}");
    sqlx::raw_sql("rollback")
        .execute(&mut writer)
        .await
        .expect("roll back");
    ground
        .eventually("the event", async || {
            let tail = ground.run(&["events", "tail", "--from", "start"]).expect(0);
            (!tail.stdout.is_empty()).then_some(())
        })
        .await;
}
