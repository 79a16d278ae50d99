//! Who may import whom: the exact direct dependencies of every crate, and what the domain never has.
//!
//! It reads `cargo metadata` (the tree as cargo resolved it, not the manifests' text) and compares with
//! a list. A dependency that is not listed fails, and so does a listed one that is gone.
//! It does not look at features.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::assert_none;
use crate::tree::root;

/// Every crate of the workspace with the direct dependencies that its library or binary may have.
const ALLOWED: &[(&str, &str)] = &[
    ("ingesta-domain", "chrono cqrs-es serde thiserror url uuid"),
    (
        "ingesta-event-store",
        "async-trait chrono cqrs-es futures-util hashlink serde serde_json sha2 sqlx thiserror \
         tokio tokio-util tracing uuid",
    ),
    (
        "ingesta-projections",
        "async-trait chrono cqrs-es futures-util ingesta-event-store serde serde_json sqlx thiserror \
         tokio tokio-util tracing",
    ),
    (
        "ingesta-embedded",
        "rustix serde serde_json sqlx thiserror tokio tracing uuid",
    ),
    (
        "ingesta-http",
        "async-trait axum base64 futures-util governor http-body-util hyper hyper-util ingesta-event-store serde \
         serde_json sha2 thiserror tokio tokio-util tower tracing url",
    ),
    (
        "ingesta-kafka",
        "apache-avro async-trait chrono futures-util ingesta-event-store rdkafka reqwest serde serde_json \
         thiserror tokio tokio-util tracing uuid",
    ),
    (
        "ingesta-sagas",
        "async-trait chrono cqrs-es futures-util ingesta-event-store serde sqlx thiserror tokio \
         tokio-util tracing",
    ),
    (
        "ingesta-testing",
        "anyhow cqrs-es ingesta-embedded ingesta-event-store rustix serde serde_json sqlx tokio uuid",
    ),
    // No sqlx: the server speaks to the database through the crates that own the driver.
    (
        "ingesta-server",
        "anyhow async-graphql async-trait axum chrono clap cqrs-es figment futures-util hashlink indicatif ingesta-domain \
         ingesta-embedded ingesta-event-store ingesta-http ingesta-kafka ingesta-projections \
         ingesta-sagas jsonwebtoken prometheus-client reqwest rustix serde serde_json sha2 thiserror tikv-jemallocator \
         tokio tokio-util tower-http tracing tracing-subscriber utoipa utoipa-axum uuid",
    ),
    ("ingesta-examples", ""),
    // It speaks to the server over Kafka and HTTP alone. The services of its demo are those of tests.
    (
        "saludtech",
        "anyhow async-trait axum chrono clap cqrs-es futures-util hmac ingesta-embedded \
         ingesta-event-store ingesta-kafka ingesta-projections ingesta-testing lettre reqwest rustix \
         serde serde_json sha2 thiserror tokio tokio-util tracing tracing-subscriber uuid",
    ),
    (
        "ingesta-benches",
        "anyhow async-trait axum chrono cqrs-es futures-util ingesta-domain ingesta-embedded \
         ingesta-event-store ingesta-kafka ingesta-projections ingesta-server ingesta-testing \
         postgres-es rdkafka serde serde_json sqlx tikv-jemallocator tokio tokio-util uuid",
    ),
    (
        "crisol",
        "anyhow async-trait clap ingesta-embedded ingesta-kafka ingesta-testing reqwest rustix serde \
         serde_json sqlx tokio tokio-util uuid",
    ),
];

/// What does I/O for others: nowhere beneath the domain.
const NOT_BENEATH_THE_DOMAIN: &[&str] = &[
    "sqlx",
    "sqlx-core",
    "postgres-es",
    "axum",
    "hyper",
    "reqwest",
    "rdkafka",
    "tracing-subscriber",
];

/// The rooms that know the domain. Everybody else is generic over any aggregate.
const KNOWS_THE_DOMAIN: &[&str] = &["ingesta-server", "ingesta-examples", "ingesta-benches"];

type Graph = BTreeMap<String, BTreeSet<String>>;

/// Which crate names which, over the kinds of dependency that `wanted` admits.
fn graph(metadata: &Value, wanted: fn(&Value) -> bool) -> Graph {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = list(&metadata["packages"]);
    let names: BTreeMap<String, String> = packages
        .iter()
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    let mut graph = Graph::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let beneath = graph.entry(names[&text(&node["id"])].clone()).or_default();
        for dependency in list(&node["deps"]) {
            if list(&dependency["dep_kinds"])
                .iter()
                .any(|kind| wanted(&kind["kind"]))
            {
                beneath.insert(names[&text(&dependency["pkg"])].clone());
            }
        }
    }
    graph
}

