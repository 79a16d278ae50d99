//! The `ingesta` binary: hands the command line over and answers with its exit code.
//!
//! Everything it can do is in `ingesta_server::cli`; nothing is decided here.

use std::process::ExitCode;

fn main() -> ExitCode {
    ingesta_server::cli::main()
}
