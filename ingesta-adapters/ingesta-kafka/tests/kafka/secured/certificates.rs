//! Certificates for a test, made by the `openssl` program: an authority, and who it vouches for.
//!
//! Promises: keys are made anew each time and go with their folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use ingesta_testing::services::Certificate;
use uuid::Uuid;

/// An authority with its folder, which is removed with it.
pub(super) struct Authority {
    folder: PathBuf,
}

/// Somebody's files.
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Authority {
    pub(super) fn new() -> Self {
        let name = format!("ingesta-tls-{}", Uuid::new_v4().simple());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        let this = Self { folder };
        let (key, certificate) = (this.at("ca.key"), this.certificate());
        let mut command = this.openssl();
        command
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=the authority of a test"])
            .arg("-keyout")
            .arg(key)
            .arg("-out")
            .arg(certificate);
        run(command);
        this
    }

    /// What those trust who trust it.
    pub(super) fn certificate(&self) -> PathBuf {
        self.at("ca.pem")
    }

    /// Vouches for somebody of this name, who may be reached at 127.0.0.1.
    pub(super) fn vouch(&self, name: &str) -> Files {
        let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
        let files = Files {
            certificate: self.at(&certificate),
            key: self.at(&key),
        };
        let request = self.at("request.pem");
        let mut command = self.openssl();
        command
            .args(["req", "-newkey", "rsa:2048", "-nodes", "-subj"])
            .arg(format!("/CN={name}"))
            .args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout"])
            .arg(&files.key)
            .arg("-out")
            .arg(&request);
        run(command);
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
        run(command);
        files
    }

    /// What a broker shows, and whom it believes.
    pub(super) fn of_broker(&self) -> Certificate {
        let own = self.vouch("broker");
        let text = |path: &Path| std::fs::read_to_string(path).unwrap();
        Certificate {
            own: format!("{}{}", text(&own.key), text(&own.certificate)),
            authority: text(&self.certificate()),
        }
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
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn run(mut command: Command) {
    let ended = command.output();
    let ended = ended.expect("the program `openssl` (Debian: `apt-get install openssl`)");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?}: {said}");
}
