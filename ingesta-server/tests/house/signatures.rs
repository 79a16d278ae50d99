//! No driver type in a public signature: whoever embeds a crate does not embed its driver.
//!
//! A text scan over the libraries' sources: `pub fn` (whole signature), `pub use`, `pub type`, `pub`
//! fields. A type counts by path (`sqlx::..`) and by the names that the file imports.
//! It does not see through aliases made elsewhere, nor trait implementations.

use std::collections::BTreeSet;

use crate::assert_none;
use crate::tree::{Source, rust};

/// The drivers, each with the crate whose trade it is.
const OWNERS: &[(&str, &str)] = &[
    ("sqlx", "nobody"),
    ("rdkafka", "ingesta-kafka"),
    ("axum", "ingesta-http"),
];

/// Signatures that show a driver on purpose.
const ALLOWED: &[(&str, &str)] = &[
    // Whoever already has a pool of connections gives it; the documented constructor.
    (
        "ingesta-event-store/src/postgres/database.rs",
        "pub fn from_pool",
    ),
    // Sibling crates keep tables beside the log and need the same connections.
    (
        "ingesta-event-store/src/postgres/database.rs",
        "pub fn pool",
    ),
    // The same crates ask what an error of that pool means, so that there is one answer.
    (
        "ingesta-event-store/src/postgres/database.rs",
        "pub fn failure",
    ),
];

/// The names that the file imports from a driver, and the driver's own path.
fn names_of(driver: &str, text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::from([format!("{driver}::")]);
    let imports = text
        .split("use ")
        .skip(1)
        .filter(|rest| rest.starts_with(&format!("{driver}::")));
    for import in imports {
        let import = import.split(';').next().unwrap_or_default();
        for name in import.split([',', '{', '}']).map(str::trim) {
            // `Row as _` is not a name, and `PgConnection as Wire` is called `Wire`.
            let name = name.rsplit(" as ").next().unwrap_or_default();
            let name = name.rsplit("::").next().unwrap_or_default();
            if name.starts_with(char::is_uppercase) {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// Public items as one line each, with the number of their first line.
fn public_items(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let public = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.trim_start().starts_with("pub "));
    let items = public.map(|(at, _)| {
        let mut item = String::new();
        for line in &lines[at..] {
            item.push_str(line.trim());
            item.push(' ');
            let ended = line.trim_end();
            // A signature ends at its body, a field at its comma, everything else at its semicolon.
            let field =
                !item.starts_with("pub fn") && !item.contains(" fn ") && !item.contains("use ");
            if ended.ends_with(['{', ';', '}']) || (field && ended.ends_with(',')) {
                break;
            }
        }
        (at + 1, item)
    });
    items.collect()
}

fn shows(item: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    item.match_indices(name).any(|(at, _)| {
        let before = item[..at].chars().next_back().is_some_and(part);
        let after = item[at + name.len()..].chars().next().is_some_and(part);
        !before && (!after || name.ends_with(':'))
    })
}

fn complaints(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for (driver, owner) in OWNERS {
        if source.path.contains(&format!("{owner}/")) {
            continue;
        }
        let names = names_of(driver, &source.text);
        for (line, item) in public_items(&source.text) {
            let allowed = ALLOWED.iter().any(|(path, start)| {
                source.path.ends_with(path) && item.starts_with(&format!("{start}("))
            });
            if !allowed && names.iter().any(|name| shows(&item, name)) {
                complaints.push(format!(
                    "{}:{line}: {driver} in `{}`",
                    source.path,
                    item.trim()
                ));
            }
        }
    }
    complaints
}

fn is_library(path: &str) -> bool {
    let ours = [
        "ingesta-domain/src/",
        "ingesta-adapters/",
        "ingesta-server/src/",
    ];
    ours.iter().any(|start| path.starts_with(start)) && path.contains("/src/")
}

#[test]
fn no_public_signature_shows_a_driver() {
    let found: Vec<_> = rust()
        .iter()
        .filter(|source| is_library(&source.path))
        .flat_map(complaints)
        .collect();
    assert_none("drivers in public signatures", &found);
}

#[test]
fn every_exception_is_still_needed() {
    let sources = rust();
    for (path, start) in ALLOWED {
        let there = |s: &Source| s.path.ends_with(path) && s.text.contains(&format!("{start}("));
        assert!(
            sources.iter().any(there),
            "{path} has no `{start}` any more"
        );
    }
}

#[test]
fn the_signature_rule_can_fail() {
    let bad = [
        "pub fn a() -> sqlx::Result<()> {\n}",
        "use sqlx::postgres::{PgPool, PgConnection as Wire};\npub async fn b(\n    p: &PgPool,\n) {\n}",
        "use sqlx::{PgPool as Pool};\npub struct S {\n    pub pool: Pool,\n}",
        "pub use axum::Router;",
        "use rdkafka::producer::FutureProducer;\npub type P = FutureProducer;",
    ];
    for text in bad {
        assert_eq!(
            complaints(&Source::new("a/src/a.rs", text)).len(),
            1,
            "{text}"
        );
    }
    let good = "use sqlx::{PgPool, Row as _};\npub fn r() -> Row {\n}\nfn a(p: PgPool) {}\npub(crate) fn b(p: PgPool) {}\npub fn c(PgPools: u8) {\n}";
    assert_none("good", &complaints(&Source::new("a/src/a.rs", good)));
    assert_none(
        "owner",
        &complaints(&Source::new("ingesta-http/src/a.rs", bad[3])),
    );
}
