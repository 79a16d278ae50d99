//! The `saludtech` command line: which neighbour runs, and with what.
//!
//! Promises: answers on stdout, the log on stderr; SIGTERM and Ctrl-C stop in order.

mod args;
mod demo;
mod list;
mod out;
mod serve;
mod signals;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use self::args::{Args, Command, NotificacionesCommand};
pub(crate) use self::out::Out;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let out = Out::new(args.json);
    let filter = EnvFilter::try_new(&args.log);
    let Ok(filter) = filter else {
        out.note("--log: expected a filter such as info,saludtech=debug");
        return ExitCode::from(2);
    };
    let logging = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    logging.init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(run(args, &out)),
        Err(error) => Err(error.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out.note(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args, out: &Out) -> anyhow::Result<()> {
    match args.command {
        Command::Anonimizador(args) => serve::anonimizador(&args, out).await,
        Command::Etiquetado(args) => serve::etiquetado(&args, out).await,
        Command::Notificaciones(args) => match args.command {
            None => serve::notificaciones(&args, out).await,
            Some(NotificacionesCommand::List(list)) => list::run(&args.common, &list, out).await,
        },
        Command::Demo(args) => demo::run(&args, out).await,
    }
}
