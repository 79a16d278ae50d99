//! The workspace is one house: versions written once, nothing of one machine in it.
//!
//! It reads the manifests' text and every text file.
//! It does not resolve dependencies; `imports` does.

use crate::assert_none;
use crate::tree::{Source, files};

/// Paths that exist on one machine only. In parts, or this file would complain about itself.
const OF_ONE_MACHINE: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/tmp", "/t-"),
    concat!("far", "m-"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
];

/// Documents whose text is given.
const GIVEN: &[&str] = &["LICENSE-APACHE", "LICENSE-MIT"];

fn machine_paths(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for (at, line) in source.text.lines().enumerate() {
        let found = OF_ONE_MACHINE.iter().filter(|path| line.contains(**path));
        complaints.extend(found.map(|path| format!("{}:{}: {path}", source.path, at + 1)));
    }
    complaints
}

/// Dependencies that say a version, a path or a source of their own.
fn own_versions(manifest: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut inside = false;
    for (at, line) in manifest.text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
            if line.contains("dependencies.") {
                complaints.push(format!(
                    "{}:{}: one line per dependency",
                    manifest.path,
                    at + 1
                ));
            }
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            let inherits = line.contains("workspace = true");
            let own = ["version =", "path =", "git ="]
                .iter()
                .any(|key| line.contains(key));
            if !inherits || own {
                complaints.push(format!("{}:{}: {line}", manifest.path, at + 1));
            }
        }
    }
    complaints
}

#[test]
fn nothing_of_one_machine_is_written_down() {
    let endings = [
        ".rs",
        ".md",
        ".toml",
        ".sql",
        ".json",
        ".ndjson",
        ".yml",
        ".yaml",
        ".sh",
        ".ci/run",
        ".ci/services",
    ];
    let found: Vec<_> = files(&endings).iter().flat_map(machine_paths).collect();
    assert_none("paths of one machine", &found);
    for path in OF_ONE_MACHINE {
        let bad = Source::new("a.md", &format!("one\nsee {path}x\n"));
        assert_eq!(machine_paths(&bad), [format!("a.md:2: {path}")]);
    }
}

#[test]
fn every_version_is_written_once() {
    let manifests = files(&["Cargo.toml"]);
    let crates: Vec<_> = manifests
        .iter()
        .filter(|manifest| manifest.path != "Cargo.toml")
        .collect();
    assert!(crates.len() >= 10, "crates have moved");
    let found: Vec<_> = crates.into_iter().flat_map(own_versions).collect();
    assert_none("versions outside the root manifest", &found);
    for bad in [
        "serde = \"1\"",
        "a = { path = \"../a\" }",
        "b = { workspace = true, version = \"1\" }",
    ] {
        let manifest = Source::new("Cargo.toml", &format!("[dev-dependencies]\n# why\n{bad}\n"));
        assert_eq!(own_versions(&manifest).len(), 1, "{bad}");
    }
    let good = "[dependencies]\nserde.workspace = true\n\n[[test]]\nname = \"a\"\n";
    assert_none("good", &own_versions(&Source::new("Cargo.toml", good)));
}

#[test]
fn the_licences_are_there() {
    for name in GIVEN {
        assert!(!files(&[name]).is_empty(), "{name} is missing");
    }
}
