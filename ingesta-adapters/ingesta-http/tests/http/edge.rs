//! The edge, from raw sockets: what slow, idle, greedy and silent clients cost.
//!
//! Promises: the server's deadlines end things and no clock of a test is read; a test waits for
//! what the other side does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use futures_util::stream;
use ingesta_http::edge::{BodyLimits, Busy, EdgeOptions, Peer, serve, shed, whole_body};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longer than any deadline below: reached only by something that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

struct Edge {
    addr: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

/// Short deadlines, so that a test need not wait long for them.
fn hasty() -> EdgeOptions {
    EdgeOptions {
        head_within: Duration::from_millis(100),
        stalled_for: Duration::from_millis(100),
        ..EdgeOptions::default()
    }
}

async fn edge(router: Router, options: EdgeOptions) -> Edge {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, router, options, stop.clone()));
    Edge {
        addr,
        stop,
        serving,
    }
}

async fn connect(edge: &Edge) -> TcpStream {
    TcpStream::connect(edge.addr).await.unwrap()
}

/// Everything until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut all)).await;
    match read.expect("the server closes") {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
    String::from_utf8(all).unwrap()
}

/// Until so much of an answer is there.
async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut all = String::new();
    while !all.contains(end) {
        let mut some = [0; 1024];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut some)).await;
        let read = read.expect("the server answers").unwrap();
        assert_ne!(read, 0, "closed after {all}");
        all.push_str(std::str::from_utf8(&some[..read]).unwrap());
    }
    all
}

fn hello() -> Router {
    Router::new().route("/", get(async || "hello"))
}

const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n";

