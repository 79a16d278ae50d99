//! "Did you mean": the known word that is closest to a mistyped one.
//!
//! Promises: suggests only what is close enough to be a slip.
//! Does not: correct anything by itself.

/// The nearest word, if it is within a third of the length.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|candidate| (distance(word, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Insertions, deletions and replacements between two words (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["listen", "data_dir"];
        assert_eq!(
            nearest("lisen", known.into_iter()).as_deref(),
            Some("listen")
        );
        assert_eq!(
            nearest("datadir", known.into_iter()).as_deref(),
            Some("data_dir")
        );
        assert_eq!(nearest("colour", known.into_iter()), None);
    }
}
