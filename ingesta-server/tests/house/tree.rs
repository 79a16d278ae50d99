//! The files of the workspace, as text.
//!
//! It walks the folders and leaves out what is built or generated (`target`, dot-folders other than
//! `.ci`, the lock file), so it works in a clone, in an unpacked archive and before the first commit.
//! It does not ask git.

use std::fs;
use std::path::{Path, PathBuf};

/// One text file.
pub(crate) struct Source {
    /// From the root of the workspace, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let server = Path::new(env!("CARGO_MANIFEST_DIR"));
    server
        .parent()
        .expect("the server's crate is a folder of the workspace")
        .to_owned()
}

/// Every file with one of these endings.
pub(crate) fn files(endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root(), "", &mut |path| {
        if endings.iter().any(|ending| path.ends_with(ending)) {
            found.push(Source {
                path: path.to_owned(),
                text: read(path),
            });
        }
    });
    assert!(
        !found.is_empty(),
        "no file ends with {endings:?}: the walk is broken"
    );
    found
}

/// Every Rust file.
pub(crate) fn rust() -> Vec<Source> {
    files(&[".rs"])
}

/// The text of one file, which must be there.
#[track_caller]
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn walk(folder: &Path, prefix: &str, visit: &mut impl FnMut(&str)) {
    let entries = fs::read_dir(folder).expect("a folder of the workspace can be read");
    let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry
            .file_type()
            .expect("a file of the workspace has a type");
        if kind.is_dir() {
            let hidden = name.starts_with('.') && name != ".ci";
            if !hidden && name != "target" && name != "node_modules" {
                walk(&entry.path(), &format!("{path}/"), visit);
            }
        } else if kind.is_file() && name != "Cargo.lock" {
            visit(&path);
        }
    }
}
