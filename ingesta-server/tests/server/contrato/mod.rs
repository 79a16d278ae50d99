//! The description of the interface, asked by a stranger that has nothing else: hundreds of requests
//! that it allows, and hundreds that it does not.

use std::process::Output;

use ingesta_testing::services::Python;

use crate::test_app::{TestApp, cuerpo_con};
use serde_json::json;

const PACKAGES: &str = include_str!("requirements.txt");
/// The program has no `__main__`.
const RUN: &str = "from schemathesis.cli import schemathesis; schemathesis()";
/// No fault of ours, and nothing that the description does not say.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance";

/// With this ingesta, where a path wants one; without, with ids of its own making.
async fn ask(python: &Python, app: &TestApp, id: Option<&str>) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    if let Some(id) = id {
        let known = format!("[parameters]\n\"path.id\" = \"{id}\"\n");
        std::fs::write(folder.path().join("schemathesis.toml"), known).expect("written");
    }
    let mut command = python.command();
    command
        .current_dir(folder.path())
        .args(["-c", RUN, "run"])
        .arg(format!("http://{}/ingesta/spec", app.app.addr()))
        .args(["--checks", CHECKS, "--seed", "1", "--max-examples", "20"])
        // Feeds have no end, and GraphQL is no matter of this description.
        .args(["--exclude-path-regex", "bff/(stream|v1)", "--no-color"]);
    let ended = tokio::task::spawn_blocking(move || command.output()).await;
    let ended = ended.expect("it ran").expect("Python runs");
    // Until here the folder is its own.
    drop(folder);
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_finds_no_fault_and_nothing_that_is_not_described() {
    let Some(python) = Python::with_or_skip(PACKAGES).await.expect("a Python") else {
        return;
    };
    let app = TestApp::start().await;
    let created = app.crear(&cuerpo_con("modalidad", json!("CT"))).await;
    let id = created.ok(202).text_of("id_ingesta");
    app.drain().await;
    for id in [None, Some(&*id)] {
        let ended = ask(&python, &app, id).await;
        let said = String::from_utf8_lossy(&ended.stdout);
        let log = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{said}{log}");
        // It has asked, and not only looked.
        assert!(
            said.contains("generated") && said.contains("passed"),
            "{said}"
        );
    }
    app.get("/ingesta/health").await.ok(200);
    app.app.stop().await;
}
