//! Permissions on a broker that asks who comes, handed out through its open door.
//!
//! Promises: an allowance that the broker refuses is an error with its code.
//! Does not: take one back.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::wire::{Answer, ask};

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Operation {
    /// Of messages, and of a group's places.
    Read = 3,
    /// Of messages, and in transactions.
    Write = 4,
    /// Of topics.
    Create = 5,
    /// That it is there.
    Describe = 8,
    /// Its settings.
    DescribeConfigs = 10,
    /// As an idempotent producer.
    IdempotentWrite = 12,
}

/// What it may be done on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource<'r> {
    /// One topic.
    Topic(&'r str),
    /// Topics whose names begin so.
    Topics(&'r str),
    /// Groups whose names begin so.
    Groups(&'r str),
    /// The cluster itself.
    Cluster,
    /// Transactional ids that begin so.
    TransactionalIds(&'r str),
}

impl Resource<'_> {
    /// Its kind, how its name is meant, and its name.
    fn on_the_wire(&self) -> (u8, u8, &str) {
        const LITERAL: u8 = 3;
        const PREFIXED: u8 = 4;
        match self {
            Self::Topic(name) => (2, LITERAL, name),
            Self::Topics(start) => (2, PREFIXED, start),
            Self::Groups(start) => (3, PREFIXED, start),
            Self::Cluster => (4, LITERAL, "kafka-cluster"),
            Self::TransactionalIds(start) => (5, PREFIXED, start),
        }
    }
}

/// `CreateAcls`, in its last version with plain lengths.
const CREATE: i16 = 30;
const VERSION: i16 = 1;
const ALLOW: u8 = 3;
const ASKED: Duration = Duration::from_secs(30);

/// Lets this user do this from now on.
pub(super) fn allow(
    broker: SocketAddr,
    user: &str,
    operation: Operation,
    on: Resource<'_>,
) -> anyhow::Result<()> {
    let (kind, meant, name) = on.on_the_wire();
    let mut question = Vec::new();
    question.extend(1_i32.to_be_bytes()); // one of them
    question.push(kind);
    text(&mut question, name);
    question.push(meant);
    text(&mut question, &format!("User:{user}"));
    text(&mut question, "*"); // from everywhere
    question.extend([operation as u8, ALLOW]);
    let answer = ask(broker, CREATE, VERSION, &question, ASKED).context("allow something")?;
    let mut answer = Answer(&answer);
    answer.int32()?; // throttled for so long
    ensure!(answer.int32()? == 1, "the broker answers something else");
    let code = answer.int16()?;
    let reason = answer.string()?.unwrap_or_default();
    ensure!(code == 0, "the broker allows nothing ({code}): {reason}");
    Ok(())
}

fn text(question: &mut Vec<u8>, text: &str) {
    let length = i16::try_from(text.len()).expect("names are short");
    question.extend(length.to_be_bytes());
    question.extend(text.as_bytes());
}
