//! Imports: broken rows, mended files, servers that are away.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use super::support::{Ended, Ground, ROWS, ingesta, open_folder, run};

const INGESTAS: &str = "select count(*) from events where event_type = 'IngestaCreada'";

#[track_caller]
fn counts(ended: &Ended) -> (u64, u64) {
    let summary = ended.event("imported");
    let number = |key: &str| summary[key].as_u64().expect("a number");
    (number("accepted"), number("refused"))
}

#[track_caller]
fn refusals(ended: &Ended) -> Vec<(Value, Value)> {
    let lines = ended
        .json()
        .into_iter()
        .filter(|line| line["event"] == "row_refused");
    let mut found: Vec<_> = lines
        .map(|l| (l["line"].clone(), l["code"].clone()))
        .collect();
    found.sort_by_key(|(line, _)| line.as_u64());
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_row_is_named_by_its_line_and_a_mended_file_completes_the_import() {
    let ground = Ground::new().await;
    let server = ground.serve();
    let rows: Vec<&str> = ROWS.lines().take(6).collect();
    let huge = format!(
        "{{\"url_path\":\"https://h.example.org/{}\"}}",
        "x".repeat(1024 * 1024)
    );
    let no_host = rows[5].replace("https://imagenes.example.org", "http");
    let broken = [
        rows[0],
        "",
        "{\"id_proveedor\": ",
        rows[1],
        "[]",
        &no_host,
        &huge,
        rows[2],
    ];

    let ended = ground.import(&server, &broken.join("\n")).expect(3);
    assert_eq!(counts(&ended), (3, 4));
    let refused = refusals(&ended);
    let lines: Vec<_> = refused.iter().map(|(line, _)| line.as_u64()).collect();
    assert_eq!(lines, [Some(3), Some(5), Some(6), Some(7)]);
    assert_eq!(refused[0].1, "row_not_json");
    assert_eq!(refused[1].1, "row_not_an_object");
    assert_eq!(refused[3].1, "row_too_long");
    let all = format!("{}{}", ended.stdout, ended.stderr);
    assert!(
        !all.contains("http://") && !all.contains("example.org"),
        "{all}"
    );
    assert_eq!(ground.ask(INGESTAS).await, 3);

    // Mended, in another order, with other spacing: the three that are in stay the same three.
    let respaced = rows[0].replace(": ", ":");
    let mended = [rows[3], rows[4], rows[5], rows[2], rows[1], &respaced].join("\r\n");
    assert_eq!(counts(&ground.import(&server, &mended).expect(0)), (6, 0));
    assert_eq!(ground.ask(INGESTAS).await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_what_programs_are_told() {
    let ground = Ground::new().await;
    let server = ground.serve();
    ground.write(
        "rows.ndjson",
        &format!("{}\nnot json\n", ROWS.lines().next().expect("a row")),
    );
    let ended = ground
        .run(&["import", "rows.ndjson", "--url", &server.url])
        .expect(3);
    assert!(
        ended.stderr.contains("line 2: row_not_json"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stdout.contains("2 rows: 1 accepted, 1 refused"),
        "{}",
        ended.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_text_means_absent() {
    let ground = Ground::new().await;
    let server = ground.serve();
    let row = json!({
        "id_proveedor": "7c765929-ba20-5eb7-b700-4b795e6520e1",
        "id_paciente": "eb77391f-d4de-562d-b99c-8d277b96c895",
        "url_path": "https://imagenes.example.org/a.dcm",
        "sha256": "", "bytes": "", "modalidad": "", "sop_instance_uid": "",
    });
    assert_eq!(
        counts(&ground.import(&server, &row.to_string()).expect(0)),
        (1, 0)
    );
}

#[test]
fn a_server_that_is_away_is_waited_for_and_then_told() {
    let folder = open_folder();
    std::fs::write(folder.path().join("rows.ndjson"), ROWS).expect("write");
    // A port that was free a moment ago and that nobody listens on.
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr();
    let url = format!("http://{}", free.expect("an address"));
    let arguments = [
        "import",
        "rows.ndjson",
        "--url",
        &url,
        "--patience",
        "1",
        "--json",
    ];
    let ended = run(&mut ingesta(folder.path(), &arguments)).expect(4);
    assert!(ended.stderr.contains("trying again"), "{}", ended.stderr);
    let summary = ended.event("imported");
    assert_eq!(
        (&summary["accepted"], &summary["next_line"]),
        (&0.into(), &1.into())
    );
    assert_eq!(summary["complete"], false);
}

/// Answers one request after the other with these; returns its address and the keys that it saw.
fn stub(answers: &'static [&'static str]) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let keys = std::thread::spawn(move || {
        let answer_one = |answer: &&str| {
            let (stream, _) = listener.accept().expect("a request");
            let mut reader = BufReader::new(stream);
            let (mut key, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a header");
                match line.trim().split_once(": ") {
                    None if line.trim().is_empty() => break,
                    Some(("idempotency-key", value)) => value.clone_into(&mut key),
                    Some(("content-length", value)) => length = value.parse().expect("a length"),
                    _ => {}
                }
            }
            reader.read_exact(&mut vec![0; length]).expect("a body");
            reader
                .get_mut()
                .write_all(answer.as_bytes())
                .expect("answer");
            key
        };
        answers.iter().map(answer_one).collect()
    });
    (url, keys)
}

#[test]
fn a_row_without_an_outcome_is_sent_again_with_the_same_key() {
    let folder = open_folder();
    std::fs::write(folder.path().join("row.ndjson"), r#"{"a":1}"#).expect("write");
    let (url, keys) = stub(&[
        // The connection ends without an answer, then the server cannot tell, then it can.
        "",
        "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 202 Accepted\r\nconnection: close\r\ncontent-length: 18\r\n\r\n{\"id_ingesta\":\"x\"}",
    ]);
    let ended = run(&mut ingesta(
        folder.path(),
        &["import", "row.ndjson", "--json", "--url", &url],
    ));
    assert_eq!(counts(&ended.expect(0)), (1, 0));
    let keys = keys.join().expect("the stub");
    assert!(
        keys[0].starts_with("import-") && keys.iter().all(|key| *key == keys[0]),
        "{keys:?}"
    );
}

#[test]
fn whoever_is_no_ingesta_server_is_told_apart() {
    let folder = open_folder();
    std::fs::write(folder.path().join("rows.ndjson"), ROWS).expect("write");
    let (url, _) =
        stub(&["HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"]);
    let one = ["import", "rows.ndjson", "--concurrency", "1", "--url", &url];
    let ended = run(&mut ingesta(folder.path(), &one)).expect(1);
    assert!(
        ended
            .stderr
            .contains("does not answer as an Ingesta server"),
        "{}",
        ended.stderr
    );
    let (odd, _) =
        stub(&["HTTP/1.1 501 Not Implemented\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"]);
    let one = ["import", "rows.ndjson", "--concurrency", "1", "--url", &odd];
    let ended = run(&mut ingesta(folder.path(), &one)).expect(1);
    let told = ended
        .stderr
        .contains("does not answer as an Ingesta server");
    assert!(told, "{}", ended.stderr);
    let below = ["import", "rows.ndjson", "--url", "http://127.0.0.1:1/base"];
    let refused = run(&mut ingesta(folder.path(), &below)).expect(2);
    assert!(
        refused.stderr.contains("without a path"),
        "{}",
        refused.stderr
    );
    // TLS is not spoken here, and a missing file is no import.
    let tls = ["import", "rows.ndjson", "--url", "https://127.0.0.1:1"];
    run(&mut ingesta(folder.path(), &tls)).expect(2);
    run(&mut ingesta(
        folder.path(),
        &["import", "nowhere.ndjson", "--url", &url],
    ))
    .expect(1);
}