#[tokio::test]
async fn a_head_that_never_ends_is_not_waited_for() {
    let edge = edge(hello(), hasty()).await;
    let mut slow = connect(&edge).await;
    slow.write_all(b"GET / HTTP/1.1\r\nhost: ").await.unwrap();
    let heard = rest(&mut slow).await;
    assert!(!heard.contains("200 OK"), "{heard}");
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_answer() {
    let edge = edge(hello(), hasty()).await;
    let mut idle = connect(&edge).await;
    idle.write_all(ASK).await.unwrap();
    let heard = rest(&mut idle).await;
    assert!(
        heard.starts_with("HTTP/1.1 200 OK") && heard.ends_with("hello"),
        "{heard}"
    );
}

#[tokio::test]
async fn a_head_that_is_too_large_is_431() {
    let edge = edge(hello(), EdgeOptions::default()).await;
    let mut large = connect(&edge).await;
    let head = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(100_000));
    // The server may have closed before it has taken everything.
    drop(large.write_all(head.as_bytes()).await);
    assert!(rest(&mut large).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn a_request_knows_the_address_it_comes_from() {
    let say = async |Extension(Peer(peer)): Extension<Peer>| peer.to_string();
    let edge = edge(Router::new().route("/", get(say)), hasty()).await;
    let mut client = connect(&edge).await;
    let own = client.local_addr().unwrap().to_string();
    client.write_all(ASK).await.unwrap();
    assert!(rest(&mut client).await.ends_with(&own));
}

fn echo(limits: BodyLimits) -> Router {
    Router::new()
        .route("/", post(async |body: String| body))
        .layer(middleware::from_fn_with_state(limits, whole_body))
}

async fn posted(limits: BodyLimits, request: &str) -> String {
    let edge = edge(echo(limits), EdgeOptions::default()).await;
    let mut client = connect(&edge).await;
    client.write_all(request.as_bytes()).await.unwrap();
    rest(&mut client).await
}

#[tokio::test]
async fn a_body_that_trickles_is_408_and_one_that_is_too_large_413() {
    const POST: &str = "POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n";
    let (short, long) = (Duration::from_millis(50), Duration::from_secs(3600));
    let limits = |within| BodyLimits { bytes: 10, within };
    for (within, request, status, word) in [
        (long, "content-length: 3\r\n\r\nabc", "200", "abc"),
        (short, "content-length: 3\r\n\r\na", "408", "cuerpo_lento"),
        (
            short,
            "transfer-encoding: chunked\r\n\r\n1\r\na\r\n",
            "408",
            "cuerpo_lento",
        ),
        // Neither is waited for to the end.
        (
            long,
            "content-length: 11\r\n\r\n",
            "413",
            "cuerpo_demasiado_grande",
        ),
        (
            long,
            "transfer-encoding: chunked\r\n\r\nb\r\n01234567890\r\n",
            "413",
            "cuerpo_demasiado_grande",
        ),
        (
            long,
            "transfer-encoding: chunked\r\n\r\nzz\r\n",
            "400",
            "cuerpo_incompleto",
        ),
    ] {
        let heard = posted(limits(within), &format!("{POST}{request}")).await;
        assert!(
            heard.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {heard}"
        );
        assert!(heard.contains(word), "{request}: {heard}");
    }
}

/// Tells when it is dropped, which a server does with an answer that it gives up.
struct Told(Arc<Notify>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let gone = Arc::new(Notify::new());
    let told = Arc::clone(&gone);
    let endless = get(async move || {
        let told = Told(Arc::clone(&told));
        Body::from_stream(stream::unfold(told, async |told| {
            let piece = Bytes::from_static(&[b'x'; 64 * 1024]);
            Some((Ok::<_, std::convert::Infallible>(piece), told))
        }))
    });
    let edge = edge(Router::new().route("/", endless), hasty()).await;
    let mut silent = connect(&edge).await;
    silent.write_all(ASK).await.unwrap();
    let given_up = tokio::time::timeout(PATIENCE, gone.notified()).await;
    given_up.expect("the answer is dropped");
}

#[tokio::test]
async fn a_connection_without_a_seat_is_told_so_and_a_free_seat_is_taken() {
    let options = EdgeOptions {
        connections_per_address: 2,
        ..EdgeOptions::default()
    };
    let edge = edge(hello(), options).await;
    let (mut first, mut second) = (connect(&edge).await, connect(&edge).await);
    for seated in [&mut first, &mut second] {
        seated.write_all(ASK).await.unwrap();
        until(seated, "hello").await;
    }
    let heard = rest(&mut connect(&edge).await).await;
    assert!(
        heard.starts_with("HTTP/1.1 503 ") && heard.contains("retry-after: 1"),
        "{heard}"
    );
    first.shutdown().await.unwrap();
    rest(&mut first).await;
    // The seat is given back a moment after the client sees the end.
    loop {
        let mut third = connect(&edge).await;
        // Whoever finds no seat may be closed before it has asked.
        drop(
            third
                .write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
                .await,
        );
        if rest(&mut third).await.ends_with("hello") {
            break;
        }
    }
}

#[tokio::test]
async fn a_request_more_than_can_be_answered_at_once_is_told_to_come_back() {
    let (open, entered) = (Arc::new(Semaphore::new(0)), Arc::new(Notify::new()));
    let (gate, at_gate) = (Arc::clone(&open), Arc::clone(&entered));
    let wait = get(async move || {
        at_gate.notify_one();
        drop(gate.acquire().await);
        "done"
    });
    let layer = middleware::from_fn_with_state(Busy::new(1), shed);
    let edge = edge(
        Router::new().route("/", wait).layer(layer),
        EdgeOptions::default(),
    )
    .await;
    let mut first = connect(&edge).await;
    first.write_all(ASK).await.unwrap();
    entered.notified().await;
    let mut second = connect(&edge).await;
    second.write_all(ASK).await.unwrap();
    let heard = until(&mut second, "saturado").await;
    assert!(
        heard.starts_with("HTTP/1.1 503 ") && heard.contains("retry-after: 1"),
        "{heard}"
    );
    open.add_permits(1);
    until(&mut first, "done").await;
    open.add_permits(1);
    second.write_all(ASK).await.unwrap();
    until(&mut second, "done").await;
}

#[tokio::test]
async fn a_stop_finishes_what_is_under_way_and_closes_what_is_idle() {
    let (open, entered) = (Arc::new(Semaphore::new(0)), Arc::new(Notify::new()));
    let (gate, at_gate) = (Arc::clone(&open), Arc::clone(&entered));
    let wait = get(async move || {
        at_gate.notify_one();
        drop(gate.acquire().await);
        "done"
    });
    let router = hello().route("/wait", wait);
    let Edge {
        addr,
        stop,
        serving,
    } = edge(router, EdgeOptions::default()).await;
    let mut idle = TcpStream::connect(addr).await.unwrap();
    idle.write_all(ASK).await.unwrap();
    until(&mut idle, "hello").await;
    let mut busy = TcpStream::connect(addr).await.unwrap();
    busy.write_all(b"GET /wait HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    entered.notified().await;
    stop.cancel();
    assert_eq!(rest(&mut idle).await, "");
    assert!(!serving.is_finished());
    open.add_permits(1);
    assert!(rest(&mut busy).await.ends_with("done"));
    tokio::time::timeout(PATIENCE, serving)
        .await
        .expect("it ends")
        .unwrap();
    assert!(TcpStream::connect(addr).await.is_err(), "nobody listens");
}
