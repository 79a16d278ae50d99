//! What a rebuild's table, subscription and index are called, and how names stand in SQL text.
//!
//! Everything is named after the projection's own table, so that a person who meets one in the
//! database knows whose it is; a comment on the table says it too.

use crate::TableName;
use crate::database::MARK;

/// What a table beside the one that is read is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To take the place of the one that is read.
    Rebuild,
    /// To be compared with it.
    Verify,
}

impl Purpose {
    fn suffix(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Verify => "verify",
        }
    }

    /// What people call it.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Verify => "verification",
        }
    }
}

/// The names of one build.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// The projection, and the subscription that keeps its view.
    pub(crate) projection: String,
    /// The table that is read.
    pub(crate) table: TableName,
    /// The subscription that keeps the fresh table, and whose lease the rebuild holds.
    pub(crate) subscription: String,
    /// The fresh table.
    pub(crate) fresh: TableName,
    /// The name that the old table has between swap and drop.
    pub(crate) old: TableName,
    /// What the fresh table is for.
    pub(crate) purpose: Purpose,
}

impl Names {
    pub(crate) fn new(projection: &str, table: &TableName, purpose: Purpose) -> Self {
        let suffix = purpose.suffix();
        Self {
            projection: projection.to_owned(),
            table: table.clone(),
            subscription: format!("{projection}.{suffix}"),
            fresh: beside(table, &format!("__{suffix}")),
            old: beside(table, "__old"),
            purpose,
        }
    }

    /// The comment that marks the fresh table.
    pub(crate) fn fresh_mark(&self) -> String {
        format!("{MARK}{}", self.subscription)
    }

    /// The comment that marks the table which is no longer read.
    pub(crate) fn old_mark(&self) -> String {
        format!("{MARK}{}.old", self.projection)
    }

    /// The comment that marks the table which is read.
    pub(crate) fn mark(&self) -> String {
        format!("{MARK}{}", self.projection)
    }
}

/// True if a subscription of this name belongs to a rebuild or a verification, and not to a
/// follower: it is there for as long as they last, or until an interrupted one goes on.
///
/// ```
/// assert!(ingesta_projections::is_build("balance-v1.rebuild"));
/// assert!(!ingesta_projections::is_build("balance-v1"));
/// ```
#[must_use]
pub fn is_build(subscription: &str) -> bool {
    [Purpose::Rebuild, Purpose::Verify].iter().any(|purpose| {
        let projection = subscription.strip_suffix(purpose.suffix());
        projection.is_some_and(|projection| projection.ends_with('.'))
    })
}

/// True if it is a verification's, which never goes on: the next one begins anew.
///
/// ```
/// assert!(ingesta_projections::is_verification("balance-v1.verify"));
/// assert!(!ingesta_projections::is_verification("balance-v1.rebuild"));
/// ```
#[must_use]
pub fn is_verification(subscription: &str) -> bool {
    let projection = subscription.strip_suffix(Purpose::Verify.suffix());
    projection.is_some_and(|projection| projection.ends_with('.'))
}

/// The subscription that a rebuild of the projection has.
pub(crate) fn rebuild_of(projection: &str) -> String {
    format!("{projection}.{}", Purpose::Rebuild.suffix())
}

/// The name of the primary key of a table, where nobody else has it.
pub(crate) fn key_of(table: &TableName) -> TableName {
    beside(table, "_pkey")
}

/// The table's name with a suffix, within what Postgres takes. A shortened name carries a hash of
/// the whole, for two tables may begin alike.
fn beside(table: &TableName, suffix: &str) -> TableName {
    const LONGEST: usize = 63;
    let name = table.as_str();
    let text = if name.len() + suffix.len() <= LONGEST {
        format!("{name}{suffix}")
    } else {
        let hash = format!("_{:08x}", fnv(name) & 0xffff_ffff);
        format!(
            "{}{hash}{suffix}",
            &name[..LONGEST - suffix.len() - hash.len()]
        )
    };
    TableName::new(text).expect("a table's name with letters, digits and _ appended, not too long")
}

/// FNV-1a: the same in every version of this program, which `std` does not promise of its own.
pub(super) fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A text as it stands in SQL, also within a dollar-quoted block.
pub(crate) fn literal(text: &str) -> String {
    // With a backslash the plain form would depend on a setting of the session.
    let escaped = text.replace('\\', "\\\\");
    let escaped = escaped.replace('\'', "''").replace('$', "\\x24");
    format!("E'{escaped}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_shortened_and_stay_apart() {
        let long = |end: &str| TableName::new(format!("{}{end}", "x".repeat(58))).unwrap();
        let names = |table: &TableName| Names::new("p", table, Purpose::Rebuild).fresh;
        let (one, other) = (names(&long("a")), names(&long("b")));
        assert_ne!(one, other);
        assert!(one.as_str().len() <= 63 && one.as_str().ends_with("__rebuild"));
        let short = TableName::new("balance_v1").unwrap();
        assert_eq!(names(&short).as_str(), "balance_v1__rebuild");
    }

    #[test]
    fn a_literal_cannot_be_left() {
        assert_eq!(literal(r"it's \'"), r"E'it''s \\'''");
        assert_eq!(literal("$fenced$"), r"E'\x24fenced\x24'");
    }
}
