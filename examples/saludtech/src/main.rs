//! The `saludtech` binary. See the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    saludtech::cli::main()
}
