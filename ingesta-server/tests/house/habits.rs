//! Habits that are easily lost: no ignored test, no sleep in a test, no silenced lint.
//!
//! A test waits for a condition through the one polling helper, so it is as quick as the machine and
//! does not fail on a slow one.
//! It does not forbid pauses in the product: back-off and polling need them.

use crate::assert_none;
use crate::tree::{Source, rust};

// Written in parts, or this file would complain about itself.
const IGNORE: &str = concat!("#[", "ignore");
const ALLOW: &[&str] = &[concat!("#[", "allow("), concat!("#![", "allow(")];
const SLEEP: &str = concat!("sleep", "(");

/// Test code that may pause.
const MAY_PAUSE: &[&str] = &[
    // The one helper that waits for a condition.
    "ingesta-adapters/ingesta-testing/src/eventually.rs",
    // Waits for a condition too, and goes on waiting while a stranger's transaction holds readers back.
    "ingesta-server/tests/server/cli/support.rs",
];

fn lines_with(source: &Source, wanted: impl Fn(&str) -> bool, what: &str) -> Vec<String> {
    let lines = source
        .text
        .lines()
        .enumerate()
        .filter(|(_, line)| wanted(line));
    lines
        .map(|(at, _)| format!("{}:{}: {what}", source.path, at + 1))
        .collect()
}

fn ignored(source: &Source) -> Vec<String> {
    lines_with(
        source,
        |line| line.trim_start().starts_with(IGNORE),
        "an ignored test tells nothing",
    )
}

fn silenced(source: &Source) -> Vec<String> {
    let silences = |line: &str| {
        ALLOW
            .iter()
            .any(|allow| line.trim_start().starts_with(allow))
    };
    lines_with(
        source,
        silences,
        "use #[expect(.., reason = ..)]: it says when it is not needed",
    )
}

/// A call of a function of that very name: `pg_sleep` in a statement is another matter.
fn pauses(line: &str) -> bool {
    let code = line.trim_start();
    !code.starts_with("//")
        && code.match_indices(SLEEP).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
}

/// Test code of a file: all of it under `tests`, else what follows `#[cfg(test)]`.
fn test_code(source: &Source) -> Option<usize> {
    let whole = source.path.contains("/tests/") || source.path.ends_with("/tests.rs");
    if whole {
        return Some(0);
    }
    source
        .text
        .lines()
        .position(|line| line.trim() == "#[cfg(test)]")
}

fn sleeping(source: &Source) -> Vec<String> {
    let Some(from) = test_code(source) else {
        return Vec::new();
    };
    if MAY_PAUSE.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let lines = source
        .text
        .lines()
        .enumerate()
        .skip(from)
        .filter(|(_, line)| pauses(line));
    lines
        .map(|(at, _)| format!("{}:{}: wait for a condition", source.path, at + 1))
        .collect()
}

fn complaints(rule: fn(&Source) -> Vec<String>) -> Vec<String> {
    rust().iter().flat_map(rule).collect()
}

#[test]
fn no_test_is_ignored() {
    assert_none("ignored tests", &complaints(ignored));
    let bad = format!("#[test]\n    {IGNORE} = \"slow\"]\nfn a() {{}}");
    assert_eq!(
        ignored(&Source::new("a.rs", &bad)),
        ["a.rs:2: an ignored test tells nothing"]
    );
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    assert_none("silenced lints", &complaints(silenced));
    for allow in ALLOW {
        let bad = format!("{allow}dead_code)]");
        assert_eq!(silenced(&Source::new("a.rs", &bad)).len(), 1, "{bad}");
    }
}

#[test]
fn no_test_sleeps() {
    assert_none("sleeping tests", &complaints(sleeping));
    let pause = format!("    tokio::time::{SLEEP}pause).await;");
    assert_eq!(sleeping(&Source::new("a/tests/x/main.rs", &pause)).len(), 1);
    assert_eq!(
        sleeping(&Source::new(
            "a/src/a.rs",
            &format!("{pause}\n#[cfg(test)]\n{pause}")
        ))
        .len(),
        1
    );
    assert_none("product", &sleeping(&Source::new("a/src/a.rs", &pause)));
    let statement = format!("    let s = \"select pg_{SLEEP}1)\";");
    assert_none(
        "statement",
        &sleeping(&Source::new("a/tests/x/main.rs", &statement)),
    );
}
