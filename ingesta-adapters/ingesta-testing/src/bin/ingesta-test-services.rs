//! `up` starts throw-away services and prints how to reach them; `down` stops them.
//!
//! Promises: standard output holds `NAME=value` lines and nothing else, so that a shell can read
//! it; both are safe to repeat.
//! Does not: tie the services to anybody's life: whoever says `up` says `down`.

use std::process::ExitCode;

use ingesta_testing::services::{self, Which};

const USAGE: &str = "usage: ingesta-test-services up [postgres] [kafka] [--export] [--durable] \
    | down [postgres] [kafka]";

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some((verb, rest)) = words.split_first() else {
        return complain(USAGE, 2);
    };
    let (flags, names): (Vec<&str>, Vec<&str>) = rest.iter().partition(|it| it.starts_with("--"));
    let known: &[&str] = match *verb {
        "up" => &["--export", "--durable"],
        _ => &[],
    };
    let (Some(wanted), true) = (wanted(&names), flags.iter().all(|it| known.contains(it))) else {
        return complain(USAGE, 2);
    };
    let outcome = match *verb {
        "up" => {
            let durable = flags.contains(&"--durable");
            up(&wanted, flags.contains(&"--export"), durable).await
        }
        "down" => services::down(&wanted).await.map(|_| ()),
        _ => return complain(USAGE, 2),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("{error:#}"), 1),
    }
}

/// All services where none is named.
fn wanted(names: &[&str]) -> Option<Vec<Which>> {
    if names.is_empty() {
        return Some(Which::ALL.to_vec());
    }
    let named = |name: &&str| Which::ALL.into_iter().find(|it| it.word() == *name);
    names.iter().map(named).collect()
}

#[expect(
    clippy::print_stdout,
    reason = "these lines are what the program is for"
)]
async fn up(wanted: &[Which], export: bool, durable: bool) -> anyhow::Result<()> {
    let prefix = if export { "export " } else { "" };
    for service in services::up(wanted, durable).await? {
        println!("{prefix}{}={}", service.variable, service.address);
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "standard output is read by shells")]
fn complain(what: &str, code: u8) -> ExitCode {
    eprintln!("{what}");
    ExitCode::from(code)
}
