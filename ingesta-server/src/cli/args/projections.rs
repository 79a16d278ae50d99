//! What can be asked of the tables that are folded from the log.
//!
//! Promises: projections are named one by one or all at once, never neither.
//! Does not: know which projections there are.

use clap::{Args, Subcommand};

use crate::cli::help;
use crate::cli::moment::MomentArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectionsCommand {
    /// Every projection: table, checkpoint, lag, rows
    #[command(after_help = help::PROJECTIONS)]
    List,
    /// Fold views anew from the log, beside the ones that are read, and swap them
    #[command(after_help = help::REBUILD)]
    Rebuild(RebuildArgs),
    /// Prove that views are a fold of the log
    #[command(after_help = help::VERIFY)]
    Verify(VerifyArgs),
    /// One row, as it is or was
    #[command(after_help = help::SHOW_ROW)]
    Show(ShowRowArgs),
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct ProjectionNames {
    /// The projections, as `projections list` names them
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Every projection, in one pass over the log
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Args, Debug)]
pub(crate) struct RebuildArgs {
    #[command(flatten)]
    pub(crate) names: ProjectionNames,
    /// Only the row with this key (the id of its aggregate)
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// About how much memory rows may take; what does not fit takes more passes
    /// [default: a quarter of the memory, 256 to 4096]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(4..))]
    pub(crate) memory: Option<u64>,
    /// Do not compare the fresh view with the old one before they are swapped
    #[arg(long)]
    pub(crate) no_compare: bool,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) names: ProjectionNames,
    /// About how much memory rows may take; what does not fit takes more passes
    /// [default: a quarter of the memory, 256 to 4096]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(4..))]
    pub(crate) memory: Option<u64>,
    /// Print the first keys that differ: they may be personal data
    #[arg(long)]
    pub(crate) keys: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ShowRowArgs {
    /// The projection, as `projections list` names it
    pub(crate) name: String,
    /// The key of the row (the id of its aggregate)
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) at: MomentArgs,
}
