//! A folder of files that are never changed: its `INDEX` has the hash and the name of each.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

/// Compares what is committed, by name, with the folder's index: each that is listed is there as it
/// was, and each that is there is listed.
#[track_caller]
pub(super) fn nothing_changed(folder: &Path, committed: &BTreeMap<String, String>) {
    let index = std::fs::read_to_string(folder.join("INDEX")).expect("the index");
    let written: BTreeMap<_, _> = index
        .lines()
        .map(|line| line.split_once("  ").expect("a hash, two spaces, a name"))
        .map(|(hash, name)| (name, hash))
        .collect();
    assert_eq!(written.len(), index.lines().count(), "each is listed once");
    let hash = |text: &String| -> String {
        let digest = Sha256::digest(text);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    for (name, was) in &written {
        let is = committed.get(*name).map(&hash);
        let same = is.as_deref() == Some(*was);
        assert!(same, "{name} was changed or removed: put it back");
    }
    let shown = folder.file_name().unwrap_or_default().display();
    for (name, text) in committed {
        assert!(
            written.contains_key(name.as_str()),
            "{name} is new: add this line at the end of {shown}/INDEX\n{}  {name}",
            hash(text)
        );
    }
}
