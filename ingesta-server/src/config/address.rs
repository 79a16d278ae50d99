//! The address of a database, which holds a password.
//!
//! Promises: printing it, in any way, masks the password.
//! Does not: check that anybody answers there.

use std::fmt;

use reqwest::Url;

const MASK: &str = "***";

/// `postgres://user:password@host:port/database`; shown with the password masked.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseAddress(String);

impl DatabaseAddress {
    /// Takes any text; whether it is an address shows when it is used.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The address with its password, for the driver only.
    #[must_use]
    pub fn with_password(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(mut url) = Url::parse(&self.0) else {
            // It could hold anything, a password too.
            return f.write_str("(not an address)");
        };
        let is_postgres = matches!(url.scheme(), "postgres" | "postgresql");
        if !is_postgres || !self.0.contains("://") || self.0.matches('@').count() > 1 {
            // Its parts are not where they are looked for below.
            return f.write_str("(not a postgres:// address)");
        }
        if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
            return f.write_str("(an address without a host)");
        }
        if url.query().is_some() {
            let masked: Vec<(String, String)> = url
                .query_pairs()
                .map(|(name, value)| {
                    let secret = name.to_ascii_lowercase().contains("pass");
                    (
                        name.into_owned(),
                        if secret {
                            MASK.to_owned()
                        } else {
                            value.into_owned()
                        },
                    )
                })
                .collect();
            url.query_pairs_mut().clear().extend_pairs(masked);
        }
        f.write_str(url.as_str())
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseAddress;

    #[test]
    fn no_way_of_printing_shows_a_password() {
        for text in [
            "postgres://ana:s3cret@db.example.org:5433/ingesta",
            "postgres:///ingesta?host=/run/postgresql&password=s3cret",
            "not an address with s3cret in it",
            "postgres:ana:s3cret@db/x",
            "ana:s3cret@db.example.org:5432/x",
            "postgres:/ana:s3cret@db/x",
            "postgres://127.0.0.1:1/x?user=ana&Password=s3cret",
        ] {
            let address = DatabaseAddress::new(text);
            for shown in [address.to_string(), format!("{address:?}")] {
                assert!(!shown.contains("s3cret"), "{shown}");
            }
        }
        let shown = DatabaseAddress::new("postgres://ana:s3cret@db:5433/x").to_string();
        assert_eq!(shown, "postgres://ana:***@db:5433/x");
    }
}
