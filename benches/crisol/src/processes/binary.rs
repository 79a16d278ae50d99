//! The server's binary: the one beside this program, unless its source is newer.
//!
//! Promises: the binary is of the same profile as this program and of the source as it is now.
//! Does not: build anything where there is no source; then the one beside must do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context, ensure};

const NAME: &str = "ingesta";

/// Finds or builds it.
///
/// # Errors
/// When it cannot be built, and is not there either.
pub fn server_binary() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("where is this program")?;
    let profile_dir = own
        .ancestors()
        .skip(1)
        .find(|dir| dir.file_name().is_some_and(|name| name != "deps"))
        .context("this program is in no folder")?;
    let binary = profile_dir.join(NAME);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let source = newest_source(&workspace);
    let built = std::fs::metadata(&binary)
        .and_then(|meta| meta.modified())
        .ok();
    if built.is_some() && built >= source {
        return Ok(binary);
    }
    build(&workspace, profile_dir)?;
    ensure!(
        binary.is_file(),
        "cargo built no {NAME} beside this program"
    );
    Ok(binary)
}

fn build(workspace: &Path, profile_dir: &Path) -> anyhow::Result<()> {
    let target = profile_dir
        .parent()
        .context("the target folder has no name")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let mut command = Command::new(cargo);
    command.args([
        "build",
        "--package",
        "ingesta-server",
        "--bin",
        NAME,
        "--target-dir",
    ]);
    command
        .arg(target)
        .current_dir(workspace)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    if profile_dir
        .file_name()
        .is_some_and(|name| name == "release")
    {
        command.arg("--release");
    }
    let status = command.status().context("run cargo")?;
    ensure!(status.success(), "cargo did not build the server: {status}");
    Ok(())
}

/// When any of the server's sources was changed last.
fn newest_source(workspace: &Path) -> Option<SystemTime> {
    let rooms = ["ingesta-domain", "ingesta-adapters", "ingesta-server"];
    rooms
        .iter()
        .filter_map(|room| newest(&workspace.join(room)))
        .max()
}

fn newest(dir: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(dir).ok()?.filter_map(Result::ok);
    let times = entries.filter_map(|entry| {
        let meta = entry.metadata().ok()?;
        let is_test = entry.file_name() == "tests";
        match meta.is_dir() {
            true if is_test => None,
            true => newest(&entry.path()),
            false => meta.modified().ok(),
        }
    });
    times.max()
}
