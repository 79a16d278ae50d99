//! `ingesta projections rebuild` and `verify`, as somebody runs them beside a server.

use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::support::{Ground, ROWS, Server};

/// Images of the same content as the first one, which nobody asked for over HTTP.
fn more_images(numbers: Range<u32>) -> String {
    let (from, to) = (numbers.start, numbers.end);
    format!(
        "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version,
                             payload, metadata)
         select e.aggregate_type, md5(n::text)::uuid::text, 1, e.event_type, e.event_version,
                e.payload, e.metadata
           from (select * from events where event_type = 'ImagenVerificada' limit 1) e,
                generate_series({from}, {to} - 1) n"
    )
}

/// A server whose first image was judged.
pub(super) async fn with_an_image(ground: &Ground, rows: &str) -> Server {
    let server = ground.serve();
    ground.import(&server, rows).expect(0);
    ground
        .eventually("an image", async || {
            let images =
                "select count(*) from vista_imagenes where payload::text like '%verificada%'";
            (ground.ask(images).await > 0).then_some(())
        })
        .await;
    server
}

/// Starts a command and answers when its progress says `wanted`; it must not be over before that.
pub(super) fn started(
    ground: &Ground,
    arguments: &[&str],
    wanted: impl Fn(&Value) -> bool,
) -> Child {
    let mut child = ground
        .command(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("start it");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let found = lines.by_ref().map_while(Result::ok).any(|line| {
        let line: Value = serde_json::from_str(&line).expect("a JSON line");
        wanted(&line)
    });
    assert!(found, "it ended before it came there");
    std::thread::spawn(move || lines.for_each(drop));
    child
}

/// Holds every rebuild at the update of its state that fits, until what is answered is dropped.
async fn held_at(ground: &Ground, when: &str) -> sqlx::PgConnection {
    let mut gate = ground.connect().await;
    sqlx::raw_sql("select pg_advisory_lock(7)")
        .execute(&mut gate)
        .await
        .expect("the gate");
    ground
        .tell(&format!(
            "create or replace function held() returns trigger language plpgsql as $$ begin
               perform pg_advisory_xact_lock(7);
               return new;
             end $$;
             create or replace trigger held before update on ingesta_rebuilds
               for each row when ({when}) execute function held()"
        ))
        .await;
    gate
}

/// Of the two views that have rows.
const REBUILD: &[&str] = &[
    "projections",
    "rebuild",
    "vista_ingestas",
    "vista_imagenes",
    "--json",
];

#[tokio::test]
async fn t_a_rebuild_killed_beside_a_server_under_load_goes_on_and_ends_in_a_fresh_fold() {
    let ground = Ground::new().await;
    let server = with_an_image(&ground, ROWS).await;
    ground.tell(&more_images(0..20_000)).await;
    // Rows that the server takes in meanwhile.
    let rows: String = (0..3_000)
        .map(|n| {
            let row = json!({
                "id_proveedor": "7c765929-ba20-5eb7-b700-4b795e6520e1",
                "id_paciente": "eb77391f-d4de-562d-b99c-8d277b96c895",
                "url_path": format!("https://imagenes.example.org/{n}.dcm"),
            });
            format!("{row}\n")
        })
        .collect();
    ground.write("load.ndjson", &rows);
    let import = ["import", "load.ndjson", "--json", "--url", &server.url];
    let mut import = ground
        .command(&import)
        .stdout(Stdio::null())
        .spawn()
        .expect("start the load");

    // Held where its pass over the log is told of, and where its first rows are.
    for (phase, held) in [
        ("folding", "new.events > old.events"),
        ("writing", "new.rows > old.rows"),
    ] {
        let gate = held_at(&ground, held).await;
        let mut rebuild = started(&ground, REBUILD, |line| line["phase"] == phase);
        rebuild.kill().expect("kill -9");
        let ended = rebuild.wait().expect("its end");
        assert_eq!(ended.signal(), Some(9), "{phase}: it was over already");
        let (status, _) = server.get("/ingesta/todas").await;
        assert_eq!(status, 200, "the old view does not answer");
        drop(gate);
        let under_way = ground.ask("select count(*) from ingesta_rebuilds").await;
        assert_eq!(under_way, 2, "{phase}: nothing was under way");
    }
    let done = ground.run(REBUILD).expect(0).event("rebuilt");
    assert_eq!(done["projections"][0]["resumed"], true, "{done}");
    assert_eq!(done["projections"][1]["resumed"], true, "{done}");
    assert!(import.wait().expect("its end").success());
    ground
        .eventually("the followers", async || {
            let lag = ground
                .run(&["projections", "list", "--json"])
                .expect(0)
                .json();
            lag.iter().all(|line| line["lag_events"] == 0).then_some(())
        })
        .await;
    let verified = ground
        .run(&["projections", "verify", "--all", "--json"])
        .expect(0);
    let projections = verified.event("verified")["projections"].clone();
    assert_eq!(projections[0]["equal"], true, "{projections}");
    assert_eq!(projections[1]["equal"], true, "{projections}");
    assert_eq!(server.terminate(), Some(0));
}

/// The buffers beside the rows (batches of the log, chunks of COPY) take a few MiB whatever the
/// setting: the test allows for them, and then that a view three times as large takes no more.
#[tokio::test]
async fn a_view_ten_times_larger_than_its_memory_setting_rebuilds_within_it() {
    const MIB: u64 = 1 << 20;
    const BUFFERS: u64 = 12 * MIB;
    const NOISE: u64 = 2 * MIB;
    let ground = Ground::new().await;
    let long = json!({
        "id_proveedor": "7c765929-ba20-5eb7-b700-4b795e6520e1",
        "id_paciente": "eb77391f-d4de-562d-b99c-8d277b96c895",
        "url_path": format!("https://imagenes.example.org/{}.dcm", "x".repeat(700)),
    });
    let server = with_an_image(&ground, &format!("{long}\n")).await;
    assert_eq!(server.terminate(), Some(0));
    let rebuild = [
        "projections",
        "rebuild",
        "vista_imagenes",
        "--memory",
        "4",
        "--json",
    ];
    let peak = |ended: &super::support::Ended| {
        let done = ended.event("rebuilt");
        done["peak_rss_bytes"].as_u64().expect("a peak")
    };
    let almost_empty = peak(&ground.run(&rebuild).expect(0));

    ground.tell(&more_images(0..15_000)).await;
    let third = peak(&ground.run(&rebuild).expect(0));
    ground.tell(&more_images(15_000..45_000)).await;
    let large = ground.run(&rebuild).expect(0);
    let rows = ground.ask("select count(*) from vista_imagenes").await;
    assert!(rows >= 45_000, "{rows}");
    let size = "select pg_table_size('vista_imagenes') / 1048576";
    assert!(ground.ask(size).await >= 40, "the view is not large enough");
    let large = peak(&large);
    let told = format!(
        "{} MiB, {} MiB for a third of the view, {} MiB for an almost empty one",
        large / MIB,
        third / MIB,
        almost_empty / MIB
    );
    assert!(large <= almost_empty + 4 * MIB + BUFFERS, "{told}");
    assert!(large <= third + NOISE, "{told}");
}

#[tokio::test]
async fn verify_tells_a_difference_by_its_exit_code_and_keys_only_if_asked() {
    let ground = Ground::new().await;
    let server = with_an_image(&ground, ROWS).await;
    ground.run(&["projections", "verify", "--all"]).expect(0);
    let key = ground
        .texts("select view_id from vista_ingestas order by view_id limit 1")
        .await
        .remove(0);
    ground
        .tell(&format!(
            "delete from vista_ingestas where view_id = '{key}'"
        ))
        .await;
    let verify = ["projections", "verify", "vista_ingestas"];
    let differs = ground.run(&verify).expect(6);
    assert!(differs.stdout.contains("missing: 1"), "{}", differs.stdout);
    assert!(!differs.stdout.contains(&key) && !differs.stderr.contains(&key));
    let told = ground.run(&[&verify[..], &["--keys"]].concat()).expect(6);
    assert!(told.stdout.contains(&key));

    let mend = ["projections", "rebuild", "vista_ingestas", "--key", &key];
    ground.run(&mend).expect(0);
    ground.run(&verify).expect(0);
    assert_eq!(server.get("/ingesta/health").await.0, 200);

    // A key that the log does not know is a mistake, and a row under one goes.
    let nobody = "0198c0de-0000-7000-8000-000000000001";
    let mend = |key| ["projections", "rebuild", "vista_ingestas", "--key", key];
    let none = ground.run(&mend(nobody)).expect(1);
    assert!(none.stdout.contains("no such aggregate"), "{}", none.stdout);
    assert!(none.stderr.contains("no aggregate"), "{}", none.stderr);
    ground
        .tell(&format!(
            "insert into vista_ingestas (view_id, version, payload)
             select '{nobody}', version, payload from vista_ingestas limit 1"
        ))
        .await;
    let gone = ground.run(&mend(nobody)).expect(0);
    assert!(gone.stdout.contains("was deleted"), "{}", gone.stdout);
    assert!(gone.stdout.contains("no such aggregate"), "{}", gone.stdout);
    ground.run(&verify).expect(0);

    let unknown = ground.run(&["projections", "rebuild", "nobody"]).expect(2);
    assert!(
        unknown.stderr.contains("vista_ingestas"),
        "{}",
        unknown.stderr
    );
    ground.run(&["projections", "rebuild"]).expect(2);
    ground
        .run(&["projections", "rebuild", "--all", "vista_ingestas"])
        .expect(2);
    ground
        .run(&["projections", "rebuild", "--all", "--memory", "3"])
        .expect(2);
}

#[tokio::test]
async fn a_view_whose_table_is_gone_is_told_and_made_anew() {
    let ground = Ground::new().await;
    let server = with_an_image(&ground, ROWS).await;
    assert_eq!(server.terminate(), Some(0));
    ground.tell("drop table vista_imagenes").await;
    let advice = "projections rebuild";
    for arguments in [
        &["projections", "verify", "--all"][..],
        &["projections", "rebuild", "vista_imagenes", "--key", "k"],
    ] {
        let told = ground.run(arguments).expect(1).stderr;
        assert!(told.contains("has lost its table vista_imagenes"), "{told}");
        assert!(told.contains(advice), "{told}");
    }
    let found = ground.run(&["doctor", "--json"]).expect(5).json();
    let found = found
        .iter()
        .find(|line| line["code"] == "view_table_missing");
    let found = found.expect("a finding");
    assert_eq!(found["severity"], "error");
    assert_eq!(found["about"]["table"], "vista_imagenes");
    assert!(
        found["advice"]
            .as_str()
            .is_some_and(|text| text.contains(advice))
    );

    ground
        .run(&["projections", "rebuild", "vista_imagenes"])
        .expect(0);
    ground.run(&["projections", "verify", "--all"]).expect(0);
}
