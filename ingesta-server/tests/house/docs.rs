//! The documents: links that lead somewhere, tests that exist, an architecture page that stays short.
//!
//! It looks at relative links of all Markdown files, and at the words between backticks that look like
//! names of tests in the architecture page, the decisions and the how-tos.
//! It does not judge prose, and follows no link to the network.

use std::collections::BTreeSet;
use std::path::Path;

use crate::assert_none;
use crate::tree::{Source, files, read, root, rust};

const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";

/// A name between backticks with this many underscores or more is the name of a test.
const UNDERSCORES: usize = 3;

/// The targets of `[text](target)`, without anchors, as paths from the root.
fn links(page: &Source) -> Vec<String> {
    let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
    let targets = page
        .text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let local = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    let paths = local.map(|target| folder.join(target.split('#').next().unwrap_or_default()));
    paths
        .map(|path| path.to_string_lossy().into_owned())
        .collect()
}

fn dead_links(page: &Source, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let dead = links(page).into_iter().filter(|target| !exists(target));
    dead.map(|target| format!("{}: {target} is not there", page.path))
        .collect()
}

/// Words between backticks that look like names of tests.
fn cited(page: &str) -> BTreeSet<&str> {
    let quoted = page
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    let name = |word: &&str| {
        // `ingesta_..` with as many are metrics and tables.
        word.matches('_').count() >= UNDERSCORES
            && !word.starts_with("ingesta_")
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    quoted.filter(name).collect()
}

fn unknown_tests(page: &str, sources: &[Source]) -> Vec<String> {
    let exists = |name: &str| {
        let function = format!("fn {name}(");
        sources.iter().any(|source| source.text.contains(&function))
    };
    let unknown = cited(page).into_iter().filter(|name| !exists(name));
    unknown
        .map(|name| format!("no test is called {name}"))
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let pages = files(&[".md"]);
    let exists = |target: &str| root().join(target).exists();
    let dead: Vec<_> = pages
        .iter()
        .flat_map(|page| dead_links(page, exists))
        .collect();
    assert_none("dead links", &dead);
    let bad = Source::new(
        "docs/a.md",
        "see [b](b.md#part), [c](../c.md) and [d](https://d.example)",
    );
    assert_eq!(links(&bad), ["docs/b.md", "docs/../c.md"]);
    assert_eq!(dead_links(&bad, |_| false).len(), 2);
}

#[test]
fn the_architecture_page_is_short_and_says_what_holds_its_promises() {
    let page = read(ARCHITECTURE);
    assert!(
        page.lines().count() <= 200,
        "{ARCHITECTURE} is longer than 200 lines"
    );
    assert!(
        cited(&page).len() >= 10,
        "{ARCHITECTURE} names no tests any more"
    );
}

#[test]
fn the_tests_that_documents_name_exist() {
    let sources = rust();
    for page in files(&[".md"]) {
        let cites = ["docs/decisions/", "docs/how-to/", ARCHITECTURE];
        if cites.iter().any(|start| page.path.starts_with(start)) {
            assert_none(&page.path, &unknown_tests(&page.text, &sources));
        }
    }
    let sources = [Source::new("a.rs", "fn a_b_c_d() {}")];
    assert_none(
        "known",
        &unknown_tests("`a_b_c_d`, `ingesta_a_b_c` and `snake_case`", &sources),
    );
    assert_eq!(unknown_tests("held by `a_b_c_e`", &sources).len(), 1);
}
