//! Those who mean harm: trickles of headers and bodies, readers that do not read, watchers that do
//! not watch, queries that cost too much, connections for nothing.
//!
//! Promises: each kind comes from an address of its own, so that a bound on one address is met by
//! its kind alone; whoever is shut out comes again at once.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// One kind of harm, and how many do it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Harm {
    Head,
    Body,
    Reader,
    Watcher,
    Bomb,
    Flood,
}

const KINDS: [(Harm, &str, usize); 6] = [
    (Harm::Head, "heads that trickle", 200),
    (Harm::Body, "bodies that trickle", 200),
    (Harm::Reader, "answers that nobody reads", 100),
    (Harm::Watcher, "feeds that nobody reads", 100),
    (Harm::Bomb, "queries that cost too much", 2),
    (Harm::Flood, "connections for nothing", 4),
];
const TRICKLE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(20);

/// Those that are at it.
pub(super) struct Attackers {
    tasks: JoinSet<()>,
    counts: BTreeMap<Harm, Arc<AtomicU64>>,
}

impl Attackers {
    pub(super) fn start(url: &str) -> anyhow::Result<Self> {
        let server: SocketAddr = url
            .trim_start_matches("http://")
            .parse()
            .context("an address")?;
        let (mut tasks, mut counts) = (JoinSet::new(), BTreeMap::new());
        for (number, (harm, _, many)) in KINDS.into_iter().enumerate() {
            let count = Arc::new(AtomicU64::new(0));
            let own = IpAddr::V4(Ipv4Addr::new(127, 0, 1, u8::try_from(number + 1)?));
            for _ in 0..many {
                let count = Arc::clone(&count);
                tasks.spawn(async move {
                    loop {
                        count.fetch_add(1, Ordering::Relaxed);
                        // However it ends, it begins again.
                        let _ = harm.done_to(server, own).await;
                        tokio::time::sleep(PAUSE).await;
                    }
                });
            }
            counts.insert(harm, count);
        }
        Ok(Self { tasks, counts })
    }

    /// Ends them. Answers how often each kind of harm was begun.
    pub(super) async fn stop(mut self) -> BTreeMap<&'static str, u64> {
        self.tasks.shutdown().await;
        let of = |(harm, name, _): (Harm, &'static str, usize)| {
            let count = self.counts.get(&harm);
            (name, count.map_or(0, |count| count.load(Ordering::Relaxed)))
        };
        KINDS.into_iter().map(of).collect()
    }
}

impl Harm {
    async fn done_to(self, server: SocketAddr, own: IpAddr) -> std::io::Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        socket.bind(SocketAddr::new(own, 0))?;
        let mut stream = socket.connect(server).await?;
        match self {
            Self::Head => trickle(&mut stream, "GET /ingesta/todas HTTP/1.1\r\nx: ").await,
            Self::Body => {
                let head = "POST /ingesta/crear-ingesta-comando HTTP/1.1\r\nhost: a\r\n\
                            content-type: application/json\r\ncontent-length: 60000\r\n\r\n{";
                trickle(&mut stream, head).await
            }
            Self::Reader => {
                let ask = "GET /ingesta/todas?limite=500 HTTP/1.1\r\nhost: a\r\n\r\n";
                ask_and_wait(&mut stream, &ask.repeat(20)).await
            }
            Self::Watcher => {
                let ask = "GET /bff/stream?desde=inicio HTTP/1.1\r\nhost: a\r\n\r\n";
                ask_and_wait(&mut stream, ask).await
            }
            Self::Bomb => {
                stream.write_all(bomb().as_bytes()).await?;
                let mut answer = Vec::new();
                stream.read_to_end(&mut answer).await?;
                Ok(())
            }
            Self::Flood => Ok(()),
        }
    }
}

/// Byte by byte, until the server has enough of it.
async fn trickle(stream: &mut TcpStream, begin: &str) -> std::io::Result<()> {
    stream.write_all(begin.as_bytes()).await?;
    loop {
        stream.write_all(b"x").await?;
        tokio::time::sleep(TRICKLE).await;
    }
}

/// Asks, and takes nothing of the answer until the server has enough of it.
async fn ask_and_wait(stream: &mut TcpStream, ask: &str) -> std::io::Result<()> {
    stream.write_all(ask.as_bytes()).await?;
    loop {
        tokio::time::sleep(TRICKLE).await;
        // A closed connection says so to whoever writes.
        stream.write_all(b"\r\n").await?;
    }
}

/// A query beyond every bound.
fn bomb() -> String {
    let aliases = (0..200).map(|n| format!("a{n}:ingestas(limite:500){{idIngesta estado}}"));
    let query: String = aliases.collect();
    let body = format!("{{\"query\":\"{{{query}}}\"}}");
    format!(
        "POST /bff/v1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}
