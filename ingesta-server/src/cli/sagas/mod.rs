//! `ingesta sagas`: where each is, since when, what it waits for; and what a person can do about it.
//!
//! Promises: looking changes nothing; nothing is given up without a reason and `--yes`; no free text
//! is shown.
//! Does not: need a running server or a broker; what a person wants is stored, and a server does it.

mod act;
mod dry_run;
mod list;
mod show;

use ingesta_domain::valor::IdIngesta;
use ingesta_sagas::Heard;

use super::args::SagasCommand;
use super::exit::{CliError, Exit};
use super::out::Out;
use super::subscriptions::confirmed;
use crate::config::Config;

pub(super) async fn run(
    config: &Config,
    command: SagasCommand,
    out: &Out,
) -> Result<Exit, CliError> {
    match command {
        SagasCommand::List(args) => list::run(config, &args, out).await,
        SagasCommand::Show(args) => show::run(config, named(&args.id)?, out).await,
        SagasCommand::Retry(args) => {
            act::run(config, named(&args.id)?, Heard::Retry, ("retried", out)).await
        }
        SagasCommand::Abandon { saga, reason, yes } => {
            let id = named(&saga.id)?;
            confirmed(yes, "nobody will revert what is left")?;
            let heard = Heard::Abandon { reason };
            act::run(config, id, heard, ("abandoned", out)).await
        }
        SagasCommand::DryRun { neighbours } => dry_run::run(config, neighbours, out).await,
    }
}

fn named(id: &str) -> Result<IdIngesta, CliError> {
    id.parse()
        .map_err(|_| CliError::Usage("a saga is named by the uuid of its ingesta".to_owned()))
}
