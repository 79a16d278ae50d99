//! What can be asked about sagas.
//!
//! Promises: what gives something up asks for a reason and a yes.
//! Does not: know the states.

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::help;

#[derive(Debug, Subcommand)]
pub(crate) enum SagasCommand {
    /// Every saga that has not ended: where it is, since when, what it waits for
    #[command(after_help = help::SAGAS)]
    List(ListSagasArgs),
    /// One saga, with everything that has happened in it
    #[command(after_help = help::SAGAS)]
    Show(OneSagaArgs),
    /// Have a saga ask again, now; a refused clean-up is wished for anew
    #[command(after_help = help::SAGAS_ACT)]
    Retry(OneSagaArgs),
    /// Give a saga up: its ingesta is undone, and what nobody reverts is written down
    #[command(after_help = help::SAGAS_ACT)]
    Abandon {
        #[command(flatten)]
        saga: OneSagaArgs,
        /// Why; it is stored, and shown to nobody but readers of the log
        #[arg(long)]
        reason: String,
        /// Yes, nobody will revert what is left
        #[arg(long)]
        yes: bool,
    },
    /// What sagas would do over the whole history of the log; nothing is stored or sent
    #[command(after_help = help::SAGAS_DRY_RUN)]
    DryRun {
        /// What neighbours would answer
        #[arg(long, value_enum, default_value_t = Neighbours::Willing)]
        neighbours: Neighbours,
    },
}

#[derive(Args, Debug)]
pub(crate) struct OneSagaArgs {
    /// The ingesta that the saga leads
    #[arg(value_name = "ID_INGESTA")]
    pub(crate) id: String,
}

#[derive(Args, Debug)]
pub(crate) struct ListSagasArgs {
    /// Those that have ended too
    #[arg(long)]
    pub(crate) all: bool,
    /// Only those that have asked more often than planned
    #[arg(long)]
    pub(crate) stuck: bool,
    /// Only those in this state, as Alertada
    #[arg(long, value_name = "ESTADO")]
    pub(crate) state: Option<String>,
    /// Sagas at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 1_000)]
    pub(crate) limit: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Neighbours {
    /// They do whatever they are asked for
    Willing,
    /// They answer nothing
    Silent,
}
