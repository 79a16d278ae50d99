//! T-01: the server is killed in the middle of an import, again and again.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use super::support::{Ground, Server};

const KILLS: u64 = 10;
const STORED: &str = "select count(*) from events where event_type = 'IngestaCreada'";
const STORED_URLS: &str = "select payload -> 'IngestaCreada' ->> 'url_path' from events
                           where event_type = 'IngestaCreada'";

fn url_of(line: u64) -> String {
    format!("https://imagenes.example.org/{line}.dcm")
}

fn row(line: u64) -> String {
    let row = json!({
        "id_proveedor": "7c765929-ba20-5eb7-b700-4b795e6520e1",
        "id_paciente": "eb77391f-d4de-562d-b99c-8d277b96c895",
        "url_path": url_of(line),
    });
    format!("{row}\n")
}

/// Starts an import that never runs out of rows, kills its server once it has stored more, answers
/// what the import said.
async fn interrupted(ground: &Ground) -> Value {
    let server = ground.serve();
    let before = ground.ask(STORED).await;
    let arguments = [
        "import",
        "-",
        "--json",
        "--patience",
        "1",
        "--url",
        &server.url,
    ];
    let mut import = ground
        .command(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("start an import");
    let mut rows = import.stdin.take().expect("piped");
    // Ends with the import: nobody reads on then.
    std::thread::spawn(move || {
        (1..)
            .try_for_each(|line| rows.write_all(row(line).as_bytes()))
            .is_err()
    });
    ground
        .eventually("more stored rows", async || {
            (ground.ask(STORED).await >= before + 20).then_some(())
        })
        .await;
    server.kill();
    let ended = import.wait_with_output().expect("its end");
    let line = String::from_utf8(ended.stdout).expect("text");
    let summary: Value = serde_json::from_str(line.trim()).expect("a summary");
    assert_eq!(ended.status.code(), Some(4), "{summary}");
    summary
}

async fn listed(server: &Server) -> usize {
    let (mut count, mut path) = (0, Some("/ingesta/todas?limite=500".to_owned()));
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    while let Some(next) = path {
        let response = client
            .get(format!("{}{next}", server.url))
            .send()
            .await
            .expect("a page");
        let link = response
            .headers()
            .get("link")
            .map(|link| link.to_str().expect("text"));
        path = link
            .and_then(|l| l.split(['<', '>']).nth(1))
            .map(str::to_owned);
        count += response.json::<Vec<Value>>().await.expect("a list").len();
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn t_01_a_killed_server_loses_nothing_acknowledged_and_the_import_resumes() {
    let ground = Ground::new().await;
    let mut farthest = 0;
    for _ in 0..KILLS {
        let summary = interrupted(&ground).await;
        let stored = ground.texts(STORED_URLS).await;
        let distinct: BTreeSet<&String> = stored.iter().collect();
        assert_eq!(distinct.len(), stored.len(), "a row is in twice");
        let accepted = summary["accepted"].as_u64().expect("a number");
        assert!(distinct.len() as u64 >= accepted, "{summary}");
        let open = summary["next_line"].as_u64().expect("an open line");
        // Every line before the first open one was acknowledged.
        farthest = farthest.max(open);
        let lost: Vec<u64> = (1..open)
            .filter(|line| !distinct.contains(&url_of(*line)))
            .collect();
        assert_eq!(lost, Vec::<u64>::new(), "acknowledged and not stored");
    }
    // Beyond every row that was under way at any kill.
    let rows = farthest + 100;
    let server = ground.serve();
    let ended = ground
        .import(&server, &(1..=rows).map(row).collect::<String>())
        .expect(0);
    assert_eq!(ended.event("imported")["accepted"], rows);
    assert_eq!(ground.ask(STORED).await.unsigned_abs(), rows);
    ground
        .eventually("every row in the view", async || {
            (listed(&server).await as u64 == rows).then_some(())
        })
        .await;
    ground
        .eventually("one image for each row", async || {
            let images = "select count(*) from events where event_type = 'ImagenVerificada'";
            (ground.ask(images).await.unsigned_abs() == rows).then_some(())
        })
        .await;
    assert_eq!(server.terminate(), Some(0));
}
