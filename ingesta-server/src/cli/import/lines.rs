//! A file, line by line, read by a thread of its own.
//!
//! Promises: at most a few lines are in memory, and none is longer than the longest row; lines
//! without content are passed over and counted, so that line numbers are those of an editor.
//! Does not: look into a line.

use std::io::{self, BufRead};

use tokio::sync::mpsc;

/// No ingesta comes near this; a longer line is a broken one.
pub(super) const LONGEST: usize = 1024 * 1024;

/// Where rows come from.
pub(in crate::cli) struct Source {
    pub(in crate::cli) reader: Box<dyn BufRead + Send>,
    /// Its length in bytes, where that is known.
    pub(in crate::cli) bytes: Option<u64>,
    /// For errors.
    pub(in crate::cli) path: String,
}

/// A line that holds something.
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    /// Bytes of the source up to the end of this line.
    pub(super) offset: u64,
    /// Without the line's end; `None` if it is too long.
    pub(super) content: Option<Vec<u8>>,
}

/// Reads on as fast as lines are taken.
pub(super) fn read(mut reader: Box<dyn BufRead + Send>) -> mpsc::Receiver<io::Result<Line>> {
    let (sender, receiver) = mpsc::channel(8);
    std::thread::spawn(move || {
        let (mut number, mut offset) = (0, 0);
        loop {
            let line = next(&mut *reader, &mut number, &mut offset).transpose();
            let Some(line) = line else { return };
            let failed = line.is_err();
            // Nobody takes lines any more: the import has ended.
            if sender.blocking_send(line).is_err() || failed {
                return;
            }
        }
    });
    receiver
}

fn next(reader: &mut dyn BufRead, number: &mut u64, offset: &mut u64) -> io::Result<Option<Line>> {
    loop {
        let Some((content, bytes)) = raw_line(reader)? else {
            return Ok(None);
        };
        *number += 1;
        *offset += bytes;
        let content = content.map(|content| trimmed(content, *number == 1));
        if content.as_ref().is_none_or(|content| !content.is_empty()) {
            return Ok(Some(Line {
                number: *number,
                offset: *offset,
                content,
            }));
        }
    }
}

/// A line and how many bytes it took; a line that is too long is passed over to its end.
fn raw_line(reader: &mut dyn BufRead) -> io::Result<Option<(Option<Vec<u8>>, u64)>> {
    let mut content = Vec::new();
    let (mut bytes, mut too_long) = (0, false);
    loop {
        let buffer = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            buffer => buffer?,
        };
        if buffer.is_empty() {
            let some = bytes > 0;
            return Ok(some.then_some(((!too_long).then_some(content), bytes)));
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        too_long |= content.len() + part.len() > LONGEST;
        if !too_long {
            content.extend_from_slice(part);
        }
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        bytes += used as u64;
        if end.is_some() {
            return Ok(Some(((!too_long).then_some(content), bytes)));
        }
    }
}

/// Without white space at either end, and without the mark that some editors begin a file with.
fn trimmed(content: Vec<u8>, first: bool) -> Vec<u8> {
    let without_mark = content
        .strip_prefix(b"\xef\xbb\xbf")
        .filter(|_| first)
        .unwrap_or(&content);
    without_mark.trim_ascii().to_vec()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Line, read};

    fn lines(text: Vec<u8>) -> Vec<Line> {
        let mut receiver = read(Box::new(std::io::Cursor::new(text)));
        std::iter::from_fn(|| receiver.blocking_recv())
            .map(|line| line.unwrap())
            .collect()
    }

    #[test]
    fn blank_lines_count_and_are_not_rows() {
        let found = lines(b"\xef\xbb\xbf{}\r\n\n  \n{\"a\":1}".to_vec());
        let seen: Vec<_> = found
            .iter()
            .map(|l| (l.number, l.content.as_deref()))
            .collect();
        assert_eq!(seen, [(1, Some(&b"{}"[..])), (4, Some(&b"{\"a\":1}"[..]))]);
        assert_eq!(found[1].offset, 18);
    }

    #[test]
    fn a_line_that_is_too_long_is_one_broken_row() {
        let mut text = vec![b'x'; LONGEST + 1];
        text.extend_from_slice(b"\n{}\n");
        let found = lines(text);
        assert!(found[0].content.is_none());
        assert_eq!(
            (found[1].number, found[1].content.as_deref()),
            (2, Some(&b"{}"[..]))
        );
        assert_eq!(found.len(), 2);
    }
}
