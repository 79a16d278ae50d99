//! The house rules: what prose asks of the code, held by tests that read the code.
//!
//! Each rule is a pure function from text to complaints, and is shown a bad sample beside the tree.
//! It promises that a complaint names the file and, where there is one, the line.
//! It does not judge what the compiler, clippy or rustfmt already judge.

mod docs;
mod glossary;
mod habits;
mod hygiene;
mod imports;
mod names;
mod signatures;
mod signs;
mod tree;

/// Fails with every complaint on a line of its own.
#[track_caller]
fn assert_none(rule: &str, complaints: &[String]) {
    assert!(
        complaints.is_empty(),
        "{rule}:\n  {}",
        complaints.join("\n  ")
    );
}
