//! A small SMTP server that does as it is told: takes, refuses, breaks off.
//!
//! Promises: an e-mail counts as taken when its last line was read, whatever is answered then.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What is done with the next e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trato {
    /// Taken.
    Tomar,
    /// Refused for now, before it is given away.
    Aplazar,
    /// Refused for good.
    Rechazar,
    /// Taken, and the connection breaks before anything is said.
    Cortar,
}

#[derive(Default)]
struct Shared {
    script: VecDeque<Trato>,
    mails: Vec<String>,
}

pub(crate) struct Buzon {
    addr: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

impl Buzon {
    /// Does this with the first e-mails, and takes all others.
    pub(crate) async fn new(script: &[Trato]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let shared = Arc::new(Mutex::new(Shared {
            script: script.iter().copied().collect(),
            mails: Vec::new(),
        }));
        let serving = Arc::clone(&shared);
        // On a thread of its own: a test that waits for a process must not hold a sender up.
        let listener = listener.into_std().expect("the same listener");
        std::thread::spawn(move || serve(listener, &serving));
        Self { addr, shared }
    }

    pub(crate) fn address(&self) -> String {
        self.addr.to_string()
    }

    /// The e-mails that were taken.
    pub(crate) fn mails(&self) -> Vec<String> {
        self.shared.lock().expect("no panic").mails.clone()
    }
}

fn serve(listener: std::net::TcpListener, shared: &Arc<Mutex<Shared>>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::from_std(listener).expect("the same listener");
        while let Ok((stream, _)) = listener.accept().await {
            let shared = Arc::clone(shared);
            // A client that breaks off is the client's affair.
            tokio::spawn(async move { drop(talk(stream, &shared).await) });
        }
    });
}

async fn talk(stream: TcpStream, shared: &Mutex<Shared>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 buzon\r\n").await?;
    let trato = {
        let mut shared = shared.lock().expect("no panic");
        shared.script.pop_front().unwrap_or(Trato::Tomar)
    };
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let word = line.split_whitespace().next().unwrap_or_default();
        let answer: &[u8] = match (word.to_ascii_uppercase().as_str(), trato) {
            ("MAIL", Trato::Aplazar) => b"451 later\r\n",
            ("RCPT", Trato::Rechazar) => b"550 nobody of that name\r\n",
            ("DATA", _) => {
                stream.write_all(b"354 go on\r\n").await?;
                let mail = read_mail(&mut stream).await?;
                shared.lock().expect("no panic").mails.push(mail);
                if trato == Trato::Cortar {
                    return Ok(());
                }
                b"250 taken\r\n"
            }
            ("QUIT", _) => b"221 bye\r\n",
            _ => b"250 well\r\n",
        };
        stream.write_all(answer).await?;
    }
}

async fn read_mail(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let (mut mail, mut line) = (String::new(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(mail);
        }
        mail.push_str(&line);
    }
}