fn against_the_list(graph: &Graph, members: &[String], allowed: &[(&str, &str)]) -> Vec<String> {
    let allowed: BTreeMap<_, _> = allowed.iter().copied().collect();
    let mut complaints = Vec::new();
    for member in members {
        let Some(listed) = allowed.get(member.as_str()) else {
            complaints.push(format!("{member}: not in the list of crates"));
            continue;
        };
        let direct = graph.get(member).cloned().unwrap_or_default();
        let listed: BTreeSet<String> = listed.split_whitespace().map(str::to_owned).collect();
        let added = direct
            .difference(&listed)
            .map(|name| format!("{member} imports {name}"));
        let gone = listed
            .difference(&direct)
            .map(|name| format!("{member} imports no {name} any more"));
        complaints.extend(added.chain(gone));
    }
    complaints
}

/// Everything beneath a crate.
fn beneath(graph: &Graph, name: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        for next in graph.get(&name).into_iter().flatten() {
            if seen.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    seen
}

fn impure(graph: &Graph) -> Vec<String> {
    let beneath = beneath(graph, "ingesta-domain");
    let banned = NOT_BENEATH_THE_DOMAIN
        .iter()
        .filter(|name| beneath.contains(**name));
    banned
        .map(|name| format!("{name} is beneath ingesta-domain"))
        .collect()
}

fn adapters_that_know_the_domain(graph: &Graph, members: &[String]) -> Vec<String> {
    let ours = ["ingesta-domain", "ingesta-server"];
    let adapters = members.iter().filter(|name| {
        !KNOWS_THE_DOMAIN.contains(&name.as_str()) && name.as_str() != "ingesta-domain"
    });
    let known = adapters.flat_map(|name| {
        let beneath = beneath(graph, name);
        let named = ours
            .into_iter()
            .filter(move |other| beneath.contains(*other));
        named.map(move |other| format!("{name} knows {other}"))
    });
    known.collect()
}

/// The tree as cargo resolves it for this machine, without asking any registry.
fn metadata() -> Value {
    let rustc = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc runs where tests are built");
    let said = String::from_utf8_lossy(&rustc.stdout).into_owned();
    let host = said
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("rustc names its host");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let asked = [
        "metadata",
        "--format-version",
        "1",
        "--offline",
        "--filter-platform",
        host,
    ];
    let answer = Command::new(cargo)
        .args(asked)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        answer.status.success(),
        "{}",
        String::from_utf8_lossy(&answer.stderr)
    );
    serde_json::from_slice(&answer.stdout).expect("cargo metadata answers JSON")
}

fn members(metadata: &Value) -> Vec<String> {
    let ids = metadata["workspace_members"]
        .as_array()
        .expect("the workspace has members");
    let packages = metadata["packages"]
        .as_array()
        .expect("the workspace has packages");
    let ours = packages
        .iter()
        .filter(|package| ids.contains(&package["id"]));
    ours.filter_map(|package| package["name"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn every_crate_imports_what_the_list_allows_and_nothing_else() {
    let metadata = metadata();
    let (normal, members) = (graph(&metadata, Value::is_null), members(&metadata));
    assert_none("imports", &against_the_list(&normal, &members, ALLOWED));
    assert_none("the domain is pure", &impure(&normal));
    // Tests too: an adapter that is tested with the domain soon knows it.
    let all = graph(&metadata, |_| true);
    assert_none(
        "adapters never know the domain",
        &adapters_that_know_the_domain(&all, &members),
    );
}

#[test]
fn one_driver_serves_everybody() {
    let metadata = metadata();
    let packages = metadata["packages"]
        .as_array()
        .expect("the workspace has packages");
    let drivers: Vec<_> = packages
        .iter()
        .filter(|package| package["name"] == "sqlx-core")
        .collect();
    assert_eq!(
        drivers.len(),
        1,
        "two copies of sqlx are two pools and two sets of types"
    );
}

#[test]
fn the_import_rules_can_fail() {
    let edge = |from: &str, to: &str| (from.to_owned(), BTreeSet::from([to.to_owned()]));
    let bad = Graph::from([
        edge("ingesta-domain", "sqlx"),
        edge("ingesta-http", "ingesta-domain"),
    ]);
    let members = ["ingesta-domain", "ingesta-http", "unlisted"].map(str::to_owned);
    let allowed = &[("ingesta-domain", "serde"), ("ingesta-http", "")];
    let complaints = against_the_list(&bad, &members, allowed);
    assert_eq!(
        complaints.len(),
        4,
        "added, gone, added, unlisted: {complaints:?}"
    );
    assert_eq!(impure(&bad), ["sqlx is beneath ingesta-domain"]);
    assert_eq!(
        adapters_that_know_the_domain(&bad, &members),
        ["ingesta-http knows ingesta-domain"]
    );
    let deep = Graph::from([edge("ingesta-domain", "cqrs-es"), edge("cqrs-es", "axum")]);
    assert_eq!(impure(&deep).len(), 1);
}
