//! The server's binary: the one that is named, else the one beside this program.
//!
//! Promises: where it is missing beside this program or older than its source, and that is there, it
//! is built in the same profile; else the error says what to do.

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
    if !beside.is_file() || is_older(&beside, &workspace())? {
        build(&own)?;
    }
    ensure!(
        beside.is_file(),
        "cargo built no {NAME} beside this program"
    );
    Ok(beside)
}

/// Where the source was when this program was built.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Whether something that the server is made of was written after it. False where it is not there.
fn is_older(binary: &Path, workspace: &Path) -> anyhow::Result<bool> {
    let built = binary.metadata()?.modified()?;
    let mut left: Vec<PathBuf> = ["ingesta-domain", "ingesta-adapters", "ingesta-server"]
        .map(|name| workspace.join(name))
        .into();
    while let Some(path) = left.pop() {
        let Ok(found) = path.metadata() else { continue };
        if found.is_dir() {
            // Tests are no part of it.
            if path.file_name().is_some_and(|name| name == "tests") {
                continue;
            }
            for entry in path.read_dir()? {
                left.push(entry?.path());
            }
        } else if found.modified()? > built {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Has cargo build it into this program's own target folder.
fn build(own: &Path) -> anyhow::Result<()> {
    let workspace = workspace();
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
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_binary_that_is_named_must_be_there() {
        let named = Path::new("no/such/ingesta");
        let refused = server_binary(Some(named)).expect_err("it is not there");
        assert!(refused.to_string().contains("no/such/ingesta"), "{refused}");
    }

    #[test]
    fn a_binary_from_before_its_source_is_old() {
        let folder = tempfile::tempdir().expect("a folder");
        let binary = folder.path().join(NAME);
        std::fs::write(&binary, "").expect("write");
        let at = |path: &Path, seconds| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let file = std::fs::File::options().append(true).open(path);
            file.and_then(|file| file.set_modified(time)).expect("set");
        };
        at(&binary, 100);
        assert!(!is_older(&binary, folder.path()).expect("no source"));
        let tests = folder.path().join("ingesta-server/tests");
        std::fs::create_dir_all(&tests).expect("make");
        std::fs::write(tests.join("new.rs"), "").expect("write");
        assert!(!is_older(&binary, folder.path()).expect("tests only"));
        let source = folder.path().join("ingesta-server/lib.rs");
        std::fs::write(&source, "").expect("write");
        at(&source, 99);
        assert!(!is_older(&binary, folder.path()).expect("older source"));
        at(&source, 101);
        assert!(is_older(&binary, folder.path()).expect("newer source"));
    }
}
