//! The few words of Kafka's protocol that it takes to ask a broker whether it is ready.
//!
//! Promises: one question, one answer, within a bound; an answer that is not understood is an error.
//! Does not: retry, or speak any version but the one that is written here; it is no client.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// `Metadata`: which brokers take part, and what is known of a topic.
const METADATA: i16 = 3;
/// The last version with plain lengths.
const METADATA_VERSION: i16 = 8;
/// Answers here are short; what is longer is not from a broker.
const LONGEST: usize = 1 << 20;

/// What a broker says about its cluster.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    pub(crate) id: String,
    /// The ports of the brokers that take part; one that starts or was lost does not.
    pub(crate) ports: Vec<i32>,
}

/// Asks a broker for its cluster.
pub(crate) fn cluster(address: SocketAddr, patience: Duration) -> Result<Cluster> {
    let mut question = Vec::new();
    question.extend(0_i32.to_be_bytes()); // no topics
    question.extend([0, 0, 0]); // create none, and no lists of what is allowed
    let answer = ask(address, METADATA, METADATA_VERSION, &question, patience)?;
    let mut answer = Answer(&answer);
    answer.int32()?; // throttled for so long
    let mut ports = Vec::new();
    for _ in 0..answer.int32()? {
        answer.int32()?; // its id
        answer.string()?; // its host
        ports.push(answer.int32()?);
        answer.string()?; // its rack
    }
    let id = answer.string()?.unwrap_or_default();
    Ok(Cluster { id, ports })
}

/// Sends one request and answers the body of its response.
pub(crate) fn ask(
    address: SocketAddr,
    kind: i16,
    version: i16,
    question: &[u8],
    patience: Duration,
) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let mut request = Vec::new();
    request.extend(kind.to_be_bytes());
    request.extend(version.to_be_bytes());
    request.extend(CORRELATION.to_be_bytes());
    request.extend((-1_i16).to_be_bytes()); // a client without a name
    request.extend(question);
    let length = i32::try_from(request.len()).map_err(|_| garbled("the question is too long"))?;
    stream.write_all(&[&length.to_be_bytes()[..], &request].concat())?;

    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if !(4..=LONGEST).contains(&length) {
        return Err(garbled("an answer of an impossible length"));
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    let body = answer.split_off(4);
    if answer != CORRELATION.to_be_bytes() {
        return Err(garbled("an answer to another question"));
    }
    Ok(body)
}

const CORRELATION: i32 = 1;

/// An answer that is read from its beginning.
pub(crate) struct Answer<'a>(pub(crate) &'a [u8]);

impl Answer<'_> {
    pub(crate) fn int16(&mut self) -> Result<i16> {
        Ok(i16::from_be_bytes(self.take()?))
    }

    pub(crate) fn int32(&mut self) -> Result<i32> {
        Ok(i32::from_be_bytes(self.take()?))
    }

    /// A text with its length before it; `None` where there is none.
    pub(crate) fn string(&mut self) -> Result<Option<String>> {
        let Ok(length) = usize::try_from(self.int16()?) else {
            return Ok(None);
        };
        let (text, rest) = self.0.split_at_checked(length).ok_or_else(cut_short)?;
        self.0 = rest;
        String::from_utf8(text.to_owned())
            .map(Some)
            .map_err(|_| garbled("a text that is none"))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or_else(cut_short)?;
        self.0 = rest;
        Ok(*first)
    }
}

fn cut_short() -> Error {
    garbled("an answer that ends too early")
}

fn garbled(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_read_in_order_and_a_short_answer_is_refused() {
        let mut answer = Answer(&[0, 0, 0, 7, 0, 2, b'o', b'k', 0xff, 0xff, 0, 9, b'x']);
        assert_eq!(answer.int32().expect("a number"), 7);
        assert_eq!(answer.string().expect("a text").as_deref(), Some("ok"));
        assert_eq!(answer.string().expect("nothing"), None);
        assert!(answer.string().is_err(), "nine bytes are promised");
        assert!(Answer(&[1]).int16().is_err());
    }
}
