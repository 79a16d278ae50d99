//! The `ingesta` binary: hands the command line over and answers with its exit code.
//!
//! Everything it can do is in `ingesta_server::cli`; nothing is decided here.

use std::process::ExitCode;

/// An answer over HTTP costs a third less than with glibc's: docs/decisions/0013.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    ingesta_server::cli::main()
}
