//! `PageQuery`: which rows of a view, and in which order.

/// A page of a view's rows.
///
/// ```
/// use ingesta_projections::PageQuery;
///
/// // The ten newest of those that have failed, where keys grow with time.
/// let failed = PageQuery { wanted: &[("estado", "Fallida")], descending: true, ..PageQuery::of(10) };
/// assert_eq!((failed.limit, failed.after), (10, None));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageQuery<'a> {
    /// The greatest number of rows; 0 asks for none.
    pub limit: u32,
    /// The key behind which it begins; `None`: at the beginning, or at the end where `descending`.
    pub after: Option<&'a str>,
    /// Only rows whose state, a JSON object, has each of these texts in its field.
    pub wanted: &'a [(&'a str, &'a str)],
    /// The greatest key first.
    pub descending: bool,
}

impl PageQuery<'_> {
    /// The first rows, in the order of their keys.
    #[must_use]
    pub fn of(limit: u32) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }
}
