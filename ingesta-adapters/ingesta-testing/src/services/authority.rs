//! Certificates for a test, made by the `openssl` program: an authority, and who it vouches for.
//!
//! Promises: keys are made anew each time and go with their folder.
//! Does not: keep anything secret; these are for one machine and two days.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use uuid::Uuid;

use super::Certificate;

/// An authority with its folder, which is removed with it.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
}

/// Somebody's files, in PEM.
#[derive(Clone, Debug)]
pub struct Files {
    /// Who it is, as the authority vouches for it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Authority {
    /// An authority that nobody has heard of yet.
    ///
    /// # Errors
    /// When the program `openssl` is not there, or does not do as it is told.
    pub fn new() -> anyhow::Result<Self> {
        let name = format!("ingesta-tls-{}", Uuid::new_v4().simple());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).context("make a folder for certificates")?;
        let this = Self { folder };
        let mut command = this.openssl();
        command
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=the authority of a test"])
            .arg("-keyout")
            .arg(this.at("ca.key"))
            .arg("-out")
            .arg(this.certificate());
        run(command)?;
        Ok(this)
    }

    /// What those trust who trust it.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.at("ca.pem")
    }

    /// Vouches for somebody of this name, who may be reached at 127.0.0.1.
    ///
    /// # Errors
    /// When `openssl` does not do as it is told.
    pub fn vouch(&self, name: &str) -> anyhow::Result<Files> {
        self.vouch_with(name, &["-nodes"])
    }

    /// The same, with a key that opens by this password only.
    ///
    /// # Errors
    /// When `openssl` does not do as it is told.
    pub fn vouch_locked(&self, name: &str, password: &str) -> anyhow::Result<Files> {
        self.vouch_with(name, &["-passout", &format!("pass:{password}")])
    }

    /// What a broker shows, and whom it believes.
    ///
    /// # Errors
    /// When `openssl` does not do as it is told, or its files cannot be read.
    pub fn of_broker(&self) -> anyhow::Result<Certificate> {
        let own = self.vouch("broker")?;
        let text = |path: &Path| std::fs::read_to_string(path).context("read what openssl wrote");
        Ok(Certificate {
            own: format!("{}{}", text(&own.key)?, text(&own.certificate)?),
            authority: text(&self.certificate())?,
        })
    }

    fn vouch_with(&self, name: &str, lock: &[&str]) -> anyhow::Result<Files> {
        let files = Files {
            certificate: self.at(&format!("{name}.pem")),
            key: self.at(&format!("{name}.key")),
        };
        let request = self.at("request.pem");
        let mut command = self.openssl();
        command
            .args(["req", "-newkey", "rsa:2048"])
            .args(lock)
            .args(["-subj", &format!("/CN={name}")])
            .args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout"])
            .arg(&files.key)
            .arg("-out")
            .arg(&request);
        run(command)?;
        let mut command = self.openssl();
        command
            .args(["x509", "-req", "-days", "2", "-copy_extensions", "copy"])
            .arg("-CA")
            .arg(self.certificate())
            .arg("-CAkey")
            .arg(self.at("ca.key"))
            .arg("-in")
            .arg(&request)
            .arg("-out")
            .arg(&files.certificate);
        run(command)?;
        Ok(files)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn openssl(&self) -> Command {
        let mut command = Command::new("openssl");
        command.current_dir(&self.folder);
        command
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        // What is left of it is in the system's own folder for such things.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn run(mut command: Command) -> anyhow::Result<()> {
    let ended = command.output();
    let ended = ended.context("the program `openssl` (Debian: `apt-get install openssl`)")?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "openssl: {said}");
    Ok(())
}
