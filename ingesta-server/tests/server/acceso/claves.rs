//! Keys by the command line: made, used, listed, revoked; and nothing secret left behind.

use ingesta_server::{App, AppError, AppOptions};
use ingesta_testing::eventually;
use serde_json::json;

use crate::cli::support::{Ground, ROWS, Server};
use crate::test_app::{TestApp, options};

const PROVEEDOR: &str = "7c765929-ba20-5eb7-b700-4b795e6520e1";

fn serve(ground: &Ground) -> Server {
    let arguments = ["serve", "--migrate", "--json", "--listen", "127.0.0.1:0"];
    let mut command = ground.command(&arguments);
    Server::spawn(command.env("INGESTA_ACCESS", "required"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_works_until_it_is_revoked_and_is_stored_nowhere() {
    let ground = Ground::new().await;
    let server = serve(&ground);
    let add = ["keys", "add", "--name", "hospital", "--role", "proveedor"];
    let unnamed = ground.run(&add).expect(2);
    assert!(
        unnamed.stderr.contains("names its provider"),
        "{}",
        unnamed.stderr
    );
    let of_one = [&add[..], &["--provider", PROVEEDOR]].concat();
    ground.run(&of_one).expect(0);
    let add = [
        "keys", "add", "--name", "guardia", "--role", "operador", "--json",
    ];
    let made = ground.run(&add).expect(0).event("key");
    let (id, key) = (made["id"].as_str(), made["key"].as_str());
    let (id, key) = (id.expect("an id"), key.expect("a key"));

    // An import without it is refused before the first row; with it, it goes through.
    ground.write("rows.ndjson", ROWS);
    let import = ["import", "rows.ndjson", "--json", "--url", &server.url];
    let refused = ground.run(&import).expect(1);
    assert!(
        refused.stderr.contains("INGESTA_API_KEY"),
        "{}",
        refused.stderr
    );
    let mut with_key = ground.command(&import);
    with_key.env("INGESTA_API_KEY", key);
    let imported = crate::cli::support::run(&mut with_key).expect(0);
    assert!(imported.stdout.contains("51"), "{}", imported.stdout);

    let listed = ground.run(&["keys", "list"]).expect(0);
    assert!(listed.stdout.contains("hospital") && listed.stdout.contains("works"));
    ground.run(&["keys", "revoke", id]).expect(2);
    ground.run(&["keys", "revoke", id, "--yes"]).expect(0);
    let listed = ground.run(&["keys", "list", "--json"]).expect(0);
    let listed = listed.json();
    assert!(listed[0]["revocada"].is_null() && listed[1]["revocada"].is_string());
    assert_eq!(listed[0]["id_proveedor"], PROVEEDOR);
    // The server may believe for some seconds what it knew.
    eventually("the key to work no more", async || {
        let mut again = ground.command(&import);
        again.env("INGESTA_API_KEY", key);
        let ended = crate::cli::support::run(&mut again);
        (ended.code == Some(1)).then_some(())
    })
    .await;

    let secret = key.rsplit('_').next().expect("its secret");
    let everything = "select string_agg(payload::text || metadata::text, '') from events";
    let stored = ground.texts(everything).await.concat();
    assert!(stored.contains("ClaveCreada") && !stored.contains(secret));
    let unknown = [
        "keys",
        "revoke",
        "00000000-0000-7000-8000-000000000000",
        "--yes",
    ];
    ground.run(&unknown).expect(1);
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_server_says_so_and_is_for_its_own_machine_alone() {
    let ground = Ground::new().await;
    let open = ["serve", "--migrate", "--listen", "0.0.0.0:0"];
    let refused = ground.run(&open).expect(2);
    assert!(refused.stderr.contains("access"), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("no loopback address"),
        "{}",
        refused.stderr
    );
    let app = TestApp::start().await;
    let listen = "0.0.0.0:0".parse().expect("an address");
    let as_library = App::start(
        app.database.clone(),
        AppOptions {
            listen,
            ..options()
        },
    );
    let refused = as_library.await.err().expect("nobody looks who comes");
    assert!(matches!(refused, AppError::OpenToAll { .. }), "{refused}");
    // Open, nobody is asked, and nobody is written down.
    app.ingesta().await;
    let actors = "select count(*) from events where metadata ->> 'actor' = 'abierto'";
    assert_eq!(app.count(actors).await, 0);
    app.app.stop().await;
    let server = ground.serve();
    let (status, _) = server
        .post("/ingesta/crear-ingesta-comando", &json!({}))
        .await;
    assert_eq!(status, 400);
    assert_eq!(server.terminate(), Some(0));
}
