//! The table of everything that can be set: its names, its default, what it is for.
//!
//! Promises: a key that is not here is refused everywhere; the names in the file are those of the
//! flags with `_` for `-`.
//! Does not: hold values; they are in the layers.

/// One thing that can be set.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in the file; as a flag with `-` for `_`.
    pub name: &'static str,
    /// Its environment variables, the most specific first.
    pub variables: &'static [&'static str],
    /// Its default; `None` where there is none.
    pub default: Option<&'static str>,
    /// True if the value may hold a password.
    pub secret: bool,
    /// What it is for, in one line.
    pub about: &'static str,
}

/// Every key.
pub const KEYS: &[Key] = &[
    key(
        "listen",
        &["INGESTA_LISTEN"],
        Some("127.0.0.1:5000"),
        "where HTTP is served",
    ),
    key(
        "data_dir",
        &["INGESTA_DATA_DIR"],
        Some("./.ingesta"),
        "folder of the embedded database",
    ),
    Key {
        name: "database_url",
        variables: &["INGESTA_DATABASE_URL", "DATABASE_URL"],
        default: None,
        secret: true,
        about: "a PostgreSQL that somebody else runs",
    },
    key(
        "database_connections",
        &["INGESTA_DATABASE_CONNECTIONS"],
        Some("16"),
        "connections to the database at most",
    ),
    key(
        "log",
        &["INGESTA_LOG"],
        Some("info,sqlx=warn"),
        "what is logged",
    ),
    key(
        "log_format",
        &["INGESTA_LOG_FORMAT"],
        Some("text"),
        "text or json",
    ),
    key(
        "body_limit_bytes",
        &["INGESTA_BODY_LIMIT_BYTES"],
        Some("65536"),
        "bytes of a request body at most",
    ),
    key(
        "shutdown_grace_seconds",
        &["INGESTA_SHUTDOWN_GRACE_SECONDS"],
        Some("10"),
        "how long an orderly stop may take",
    ),
    key(
        "read_wait_seconds",
        &["INGESTA_READ_WAIT_SECONDS"],
        Some("5"),
        "how long a read waits for the position it was asked for",
    ),
    key(
        "lag_alarm_seconds",
        &["INGESTA_LAG_ALARM_SECONDS"],
        Some("60"),
        "how far behind a subscription may be before the server is not ready",
    ),
    key(
        "follow",
        &["INGESTA_FOLLOW"],
        Some("all"),
        "which subscriptions this process advances: all, views or nothing",
    ),
];

/// Variables that other parts read: where PostgreSQL's binaries are, and which file to read.
pub(super) const OTHER_VARIABLES: &[&str] = &["INGESTA_CONFIG", "INGESTA_PG_BIN", "INGESTA_BLESS"];

/// Variables of the test support begin like this.
pub(super) const TEST_PREFIX: &str = "INGESTA_TEST_";

const fn key(
    name: &'static str,
    variables: &'static [&'static str],
    default: Option<&'static str>,
    about: &'static str,
) -> Key {
    Key {
        name,
        variables,
        default,
        secret: false,
        about,
    }
}

/// The key of this name in a file.
pub(super) fn named(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}
