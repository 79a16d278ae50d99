//! `postgres.json`: who runs what on which port, for other commands that want to attach.
//!
//! Promises: mode 0600 (it holds the password), whole or absent.
//! Does not: prove anything; readers check that the processes named in it live.

use serde::{Deserialize, Serialize};

use crate::error::{EmbeddedError, io};
use crate::layout::Layout;
use crate::process::ProcessId;
use crate::secret::write_private;
use crate::user::give_to_folders_owner;

/// What the owner of a database writes down.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) postgres: ProcessId,
    pub(crate) owner: ProcessId,
    pub(crate) port: u16,
    pub(crate) url: String,
    pub(crate) version: String,
}

impl State {
    pub(crate) fn write(&self, layout: &Layout) -> Result<(), EmbeddedError> {
        let path = layout.state();
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| io("describe the server in", &path)(std::io::Error::from(error)))?;
        write_private(&path, &text)?;
        // Root may run a server on somebody's folder once; the folder's owner goes on with it.
        give_to_folders_owner(&path, layout.root())
    }

    /// `None` where nobody has written one.
    pub(crate) fn read(layout: &Layout) -> Result<Option<Self>, EmbeddedError> {
        let path = layout.state();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io("read", path)(error)),
        };
        // The error's own text could quote the password.
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| EmbeddedError::BadState {
                path,
                line: error.line(),
                column: error.column(),
            })
    }

    pub(crate) fn remove(layout: &Layout) {
        // A stale file is harmless: readers look at the processes.
        let _ = std::fs::remove_file(layout.state());
    }
}
