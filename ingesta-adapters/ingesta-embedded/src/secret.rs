//! The random password of the database and the files that only their owner may read.
//!
//! Promises: mode 0600 from the first byte; a file is whole or absent.
//! Does not: log or print a secret.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use uuid::Uuid;

use crate::error::{EmbeddedError, io};

/// 244 random bits, letters and digits only: needs no quoting in an address or a shell.
pub(crate) fn random_password() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// Writes a file that only its owner may read, by writing beside it and renaming.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), EmbeddedError> {
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    // A left-over of a crash would keep its own mode.
    let _ = std::fs::remove_file(&beside);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
        });
    written.map_err(io("write", &beside))?;
    std::fs::rename(&beside, path).map_err(io("write", path))
}
