//! One key, a hundred requests at once, two servers, and one of them is killed under way.
//!
//! A lock on the table holds every append until the killed server is back: what its dead process
//! had sent is still in the database, and may be the one that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::header::{ETAG, LOCATION};
use serde_json::{Value, json};
use sqlx::{Connection, Executor};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::support::{Ground, Server};

const AT_ONCE: usize = 100;
/// Each server has two writers; three that wait are writers of both.
const HELD: &str = "select count(*) from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'
       and query ilike '%insert into events%'";

/// What a client keeps of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    tag: Option<String>,
    location: Option<String>,
    body: String,
}

/// Sends until it is answered; a lost connection is counted, and tried again when its server is
/// back under a new address.
async fn send(
    mut server: watch::Receiver<String>,
    path: String,
    body: Value,
    lost: Arc<AtomicUsize>,
) -> Answer {
    let client = reqwest::Client::builder().no_proxy().build();
    let client = client.expect("a client");
    loop {
        let url = server.borrow_and_update().clone();
        let request = client.post(format!("{url}{path}")).json(&body);
        let sent = request.header("idempotency-key", "una-vez").send().await;
        if let Ok(answer) = sent {
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let text = |name| headers.get(name)?.to_str().ok().map(str::to_owned);
            let (tag, location) = (text(ETAG), text(LOCATION));
            if let Ok(body) = answer.text().await {
                return Answer {
                    status,
                    tag,
                    location,
                    body,
                };
            }
        }
        lost.fetch_add(1, Ordering::Relaxed);
        let back = server.wait_for(|now| *now != url).await;
        drop(back.expect("the test goes on"));
    }
}

/// A hundred at once over both servers; the second one is killed while nothing can be stored.
async fn hundred(ground: &Ground, one: &Server, two: Server, path: &str, body: &Value) -> Server {
    let mut lock = ground.connect().await;
    let mut held = lock.begin().await.expect("a transaction");
    held.execute("lock table events in exclusive mode")
        .await
        .expect("the lock");

    let (_first, stays) = watch::channel(one.url.clone());
    let (moves, moving) = watch::channel(two.url.clone());
    let lost = Arc::new(AtomicUsize::new(0));
    let mut sent = JoinSet::new();
    for n in 0..AT_ONCE {
        let server = if n % 2 == 0 { &stays } else { &moving };
        let lost = Arc::clone(&lost);
        sent.spawn(send(server.clone(), path.to_owned(), body.clone(), lost));
    }
    ground
        .eventually("appends of both servers", async || {
            (ground.ask(HELD).await >= 3).then_some(())
        })
        .await;
    two.kill();
    let two = ground.serve();
    moves.send_replace(two.url.clone());
    ground
        .eventually("appends of the server that came back", async || {
            (ground.ask(HELD).await >= 5).then_some(())
        })
        .await;
    held.rollback().await.expect("the lock is given back");

    let answers = sent.join_all().await;
    assert_eq!(answers.len(), AT_ONCE);
    assert_eq!(answers[0].status, 202, "{:?}", answers[0]);
    for answer in &answers {
        assert_eq!(*answer, answers[0]);
    }
    assert!(lost.load(Ordering::Relaxed) > 0, "the kill was felt");
    two
}

#[tokio::test]
async fn b_07_a_key_a_hundred_times_over_two_servers_and_a_kill_is_one_ingesta() {
    let ground = Ground::new().await;
    let (one, two) = (ground.serve(), ground.serve());
    let body = json!({
        "id_proveedor": "0198c0de-0000-7000-8000-000000000001",
        "id_paciente": "0198c0de-0000-7000-8000-000000000002",
        "url_path": "https://imagenes.example.org/una-vez.dcm",
    });
    let path = "/ingesta/crear-ingesta-comando";
    hundred(&ground, &one, two, path, &body).await;
    let created = "select count(*) from events where event_type = 'IngestaCreada'";
    assert_eq!(ground.ask(created).await, 1);
}

#[tokio::test]
async fn b_07_a_key_that_stores_nothing_a_hundred_times_has_one_answer() {
    let ground = Ground::new().await;
    let (one, two) = (ground.serve(), ground.serve());
    let id = "select aggregate_id from events where event_type = 'IngestaCreada'";
    ground.import(&one, super::support::ROWS).expect(0);
    let id = ground.texts(id).await.remove(0);
    let path = format!("/ingesta/{id}/revertir");
    let undone = json!({ "motivo": "mal" });
    let request = reqwest::Client::builder().no_proxy().build();
    let request = request
        .expect("a client")
        .post(format!("{}{path}", one.url));
    let first = request.json(&undone).send().await.expect("an answer");
    assert_eq!(first.status(), 202);

    let two = hundred(&ground, &one, two, &path, &undone).await;
    let remembered = "select count(*) from events where aggregate_type = '$command'";
    assert_eq!(ground.ask(remembered).await, 1);
    let reverted = "select count(*) from events where event_type = 'IngestaRevertida'";
    assert_eq!(ground.ask(reverted).await, 1);

    // The same key with another wish is refused, though the first one had stored nothing.
    let client = reqwest::Client::builder().no_proxy().build();
    let other = client.expect("a client").post(format!("{}{path}", two.url));
    let other = other.header("idempotency-key", "una-vez");
    let refused = other.json(&json!({ "motivo": "otro" })).send().await;
    assert_eq!(refused.expect("an answer").status(), 422);
}
