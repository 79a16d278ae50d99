//! What can be asked about the broker: the relays, and the messages that were put aside.
//!
//! Promises: what deletes asks for a yes.
//! Does not: know which topics there are.

use std::num::NonZeroUsize;

use clap::{Args, Subcommand};

use crate::cli::help;

#[derive(Debug, Subcommand)]
pub(crate) enum RelayCommand {
    /// How far the log is published, what is in flight, what keeps it
    #[command(after_help = help::RELAY)]
    Status(RelayStatusArgs),
}

#[derive(Args, Debug)]
pub(crate) struct RelayStatusArgs {
    /// The server that publishes [default: the configured listen address]
    #[arg(long)]
    pub(crate) url: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// The messages that were put aside, each with its reason and without its data
    #[command(after_help = help::DEAD_LETTERS)]
    List {
        /// The topic where they were [default: every topic that servers read]
        topic: Option<String>,
        /// Letters at most, of each topic
        #[arg(long, short = 'n', value_name = "N", default_value = "1000")]
        limit: NonZeroUsize,
    },
    /// Publish messages again where they were, as they were
    #[command(after_help = help::REPLAY)]
    Replay {
        /// The topic, or one letter by its name
        #[arg(value_name = "TOPIC|TOPIC/PARTITION/OFFSET")]
        which: String,
    },
    /// Delete messages that were put aside, for ever
    #[command(after_help = help::DISCARD)]
    Discard {
        /// The topic, or one letter by its name
        #[arg(value_name = "TOPIC|TOPIC/PARTITION/OFFSET")]
        which: String,
        /// Yes, nobody needs them any more
        #[arg(long)]
        yes: bool,
    },
}
