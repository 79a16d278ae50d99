//! As little HTTP/1.1 as a load needs: a request is sent, status and body of the answer are read.
//!
//! It understands `content-length` and nothing else, because both servers send nothing else.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Ends a header.
const END: &[u8] = b"\r\n\r\n";

/// A connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    /// Opens it.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(server: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let answer = Vec::with_capacity(1_024);
        Ok(Self { stream, answer })
    }

    /// Sends a request, reads the whole answer, and tells its status.
    ///
    /// # Errors
    /// When the connection breaks or the answer cannot be read.
    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            if read == 0 {
                bail!("the server closed the connection");
            }
            if let Some((status, length)) = whole(&self.answer)? {
                anyhow::ensure!(self.answer.len() == length, "more than was asked for");
                return Ok(status);
            }
        }
    }
}

/// Status and length of the answer, once all of it is there.
fn whole(answer: &[u8]) -> anyhow::Result<Option<(u16, usize)>> {
    let Some(end) = answer.windows(END.len()).position(|bytes| bytes == END) else {
        return Ok(None);
    };
    let header = std::str::from_utf8(&answer[..end]).context("the header is not text")?;
    let mut lines = header.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let status = status.context("an answer without a status")?.parse()?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then_some(value.trim())
    });
    let length: usize = length.context("an answer without a length")?.parse()?;
    let length = end + END.len() + length;
    Ok((answer.len() >= length).then_some((status, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let text = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(whole(text).ok().flatten(), Some((202, text.len())));
        assert_eq!(whole(&text[..text.len() - 1]).ok(), Some(None));
        assert!(
            whole(b"HTTP/1.1 202 Accepted\r\n\r\n").is_err(),
            "no length"
        );
    }
}
