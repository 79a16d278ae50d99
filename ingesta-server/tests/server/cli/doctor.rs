//! What `doctor` finds: nothing on a good database; otherwise what is wrong, without a payload.

use serde_json::{Value, json};

use super::support::{Ended, Ground, ROWS, Server, ingesta, open_folder, run};

/// How the shared server of the tests may be set up, to be quick.
const SETTINGS: &[&str] = &[
    "fsync_off",
    "full_page_writes_off",
    "synchronous_commit_off",
    "parameters_logged",
];

/// The findings of this severity, by code, without those about the shared server.
#[track_caller]
fn codes(ended: &Ended, severity: &str) -> Vec<String> {
    let lines = ended.json();
    let found = lines.iter().filter(|line| line["severity"] == severity);
    let mut codes: Vec<_> = found
        .map(|line| line["code"].as_str().expect("a code").to_owned())
        .collect();
    codes.retain(|code| !SETTINGS.contains(&code.as_str()));
    codes
}

/// The one finding with this code.
#[track_caller]
fn finding(ended: &Ended, code: &str) -> Value {
    let mut found = ended.json();
    found.retain(|line| line["code"] == code);
    assert_eq!(found.len(), 1, "{code} in {}", ended.stdout);
    found.remove(0)
}

/// A database with three ingestas and their images, all of it followed; its server stopped.
async fn settled() -> Ground {
    let ground = Ground::new().await;
    let server = ground.serve();
    let rows: Vec<&str> = ROWS.lines().take(3).collect();
    ground.import(&server, &rows.join("\n")).expect(0);
    followed(&ground).await;
    stopped(server);
    ground
}

#[track_caller]
fn stopped(server: Server) {
    assert_eq!(server.terminate(), Some(0));
}

/// Six events, and every subscription behind the last of them.
async fn followed(ground: &Ground) {
    ground
        .eventually("everything followed", async || {
            let lines = ground
                .run(&["subscriptions", "list", "--json"])
                .expect(0)
                .json();
            let idle = lines.iter().all(|line| line["lag_events"] == 0);
            let events = ground.ask("select count(*) from events").await;
            (lines.len() == 5 && idle && events == 6).then_some(())
        })
        .await;
}

/// Copies the first creation under another id, with these columns changed.
async fn forge(
    ground: &Ground,
    aggregate_type: &str,
    event_type: &str,
    version: &str,
    bytes: &str,
) {
    ground
        .tell(&format!(
            "insert into events (aggregate_type, aggregate_id, sequence, event_type,
                                 event_version, payload, metadata)
             select '{aggregate_type}', gen_random_uuid(), 1, '{event_type}', '{version}',
                    {bytes}, metadata
               from events where event_type = 'IngestaCreada' order by xact, position limit 1"
        ))
        .await;
}

