//! T-03: PostgreSQL is killed under load, again and again, and one import goes through all of it.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{ChildStdin, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ingesta_testing::eventually;
use serde_json::{Value, json};

use super::own_postgres::OwnPostgres;
use super::support::{Server, ingesta};

const KILLS: usize = 10;
const STORED_URLS: &str = "select payload -> 'IngestaCreada' ->> 'url_path' from events
                           where event_type = 'IngestaCreada'";

async fn stored(own: &OwnPostgres) -> Option<Vec<String>> {
    sqlx::query_scalar(STORED_URLS)
        .fetch_all(&mut own.connect().await?)
        .await
        .ok()
}

/// Writes rows until told to stop. Answers how many.
fn feed(mut rows: ChildStdin, stop: &AtomicBool) -> u64 {
    let mut line = 0;
    while !stop.load(Ordering::Relaxed) {
        line += 1;
        let row = json!({
            "id_proveedor": "7c765929-ba20-5eb7-b700-4b795e6520e1",
            "id_paciente": "eb77391f-d4de-562d-b99c-8d277b96c895",
            "url_path": format!("https://imagenes.example.org/{line}.dcm"),
        });
        writeln!(rows, "{row}").expect("the import reads on");
    }
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn t_03_a_killed_postgres_is_started_again_and_the_import_goes_through() {
    let own = OwnPostgres::new();
    let server = Server::spawn(&mut own.serve());
    let arguments = [
        "import",
        "-",
        "--json",
        "--patience",
        "120",
        "--url",
        &server.url,
    ];
    let mut import = ingesta(own.folder(), &arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("start an import");
    let stop = Arc::new(AtomicBool::new(false));
    let (rows, told) = (import.stdin.take().expect("piped"), Arc::clone(&stop));
    let feeder = std::thread::spawn(move || feed(rows, &told));

    let mut before = 0;
    for _ in 0..KILLS {
        before = eventually("more stored rows", async || {
            let count = stored(&own).await?.len();
            (count >= before + 20).then_some(count)
        })
        .await;
        own.kill().await;
    }
    stop.store(true, Ordering::Relaxed);
    let fed = feeder.join().expect("the feeder");
    let ended = import.wait_with_output().expect("its end");
    let summary: Value = serde_json::from_slice(&ended.stdout).expect("a summary");
    assert_eq!(ended.status.code(), Some(0), "{summary}");
    assert_eq!(summary["accepted"], fed);

    let urls = stored(&own).await.expect("a running database");
    let distinct: BTreeSet<&String> = urls.iter().collect();
    assert_eq!((urls.len(), distinct.len() as u64), (distinct.len(), fed));
    eventually("one image for each row", async || {
        let images = "select count(*) from events where event_type = 'ImagenVerificada'";
        let made = own.ask(images).await?;
        (made.unsigned_abs() == fed).then_some(())
    })
    .await;
    assert_eq!(server.terminate(), Some(0));
}
