//! The server's binary: the one that is named, else the one beside this program.
//!
//! Promises: where it is missing beside this program, and the source is there, it is built in the
//! same profile; else the error says what to do.
//! Does not: look whether it is of the newest source.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

const NAME: &str = "ingesta";

pub(super) fn server_binary(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(path) = named {
        // Children have another folder.
        let path = std::path::absolute(path)?;
        ensure!(path.is_file(), "there is no {}", path.display());
        return Ok(path);
    }
    let own = std::env::current_exe().context("where is this program")?;
    let beside = own.with_file_name(NAME);
    if !beside.is_file() {
        build(&own)?;
    }
    ensure!(
        beside.is_file(),
        "cargo built no {NAME} beside this program"
    );
    Ok(beside)
}

/// Has cargo build it into this program's own target folder.
fn build(own: &Path) -> anyhow::Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let profile = own.parent().context("this program is in no folder")?;
    let target = profile.parent().context("the target folder has no name")?;
    if !workspace.join("ingesta-server/Cargo.toml").is_file() {
        bail!(
            "the server's binary is not beside this one: put it there, or name it with --ingesta PATH"
        );
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--package", "ingesta-server", "--bin", NAME])
        .arg("--target-dir")
        .arg(target)
        .current_dir(workspace)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    if profile.file_name().is_some_and(|name| name == "release") {
        command.arg("--release");
    }
    let status = command.status().context("run cargo")?;
    ensure!(status.success(), "cargo did not build the server: {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_that_is_named_must_be_there() {
        let named = Path::new("no/such/ingesta");
        let refused = server_binary(Some(named)).expect_err("it is not there");
        assert!(refused.to_string().contains("no/such/ingesta"), "{refused}");
    }
}
