//! The doors of a broker that asks who comes, beside the open one.
//!
//! Promises: behind every door but the open one, nobody may do anything that was not allowed; who
//! comes through the open one may do everything, which is how a test hands out permissions.
//! Does not: make certificates; an `Authority` does.

use std::path::Path;

use anyhow::Context;

/// What a broker knows of its clients.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    /// Names and passwords, for PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. Letters and digits.
    pub users: Vec<(String, String)>,
    /// With it there are doors with TLS.
    pub certificate: Option<Certificate>,
}

/// What a broker shows to its clients, and whose certificates it believes: texts in PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Its private key (PKCS #8, not locked) and its certificate, for 127.0.0.1.
    pub own: String,
    /// The authority that clients' certificates must come from.
    pub authority: String,
}

/// A door of a broker that was started with [`Doors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// A name and a password, over a plain connection.
    Sasl,
    /// TLS, with a certificate of the client's own.
    Tls,
    /// A name and a password, over TLS.
    SaslTls,
}

const OWN: &str = "own.pem";
const AUTHORITY: &str = "authority.pem";

impl Door {
    /// The name of its listener.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sasl => "SASL",
            Self::Tls => "TLS",
            Self::SaslTls => "SASLTLS",
        }
    }

    fn protocol(self) -> &'static str {
        match self {
            Self::Sasl => "SASL_PLAINTEXT",
            Self::Tls => "SSL",
            Self::SaslTls => "SASL_SSL",
        }
    }

    fn asks_for_names(self) -> bool {
        matches!(self, Self::Sasl | Self::SaslTls)
    }
}

impl Doors {
    /// All that there are.
    pub(super) fn all(&self) -> &'static [Door] {
        match self.certificate {
            None => &[Door::Sasl],
            Some(_) => &[Door::Sasl, Door::Tls, Door::SaslTls],
        }
    }

    /// Writes what the settings name.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let Some(certificate) = &self.certificate else {
            return Ok(());
        };
        for (name, text) in [(OWN, &certificate.own), (AUTHORITY, &certificate.authority)] {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        }
        Ok(())
    }

    /// The broker's settings.
    pub(super) fn settings(&self, folder: &Path) -> String {
        let mut protocols = "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned();
        let mut lines = vec![
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer".into(),
            "super.users=User:ANONYMOUS".into(),
            "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512".into(),
        ];
        for door in self.all() {
            protocols.push_str(&format!(",{}:{}", door.name(), door.protocol()));
            if door.asks_for_names() {
                lines.extend(self.names(*door));
            }
        }
        if self.certificate.is_some() {
            let path = |name| folder.join(name).display().to_string();
            lines.extend([
                "ssl.keystore.type=PEM".into(),
                format!("ssl.keystore.location={}", path(OWN)),
                "ssl.truststore.type=PEM".into(),
                format!("ssl.truststore.location={}", path(AUTHORITY)),
                "listener.name.tls.ssl.client.auth=required".into(),
            ]);
        }
        lines.push(format!("listener.security.protocol.map={protocols}"));
        lines.join("\n")
    }

    /// How a door knows its users: PLAIN by this list, SCRAM by what the data was made with.
    fn names(&self, door: Door) -> [String; 3] {
        const MODULES: &str = "org.apache.kafka.common.security";
        let door = format!("listener.name.{}", door.name().to_lowercase());
        let users = self.users.iter();
        let users: String = users
            .map(|(name, password)| format!(" user_{name}=\"{password}\""))
            .collect();
        let scram = |hash: &str| {
            format!(
                "{door}.scram-sha-{hash}.sasl.jaas.config={MODULES}.scram.ScramLoginModule required;"
            )
        };
        [
            format!(
                "{door}.plain.sasl.jaas.config={MODULES}.plain.PlainLoginModule required{users};"
            ),
            scram("256"),
            scram("512"),
        ]
    }

    /// What the data of the broker is made with.
    pub(super) fn format_arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        for (name, password) in &self.users {
            for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
                let user = format!("{mechanism}=[name={name},password={password}]");
                arguments.extend(["--add-scram".to_owned(), user]);
            }
        }
        arguments
    }
}
