//! The demo: the first thing that a newcomer runs, on a database of its own.

use std::path::Path;
use std::process::Command;

use super::support::{Server, ingesta, open_folder, run};

fn demo(folder: &Path, arguments: &[&str]) -> Command {
    let fixed = ["demo", "--json", "--listen", "127.0.0.1:0"];
    let mut command = ingesta(folder, &[&fixed, arguments].concat());
    command.env("INGESTA_DATA_DIR", folder.join("data"));
    command
}

/// Processes that work in this folder: PostgreSQL works in its cluster.
fn processes_in(folder: &Path) -> Vec<String> {
    let folder = folder.canonicalize().expect("the folder");
    let processes = std::fs::read_dir("/proc")
        .expect("a list of processes")
        .flatten();
    let inside = processes.filter(|entry| {
        std::fs::read_link(entry.path().join("cwd"))
            .is_ok_and(|cwd| cwd.starts_with(folder.join("data")))
    });
    inside
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn a_second_demo_keeps_the_rows_and_adds_none() {
    let folder = open_folder();
    let mut streams = Vec::new();
    for new in [51, 0] {
        let ended = run(&mut demo(folder.path(), &["--exit"])).expect(0);
        let read = ended.event("read_back");
        assert_eq!(
            (&read["ids"], &read["found"]),
            (&51.into(), &51.into()),
            "{read}"
        );
        assert_eq!(
            (&read["total"], &read["new"]),
            (&51.into(), &new.into()),
            "{read}"
        );
        assert_eq!(processes_in(folder.path()), Vec::<String>::new());
    }
    // Two servers on the same data, one after the other, see the same ids.
    for _ in 0..2 {
        let server = Server::spawn(&mut demo(folder.path(), &[]));
        let mut command = ingesta(
            folder.path(),
            &["events", "tail", "--from", "start", "--json"],
        );
        command
            .args(["--type", "IngestaCreada"])
            .env("INGESTA_DATA_DIR", folder.path().join("data"));
        let events = run(&mut command).expect(0).json();
        assert_eq!(events.len(), 51);
        streams.push(
            events
                .iter()
                .map(|event| event["stream"].clone())
                .collect::<Vec<_>>(),
        );
        assert_eq!(server.terminate(), Some(0));
        assert_eq!(processes_in(folder.path()), Vec::<String>::new());
    }
    assert_eq!(streams[0], streams[1]);
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let folder = open_folder();
    let server = Server::spawn(&mut demo(folder.path(), &[]));
    let refused = run(&mut demo(folder.path(), &["--exit"])).expect(1);
    assert!(
        refused.stderr.contains("already running"),
        "{}",
        refused.stderr
    );
    assert_eq!(server.terminate(), Some(0));
    assert_eq!(processes_in(folder.path()), Vec::<String>::new());
}