/// On the embedded database, whose settings are this program's own.
#[tokio::test(flavor = "multi_thread")]
async fn a_good_database_is_well() {
    let folder = open_folder();
    let ours = |arguments: &[&str]| {
        let mut command = ingesta(folder.path(), arguments);
        command.env("INGESTA_DATA_DIR", folder.path().join("data"));
        command
    };
    let server = Server::spawn(&mut ours(&["demo", "--json", "--listen", "127.0.0.1:0"]));
    for arguments in [&["doctor", "--json"][..], &["doctor", "--all", "--json"]] {
        let lines = ingesta_testing::eventually("every event to be found", async || {
            let lines = run(&mut ours(arguments)).expect(0).json();
            let events = lines.iter().map(|kind| &kind["about"]["events"]);
            let events: u64 = events.filter_map(Value::as_u64).sum();
            // A follower's own commit may hold the newest events back for a moment.
            (events == 102 && lines.len() == 3).then_some(lines)
        })
        .await;
        let (summary, kinds) = lines.split_last().expect("a summary");
        let expected = json!({
            "event": "summary", "well": true, "errors": 0, "warnings": 0, "infos": 2,
        });
        assert_eq!(*summary, expected);
        assert!(kinds.iter().all(|kind| kind["code"] == "version_readable"));
    }
    let text = run(&mut ours(&["doctor"])).expect(0).stdout;
    assert!(text.ends_with("all is well\n"), "{text}");
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_this_program_cannot_read_are_found_and_not_quoted() {
    let ground = settled().await;
    let same = "payload";
    forge(
        &ground,
        "Ingesta",
        "IngestaCreada",
        "7",
        "'{\"IngestaCreada\":{\"id\":471147114711}}'",
    )
    .await;
    forge(&ground, "Vuelo", "VueloReservado", "1", same).await;
    // Damaged in the middle: neither the first nor the last of its kind.
    forge(
        &ground,
        "Ingesta",
        "IngestaCreada",
        "1",
        "'{\"IngestaCreada\":{\"id\":471147114711}}'",
    )
    .await;
    forge(&ground, "Ingesta", "IngestaCreada", "1", same).await;

    let ended = ground.run(&["doctor", "--json"]).expect(5);
    let unreadable = finding(&ended, "event_unreadable");
    assert_eq!(unreadable["severity"], "error");
    assert_eq!(unreadable["about"]["event_version"], "7");
    assert_eq!(unreadable["about"]["unreadable"], 1);
    let unknown = finding(&ended, "aggregate_type_unknown");
    assert_eq!(unknown["severity"], "warning");
    assert_eq!(unknown["about"]["aggregate_type"], "Vuelo");

    // Every event, once every one of them may be read.
    let found = ground
        .eventually("all events to be readable", async || {
            let ended = ground.run(&["doctor", "--all", "--json"]).expect(5);
            let held_back = ended.stdout.contains("events_held_back");
            (!held_back).then_some(ended)
        })
        .await;
    let lines = found.json();
    let mut bad: Vec<_> = lines
        .iter()
        .filter(|line| line["code"] == "event_unreadable")
        .map(|line| &line["about"])
        .map(|about| {
            (
                &about["event_version"],
                &about["tried"],
                &about["unreadable"],
            )
        })
        .collect();
    bad.sort_by_key(|(version, ..)| version.to_string());
    let (one, five, seven) = (json!(1), json!(5), json!("7"));
    assert_eq!(bad, [(&json!("1"), &five, &one), (&seven, &one, &one)]);
    for shown in [&ended, &found] {
        let all = format!("{}{}", shown.stdout, shown.stderr);
        assert!(
            !all.contains("471147114711") && !all.contains("example.org"),
            "{all}"
        );
    }
    let text = ground.run(&["doctor"]).expect(5).stdout;
    assert!(text.contains("[event_unreadable]"), "{text}");
    assert!(text.contains("an upcaster"), "it says what to do: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_that_need_somebody_are_found() {
    let ground = settled().await;
    ground
        .tell(
            "insert into ingesta_parked_streams (subscription, aggregate_type, aggregate_id,
                 sequence, xact, position, code, message, attempts)
             select 'vista_ingestas', aggregate_type, aggregate_id, sequence, xact, position,
                    'undecodable', 'for the test', 3
               from events where event_type = 'IngestaCreada' limit 1;
             update ingesta_subscriptions set xact = '0', position = 0 where name = 'imagenes';
             delete from ingesta_subscriptions where name = 'ingestas';
             update ingesta_subscriptions set system_identifier = 1
              where name = 'vista_imagenes';
             insert into ingesta_subscriptions (name, system_identifier)
             select unnest(array['anterior', 'vista_ingestas.verify', 'vista_imagenes.rebuild']),
                    system_identifier from pg_control_system()",
        )
        .await;
    let ended = ground.run(&["doctor", "--json"]).expect(5);
    let about = |code| finding(&ended, code)["about"].clone();
    assert_eq!(about("stream_parked")["subscription"], "vista_ingestas");
    assert_eq!(about("subscription_stopped")["subscription"], "imagenes");
    assert_eq!(about("subscription_stopped")["lag_events"], 6);
    assert_eq!(about("subscription_never_run")["subscription"], "ingestas");
    let moved = about("subscription_cluster_changed");
    assert_eq!(moved["subscription"], "vista_imagenes");
    assert_eq!(about("subscription_unknown")["subscription"], "anterior");
    for (code, name, advice) in [
        (
            "verification_interrupted",
            "vista_ingestas.verify",
            "projections verify",
        ),
        (
            "rebuild_interrupted",
            "vista_imagenes.rebuild",
            "goes on where",
        ),
    ] {
        let found = finding(&ended, code);
        assert_eq!(found["about"]["subscription"], name);
        assert!(found["advice"].to_string().contains(advice), "{found}");
    }
    assert_eq!(
        codes(&ended, "error"),
        ["subscription_cluster_changed", "stream_parked"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_or_a_schema_that_is_not_ours_is_found() {
    let ground = settled().await;
    ground
        .tell("update ingesta_cluster set system_identifier = system_identifier + 1")
        .await;
    let moved = ground.run(&["doctor", "--json"]).expect(5);
    assert_eq!(codes(&moved, "error"), ["log_moved"]);
    ground
        .tell("update ingesta_migrations set checksum = 'x' where version = 1")
        .await;
    let changed = ground.run(&["doctor", "--json"]).expect(5);
    assert_eq!(codes(&changed, "error"), ["schema_changed"]);
    ground.tell("drop table ingesta_migrations").await;
    let bare = ground.run(&["doctor", "--json"]).expect(5);
    assert_eq!(codes(&bare, "error"), ["schema_too_old"]);
    let advice = finding(&bare, "schema_too_old");
    assert!(advice["advice"].to_string().contains("ingesta migrate"));
    // A database that is away is no finding.
    let away = ["--database-url", "postgres://ana:x@127.0.0.1:1/x", "doctor"];
    ground.run(&away).expect(4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_is_not_meant_to_run_is_no_fault() {
    let ground = settled().await;
    ground
        .tell("update ingesta_subscriptions set xact = '0', position = 0 where name = 'imagenes'")
        .await;
    let stands = finding(&ground.run(&["doctor", "--json"]), "subscription_stopped");
    assert_eq!(stands["about"]["subscription"], "imagenes");
    let by_topic = |ground: &Ground| {
        let mut doctor = ground.command(&["doctor", "--json"]);
        doctor.env("KAFKA_BROKERS", "127.0.0.1:9");
        run(doctor.env("INGESTA_KAFKA_IMAGENES", "topico"))
    };
    let rests = finding(&by_topic(&ground), "subscription_rests");
    assert_eq!(rests["about"]["subscription"], "imagenes");
    ground
        .tell("delete from ingesta_subscriptions where name = 'imagenes'")
        .await;
    let never = by_topic(&ground).json();
    let never = never
        .iter()
        .filter(|line| line["code"] == "subscription_never_run");
    let never: Vec<_> = never
        .map(|line| line["about"]["subscription"].clone())
        .collect();
    assert_eq!(never, ["integracion_ingesta", "integracion_imagen"]);
}
