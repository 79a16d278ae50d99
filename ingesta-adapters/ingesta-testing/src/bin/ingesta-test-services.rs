//! `up` starts throw-away services and prints how to reach them; `down` stops them.
//!
//! Promises: standard output holds `NAME=value` lines and nothing else, so that a shell can read
//! it; both are safe to repeat.
//! Does not: tie the services to anybody's life: whoever says `up` says `down`.

use std::process::ExitCode;

use ingesta_testing::services;

const USAGE: &str = "usage: ingesta-test-services up [--export] [--durable] | down";

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["up", flags @ ..]
            if flags
                .iter()
                .all(|it| matches!(*it, "--export" | "--durable")) =>
        {
            up(flags.contains(&"--export"), flags.contains(&"--durable")).await
        }
        ["down"] => services::down().await.map(|_| ()),
        _ => return complain(USAGE, 2),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("{error:#}"), 1),
    }
}

#[expect(
    clippy::print_stdout,
    reason = "these lines are what the program is for"
)]
async fn up(export: bool, durable: bool) -> anyhow::Result<()> {
    let prefix = if export { "export " } else { "" };
    for service in services::up(durable).await? {
        println!("{prefix}{}={}", service.variable, service.address);
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "standard output is read by shells")]
fn complain(what: &str, code: u8) -> ExitCode {
    eprintln!("{what}");
    ExitCode::from(code)
}
