//! As many open files as the machine allows, which a connection each is.
//!
//! Promises: raises the soft limit to the hard one and never lowers it; what cannot be raised is
//! said where it is less than the connections that are configured.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Beside the connections: the database's, the broker's, the log.
const OTHERS: u64 = 256;

/// Makes room for so many connections, as far as it may.
pub(super) fn make_room_for(connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let wanted = u64::try_from(connections)
        .unwrap_or(u64::MAX)
        .saturating_add(OTHERS);
    // No limit at all is `None`.
    if limit.current.is_none_or(|files| files >= wanted) {
        return;
    }
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    if let Some(files) = files.filter(|files| *files < wanted) {
        tracing::warn!(
            files,
            wanted,
            "fewer files may be open than http_connections asks for: raise `ulimit -n`"
        );
    }
}
