//! A major version: the name of the folder that a schema lies in.

use std::fmt;
use std::str::FromStr;

/// A major version, as `v1`. Schemas of one major version understand each other.
///
/// ```
/// use ingesta_kafka::schema::MajorVersion;
///
/// assert_eq!("v1".parse::<MajorVersion>()?.to_string(), "v1");
/// assert!("1".parse::<MajorVersion>().is_err());
/// assert!("v01".parse::<MajorVersion>().is_err());
/// # Ok::<(), ingesta_kafka::schema::InvalidVersion>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MajorVersion(u32);

/// The text names no major version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is called v1, v2 and so on")]
pub struct InvalidVersion;

impl fmt::Display for MajorVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl FromStr for MajorVersion {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let digits = text.strip_prefix('v').ok_or(InvalidVersion)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        let number = digits.parse().ok().filter(|_| plain);
        number.map(Self).ok_or(InvalidVersion)
    }
}
