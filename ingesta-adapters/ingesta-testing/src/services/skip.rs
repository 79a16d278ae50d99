//! Skipping by choice: where a service cannot be had, on a developer's machine, said aloud.
//!
//! Promises: never in CI, never without the variable, never silently.
//! Does not: hide a service that is there and broken in the middle of a test.

use anyhow::bail;

use super::{given, kafka_brokers, postgres_url};

/// As [`postgres_url`], but `None` when there is no PostgreSQL to be had and
/// `INGESTA_TEST_ALLOW_SKIP=1` says that such tests may be skipped.
///
/// # Errors
/// As [`postgres_url`] without that variable, and always in CI (`CI=true`).
///
/// ```no_run
/// # async fn test() -> anyhow::Result<()> {
/// let Some(address) = ingesta_testing::services::postgres_or_skip().await? else { return Ok(()) };
/// # let _ = address; Ok(())
/// # }
/// ```
pub async fn postgres_or_skip() -> anyhow::Result<Option<String>> {
    or_skip(postgres_url().await)
}

/// As [`kafka_brokers`], but `None` when there is no Apache Kafka to be had and
/// `INGESTA_TEST_ALLOW_SKIP=1` says that such tests may be skipped.
///
/// # Errors
/// As [`kafka_brokers`] without that variable, and always in CI (`CI=true`).
///
/// ```no_run
/// # async fn test() -> anyhow::Result<()> {
/// let Some(brokers) = ingesta_testing::services::kafka_or_skip().await? else { return Ok(()) };
/// # let _ = brokers; Ok(())
/// # }
/// ```
pub async fn kafka_or_skip() -> anyhow::Result<Option<String>> {
    or_skip(kafka_brokers().await)
}

pub(crate) fn or_skip<T>(had: anyhow::Result<T>) -> anyhow::Result<Option<T>> {
    had.map(Some).or_else(|error| {
        let allow = given("INGESTA_TEST_ALLOW_SKIP");
        skip(error, allow.as_deref(), given("CI").as_deref()).map(|()| None)
    })
}

#[expect(
    clippy::print_stderr,
    reason = "a skipped test must be seen in the test's output"
)]
pub(crate) fn skip(
    error: anyhow::Error,
    allow: Option<&str>,
    ci: Option<&str>,
) -> anyhow::Result<()> {
    match (allow, ci) {
        (Some("1"), Some("true")) => {
            Err(error.context("INGESTA_TEST_ALLOW_SKIP is refused in CI (CI=true)"))
        }
        (Some("1"), _) => {
            eprintln!("SKIPPED by INGESTA_TEST_ALLOW_SKIP=1: {error:#}");
            Ok(())
        }
        (Some(_), _) => bail!("INGESTA_TEST_ALLOW_SKIP is 1 or unset ({error:#})"),
        (None, _) => Err(error),
    }
}
