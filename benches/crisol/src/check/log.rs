//! Per aggregate the sequence is 1..n without a gap, and the log shows it in that order.

use std::collections::HashMap;

use super::Findings;
use super::operations::name;
use crate::store::Store;

pub(super) fn check(store: &Store, findings: &mut Findings) {
    let mut last: HashMap<(&str, &str), i64> = HashMap::new();
    for event in &store.events {
        let stream = (event.aggregate_type.as_str(), event.aggregate_id.as_str());
        let before = last.entry(stream).or_default();
        if event.sequence != *before + 1 {
            findings
                .inverted
                .push(format!("{} follows sequence {before}", name(event)));
        }
        *before = event.sequence;
    }
}
