//! Clients that hang up: in the middle of a header, of a body, of an answer.

use std::time::Duration;

use ingesta_testing::eventually;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::test_app::{TestApp, cuerpo};

const CLIENTS: usize = 120;
const CREATED: &str = "select count(*) from events where event_type = 'IngestaCreada'";
/// Ingestas that are in the log and not in a view, or without an image; in one snapshot.
const DIFFERENCE: &str = "
select count(*) from events e
  full join vista_ingestas v on v.view_id = e.aggregate_id
  left join vista_imagenes i on i.payload ->> 'id_ingesta' = e.aggregate_id
 where coalesce(e.aggregate_type, 'Ingesta') = 'Ingesta' and coalesce(e.sequence, 1) = 1
   and (e.aggregate_id is null or v.view_id is null or i.view_id is null)";

/// Sends a command and hangs up at a point that differs from client to client; answers the id if
/// the whole answer came before that.
async fn client(app: &TestApp, number: usize) -> Option<String> {
    let body = cuerpo().to_string();
    let addr = app.app.addr();
    let head = format!(
        "POST /ingesta/crear-ingesta-comando HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let whole = [head.as_bytes(), body.as_bytes()].concat();
    let mut stream = TcpStream::connect(addr).await.expect("it listens");
    if number.is_multiple_of(3) {
        // Somewhere in the request: the command was never sent.
        let cut = number * 7919 % whole.len();
        stream.write_all(&whole[..cut]).await.expect("sent");
        return None;
    }
    stream.write_all(&whole).await.expect("sent");
    if number % 3 == 1 {
        // The command is with the server: a moment later nobody listens to its answer.
        let moment = Duration::from_micros(number as u64 * 37 % 3_000);
        let read = stream.read_u8();
        let _ = tokio::time::timeout(moment, read).await;
        return None;
    }
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .await
        .expect("the answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 202"), "{answer}");
    let body: Value = serde_json::from_str(body).expect("JSON");
    Some(body["id_ingesta"].as_str().expect("an id").to_owned())
}

#[tokio::test]
async fn t_02_client_hangs_up_in_the_middle_and_nobody_loses_anything() {
    let app = TestApp::start().await;
    let clients = (0..CLIENTS).map(|number| client(&app, number));
    let acknowledged: Vec<String> = futures_util::future::join_all(clients)
        .await
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(acknowledged.len(), CLIENTS / 3);
    for id in &acknowledged {
        app.leer(id).await.ok(200);
    }
    // Of those who hung up, each command is done or was never begun; nothing is half done: what is
    // in the log is in both views, and nothing else is.
    eventually("the views to hold what the log holds", async || {
        app.drain().await;
        (app.count(DIFFERENCE).await == 0).then_some(())
    })
    .await;
    let created = app.count(CREATED).await;
    assert!((CLIENTS / 3..=CLIENTS / 3 * 2).contains(&usize::try_from(created).expect("a few")));
    // No session was left inside a transaction, and every connection still works.
    let idle = "select count(*) from pg_stat_activity
                 where datname = current_database() and state like 'idle in transaction%'";
    assert_eq!(app.count(idle).await, 0);
    let again = (0..32).map(|_| app.ingesta());
    assert_eq!(futures_util::future::join_all(again).await.len(), 32);
    app.drain().await;
    assert_eq!(
        (app.count(CREATED).await, app.count(DIFFERENCE).await),
        (created + 32, 0)
    );
}
