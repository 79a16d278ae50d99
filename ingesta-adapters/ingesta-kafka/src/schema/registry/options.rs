//! How to reach a registry. The password is shown to the registry alone.

use std::fmt;
use std::time::Duration;

/// How to reach a registry.
///
/// ```
/// use ingesta_kafka::schema::{RegistryOptions, SchemaRegistry};
///
/// let options = RegistryOptions::new("http://registry:8081").with_basic_auth("reader", "secret");
/// assert!(!format!("{options:?}").contains("secret"));
/// assert!(SchemaRegistry::new(options).is_ok());
///
/// // A password in the address would show in logs, so it is refused there.
/// let refused = SchemaRegistry::new(RegistryOptions::new("http://reader:secret@registry:8081"));
/// assert!(!refused.unwrap_err().to_string().contains("secret"));
/// ```
#[derive(Clone)]
pub struct RegistryOptions {
    pub(super) url: String,
    pub(super) login: Option<(String, String)>,
    pub(super) timeout: Duration,
}

impl RegistryOptions {
    /// A registry at this address, without a login; a call may take ten seconds.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            login: None,
            timeout: Duration::from_secs(10),
        }
    }

    /// Logs in with HTTP's basic scheme.
    #[must_use]
    pub fn with_basic_auth(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Some((user.into(), password.into()));
        self
    }

    /// How long a call may take, from the connection to the last byte of the answer.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// Whether there is a login, and never what it is; the address may hold one by mistake.
impl fmt::Debug for RegistryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryOptions")
            .field("login", &self.login.is_some())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
