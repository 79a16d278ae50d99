//! Rooms are small and have a sign on the door: `//!` first, 500 lines at most, no drawers.
//!
//! It does not judge what a sign says; a reviewer does.

use crate::assert_none;
use crate::tree::{Source, rust};

/// Lines of a file at most.
const WALL: usize = 500;

/// Names that say nothing about what is inside.
const DRAWERS: &[&str] = &[
    "utils", "util", "common", "helpers", "helper", "manager", "types", "core", "service", "misc",
];

fn without_a_sign(source: &Source) -> Option<String> {
    let signed = source.text.starts_with("//! ");
    (!signed).then(|| format!("{}: does not open with `//!`", source.path))
}

fn beyond_the_wall(source: &Source) -> Option<String> {
    let lines = source.text.lines().count();
    (lines > WALL).then(|| format!("{}: {lines} lines", source.path))
}

fn a_drawer(source: &Source) -> Option<String> {
    let path = source.path.trim_end_matches(".rs");
    let drawer = path.split('/').find(|part| DRAWERS.contains(part))?;
    Some(format!(
        "{}: `{drawer}` says nothing about what is inside",
        source.path
    ))
}

fn complaints(rule: fn(&Source) -> Option<String>) -> Vec<String> {
    rust().iter().filter_map(rule).collect()
}

#[test]
fn every_rust_file_opens_with_what_it_is_for() {
    assert_none(
        "every .rs file opens with `//!`",
        &complaints(without_a_sign),
    );
    for bad in ["", "use std::fs;\n//! late", "// not a doc comment", "//!"] {
        assert!(
            without_a_sign(&Source::new("a.rs", bad)).is_some(),
            "{bad:?} passes"
        );
    }
}

#[test]
fn no_rust_file_is_longer_than_the_wall() {
    assert_none("500 lines a file at most", &complaints(beyond_the_wall));
    assert!(beyond_the_wall(&Source::new("a.rs", &"x\n".repeat(WALL))).is_none());
    assert!(beyond_the_wall(&Source::new("a.rs", &"x\n".repeat(WALL + 1))).is_some());
}

#[test]
fn no_module_is_a_drawer() {
    assert_none("no drawers", &complaints(a_drawer));
    for bad in ["a/src/utils.rs", "a/src/core/x.rs", "a/src/types/mod.rs"] {
        assert!(a_drawer(&Source::new(bad, "")).is_some(), "{bad} passes");
    }
    assert!(a_drawer(&Source::new("a/src/scores.rs", "")).is_none());
}
