//! What can be asked about keys.
//!
//! Promises: what cannot be taken back asks for a yes.
//! Does not: know what a role may do.

use clap::{Args, Subcommand};
use ingesta_domain::valor::IdProveedor;
use uuid::Uuid;

use crate::acceso::Rol;
use crate::cli::help;

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key, and show it for the only time
    #[command(after_help = help::KEYS)]
    Add(AddKeyArgs),
    /// Every key: what it is called, what it may do, whether it still works
    #[command(after_help = help::KEYS)]
    List,
    /// Have a key work no more, within seconds on every server
    #[command(after_help = help::KEYS)]
    Revoke {
        /// Which key, as `keys list` shows it
        #[arg(value_name = "ID")]
        id: Uuid,
        /// Yes, whoever uses it is shut out for good
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct AddKeyArgs {
    /// What it is called: stands beside what is done with it, so no person's data
    #[arg(long)]
    pub(crate) name: String,
    /// What it may do: proveedor, operador or admin
    #[arg(long)]
    pub(crate) role: Rol,
    /// Whose it is, where the role is proveedor
    #[arg(long, value_name = "ID_PROVEEDOR")]
    pub(crate) provider: Option<IdProveedor>,
}
