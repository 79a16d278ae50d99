//! Keyed pseudonyms: HMAC-SHA-256 over what is hidden.
//!
//! Promises: the same input and key give the same pseudonym; kinds of input never share one; from a
//! pseudonym nobody comes back, and without the key nobody can try inputs out. The key shows nowhere.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

/// Bytes of a key at least.
const KEY_MIN: usize = 32;

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClaveError {
    /// The file cannot be read or made.
    #[error("the key in {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
    /// It is too short to be a secret.
    #[error("the key in {} is shorter than {KEY_MIN} bytes: make one with `openssl rand -hex 32`", path.display())]
    Short {
        /// Which file.
        path: PathBuf,
    },
}

/// The pseudonyms of one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seudonimos {
    /// Of the patient.
    pub paciente: String,
    /// Of the image's address.
    pub imagen: String,
    /// Which key they were made with: its own mark, not the key.
    pub clave: String,
}

/// Makes pseudonyms with one key. Clones share it.
#[derive(Clone)]
pub struct Seudonimizador {
    key: Arc<[u8]>,
}

impl Seudonimizador {
    /// With the key in this file; blanks around it do not count.
    ///
    /// # Errors
    /// See [`ClaveError`].
    pub fn from_file(path: &Path) -> Result<Self, ClaveError> {
        let read = std::fs::read(path).map_err(|cause| ClaveError::File {
            path: path.to_owned(),
            cause,
        })?;
        let key = read.trim_ascii();
        if key.len() < KEY_MIN {
            return Err(ClaveError::Short {
                path: path.to_owned(),
            });
        }
        Ok(Self { key: key.into() })
    }

    /// With the key in this file, which is made with a new one where it is missing, readable by its
    /// owner alone.
    ///
    /// # Errors
    /// See [`ClaveError`].
    pub fn from_file_or_new(path: &Path) -> Result<Self, ClaveError> {
        let mut open = OpenOptions::new();
        let made = open.write(true).create_new(true).mode(0o600).open(path);
        let file = |cause| ClaveError::File {
            path: path.to_owned(),
            cause,
        };
        match made {
            Ok(mut made) => {
                // Two random uuids: 244 random bits.
                let key = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
                made.write_all(key.as_bytes())
                    .and_then(|()| made.sync_all())
                    .map_err(file)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(file(error)),
        }
        Self::from_file(path)
    }

    /// The pseudonyms of a patient and an address.
    ///
    /// ```
    /// use saludtech::anonimizador::Seudonimizador;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let one = Seudonimizador::from_file_or_new(&folder.path().join("clave"))?;
    /// let hidden = one.seudonimos("8210e5ca-bdf4-5f3e-9276-59c397648c20", "https://h/a.dcm");
    /// assert_eq!(hidden, one.seudonimos("8210E5CA-BDF4-5F3E-9276-59C397648C20", "https://h/a.dcm"));
    /// assert_ne!(hidden.paciente, hidden.imagen);
    ///
    /// std::fs::write(folder.path().join("corta"), "hunter2")?;
    /// assert!(Seudonimizador::from_file(&folder.path().join("corta")).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn seudonimos(&self, id_paciente: &str, url_path: &str) -> Seudonimos {
        // One spelling of an id, so that one patient has one pseudonym.
        let paciente = Uuid::parse_str(id_paciente)
            .map_or_else(|_| id_paciente.to_owned(), |id| id.to_string());
        let mut clave = self.of("clave", "");
        clave.truncate(8);
        Seudonimos {
            paciente: self.of("paciente", &paciente),
            imagen: self.of("imagen", url_path),
            clave,
        }
    }

    fn of(&self, kind: &str, value: &str) -> String {
        let keyed = Hmac::<Sha256>::new_from_slice(&self.key);
        let mut mac = keyed.expect("a key of HMAC may have any length");
        for part in [kind.as_bytes(), b"\0", value.as_bytes()] {
            mac.update(part);
        }
        let bytes = mac.finalize().into_bytes();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Seudonimizador {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seudonimizador(..)")
    }
}
