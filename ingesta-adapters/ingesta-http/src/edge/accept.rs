//! The loop itself: takes connections, seats them, serves them, and ends them.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::impatient::Impatient;
use super::seats::{Seat, Seats};
use super::{EdgeOptions, Peer};

/// After an error that is the machine's and not a client's, as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// The largest head of a request, in bytes; a larger one is answered 431.
const HEAD_MAX: usize = 32 * 1024;

/// What a connection without a seat hears.
const NO_SEAT: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n";

/// Serves a router until `stop`, then ends each connection after the request that is under way.
///
/// Ends when the last connection has ended, which a client can delay for as long as the deadlines
/// of `options` and the handlers let it: bound the wait, and drop the future to cut them off. A
/// request carries its [`Peer`] as an extension. A body that never ends, as that of a live feed,
/// must end by itself with `stop`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: EdgeOptions,
    stop: CancellationToken,
) {
    let seats = Seats::new(options.connections, options.connections_per_address);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            // Ended ones leave the set, so that it grows with those that are open.
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, Peer(peer)),
            Err(error) => {
                refused_by_the_machine(&error).await;
                continue;
            }
        };
        let Some(seat) = seats.take(peer.0.ip()) else {
            turn_away(stream);
            continue;
        };
        let (router, stop) = (router.clone(), stop.clone());
        connections.spawn(connection(stream, peer, seat, router, options, stop));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    stream: TcpStream,
    peer: Peer,
    seat: Seat,
    router: Router,
    options: EdgeOptions,
    stop: CancellationToken,
) {
    // Answers are small and must not wait for the acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let io = TokioIo::new(Impatient::new(stream, options.stalled_for));
    let service = service_fn(move |request| answer(router.clone(), peer, request));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_within)
        .max_buf_size(HEAD_MAX)
        .serve_connection(io, service)
        .with_upgrades();
    tokio::pin!(serving);
    let served = tokio::select! {
        served = &mut serving => served,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        // A client that goes away, is too slow or speaks something else: nobody's fault here.
        tracing::debug!(%error, "a connection ended");
    }
    drop(seat);
}

async fn answer(
    router: Router,
    peer: Peer,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    request.extensions_mut().insert(peer);
    router.oneshot(request.map(Body::new)).await
}

/// Says that there is no seat, as far as the client takes it at once, and closes.
fn turn_away(mut stream: TcpStream) {
    tracing::debug!("no seat for one more connection");
    tokio::spawn(async move {
        let said = async {
            stream.write_all(NO_SEAT).await?;
            stream.shutdown().await
        };
        // Nothing depends on whether it was heard.
        drop(tokio::time::timeout(PAUSE, said).await);
    });
}

/// Waits a little where trying at once again would fail again.
async fn refused_by_the_machine(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::error!(%error, "connections cannot be accepted now");
        tokio::time::sleep(PAUSE).await;
    }
}
