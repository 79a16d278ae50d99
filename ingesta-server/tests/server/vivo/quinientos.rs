//! Five hundred watch while there is much to tell, and fifty of them never read.

use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use ingesta_testing::PATIENCE;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use crate::cli::support::{Ground, Server};
use crate::test_app::cuerpo;

const READERS: usize = 450;
const SILENT: usize = 50;
const EVENTS: usize = 400;
/// What the server may grow by meanwhile.
const GROWTH_KIB: u64 = 64 * 1024;

const PATH: &str = "/bff/stream?topico=eventos-ingesta";

/// The ids that a watcher is told of, as many as are awaited.
async fn told(
    client: reqwest::Client,
    url: String,
    begun: Arc<tokio::sync::Barrier>,
) -> Vec<String> {
    let mut answer = client.get(url).send().await.expect("it answers");
    assert_eq!(answer.status(), 200);
    begun.wait().await;
    let (mut ids, mut text) = (Vec::new(), String::new());
    while ids.len() < EVENTS {
        let part = answer.chunk().await.expect("bytes").expect("it goes on");
        text.push_str(std::str::from_utf8(&part).expect("text"));
        while let Some((block, rest)) = text.split_once("\n\n") {
            if let Some((_, after)) = block.split_once("\"id_ingesta\":\"") {
                ids.push(after[..36].to_owned());
            }
            text = rest.to_owned();
        }
    }
    ids
}

/// Asks, and takes nothing of what comes.
async fn silent(address: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small one");
    let address = address.parse().expect("an address");
    let mut stream = socket.connect(address).await.expect("it connects");
    let ask = format!("GET {PATH} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.expect("it asks");
    stream
}

/// A line of what the system knows of the server's memory, in KiB.
fn memory(server: &Server, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid()));
    let status = status.expect("it runs");
    let found = status.lines().find_map(|it| it.strip_prefix(line));
    let number = found.and_then(|it| it.split_whitespace().next());
    number.and_then(|it| it.parse().ok()).expect("a number")
}

async fn crear(server: &Server) -> serde_json::Value {
    let path = "/ingesta/crear-ingesta-comando";
    let (status, answer) = server.post(path, &cuerpo()).await;
    assert_eq!(status, 202, "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn b_42_five_hundred_watch_in_order_and_those_who_never_read_cost_nobody_anything() {
    let ground = Ground::new().await;
    let arguments = ["serve", "--migrate", "--json", "--listen", "127.0.0.1:0"];
    let mut command = ground.command(&arguments);
    command.env("INGESTA_HTTP_CONNECTIONS_PER_ADDRESS", "2000");
    let server = Server::spawn(command.env("INGESTA_LIVE_WATCHERS", "1000"));
    let before = crear(&server).await["posicion"].clone();
    let before = before.as_str().expect("a position").to_owned();
    let address = server.url.trim_start_matches("http://").to_owned();
    let quiet = join_all((0..SILENT).map(|_| silent(&address))).await;
    let client = reqwest::Client::new();
    let begun = Arc::new(tokio::sync::Barrier::new(READERS + 1));
    let watch = |path: String, begun: &Arc<tokio::sync::Barrier>| {
        let url = format!("{}{path}", server.url);
        tokio::spawn(told(client.clone(), url, Arc::clone(begun)))
    };
    let readers: Vec<_> = (0..READERS)
        .map(|_| watch(format!("{PATH}&desde={before}"), &begun))
        .collect();
    begun.wait().await;
    let at_rest = memory(&server, "VmRSS:");
    stream::iter(0..EVENTS)
        .for_each_concurrent(8, async |_| {
            crear(&server).await;
        })
        .await;
    let heard = tokio::time::timeout(10 * PATIENCE, join_all(readers)).await;
    let heard: Vec<Vec<String>> = heard
        .expect("everybody is told")
        .into_iter()
        .map(|one| one.expect("no panic"))
        .collect();
    for one in &heard {
        assert_eq!(one, &heard[0], "all in the same order");
    }
    let distinct: std::collections::BTreeSet<_> = heard[0].iter().collect();
    assert_eq!(distinct.len(), EVENTS, "each once");
    let most = memory(&server, "VmHWM:");
    assert!(
        most <= at_rest + GROWTH_KIB,
        "{at_rest} KiB grew to {most} KiB"
    );
    drop(quiet);
    // Those who never read come back with where they were, and miss nothing.
    let begun = Arc::new(tokio::sync::Barrier::new(SILENT));
    let again: Vec<_> = (0..SILENT)
        .map(|_| watch(format!("{PATH}&desde={before}"), &begun))
        .collect();
    let again = tokio::time::timeout(10 * PATIENCE, join_all(again)).await;
    for one in again.expect("they are told") {
        assert_eq!(one.expect("no panic"), heard[0]);
    }
    assert_eq!(server.terminate(), Some(0));
}
