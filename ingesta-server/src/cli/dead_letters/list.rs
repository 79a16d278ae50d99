//! `ingesta dead-letters list`: one line for each message that was put aside.
//!
//! Promises: sizes and names of headers, never what is in them.

use chrono::SecondsFormat;
use ingesta_kafka::dead_letters::{DeadLetter, DeadLetters};
use serde_json::{Value, json};

use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Out;

pub(super) async fn run(
    letters: &DeadLetters,
    topics: &[String],
    limit: usize,
    out: &Out,
) -> Result<Exit, CliError> {
    let mut rows = Vec::new();
    for topic in topics {
        let page = letters.list(topic, None, limit).await?;
        page.letters
            .iter()
            .for_each(|letter| out.json(&as_json(letter)));
        rows.extend(page.letters.iter().map(columns));
        if page.next.is_some() {
            out.note(format_args!("{topic} has more than {limit}: see --limit"));
        }
        if page.unreadable > 0 {
            let unreadable = page.unreadable;
            out.note(format_args!(
                "{unreadable} records beside those of {topic} are no dead letters: somebody else \
                 writes there"
            ));
        }
    }
    if rows.is_empty() {
        out.text("no dead letters");
    } else {
        out.table(&["NAME", "AT", "CODE", "REPLAYS", "BYTES", "REASON"], &rows);
    }
    Ok(Exit::Done)
}

fn columns(letter: &DeadLetter) -> Vec<String> {
    let bytes = letter.value_bytes;
    vec![
        letter.id.to_string(),
        letter.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        letter.code.clone(),
        letter.replays.to_string(),
        bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string()),
        letter.reason.clone(),
    ]
}

fn as_json(letter: &DeadLetter) -> Value {
    json!({
        "name": letter.id.to_string(),
        "topic": letter.id.topic,
        "partition": letter.id.partition,
        "offset": letter.id.offset,
        "code": letter.code,
        "reason": letter.reason,
        "group": letter.group,
        "at": letter.at,
        "timestamp": letter.timestamp,
        "replays": letter.replays,
        "key_bytes": letter.key_bytes,
        "value_bytes": letter.value_bytes,
        "headers": letter.headers,
    })
}
