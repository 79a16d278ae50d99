//! The user that PostgreSQL runs as when we are root, and what that user may reach.
//!
//! Promises: `postgres` where it exists, else `nobody`; never root.
//! Does not: create users, read anything but `/etc/passwd`, look at access lists.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::error::{EmbeddedError, io};

/// An unprivileged user of this system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunAs {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl RunAs {
    /// Whom to become: nobody else, unless we are root.
    pub(crate) fn choose() -> Result<Option<Self>, EmbeddedError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        from_passwd(&passwd)
            .map(Some)
            .ok_or(EmbeddedError::NoUnprivilegedUser)
    }

    /// Whether this user may pass through a folder (or run a program), by its mode bits.
    fn may_enter(&self, path: &Path) -> bool {
        let Ok(meta) = std::fs::metadata(path) else {
            return false;
        };
        let bit = if meta.uid() == self.uid {
            0o100
        } else if meta.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        meta.permissions().mode() & bit != 0
    }
}

/// Whether every existing folder on the way to `path` lets this user through.
pub(crate) fn can_reach(user: Option<&RunAs>, path: &Path) -> bool {
    let Some(user) = user else { return true };
    path.ancestors().filter(|dir| dir.exists()).all(|dir| {
        // A link may lead below a folder that is closed; its real place decides.
        std::fs::canonicalize(dir)
            .is_ok_and(|real| real.ancestors().all(|part| user.may_enter(part)))
    })
}

/// Makes a command run as that user, without any further group of root's.
pub(crate) fn drop_to(command: &mut Command, user: Option<&RunAs>) {
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
}

/// Gives one file or folder to that user.
pub(crate) fn give(path: &Path, user: Option<&RunAs>) -> Result<(), EmbeddedError> {
    let Some(user) = user else { return Ok(()) };
    chown(path, Some(user.uid), Some(user.gid)).map_err(io("change the owner of", path))
}

/// Gives a file to whoever owns the folder that it is in, where root has made it.
pub(crate) fn give_to_folders_owner(path: &Path, folder: &Path) -> Result<(), EmbeddedError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    give(path, owner_of(folder).as_ref())
}

/// Who owns a path, unless that is root or nothing is there.
pub(crate) fn owner_of(path: &Path) -> Option<RunAs> {
    let meta = std::fs::metadata(path).ok()?;
    let (uid, gid) = (meta.uid(), meta.gid());
    (uid != 0).then(|| RunAs {
        name: format!("uid {uid}"),
        uid,
        gid,
    })
}

fn from_passwd(passwd: &str) -> Option<RunAs> {
    let find = |wanted: &str| {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| *name == wanted)?.to_owned();
            let uid = fields.nth(1)?.parse().ok().filter(|uid| *uid != 0)?;
            Some(RunAs {
                name,
                uid,
                gid: fields.next()?.parse().ok()?,
            })
        })
    };
    find("postgres").or_else(|| find("nobody"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_is_preferred_nobody_is_next_and_root_is_never_chosen() {
        let both = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n\
                    postgres:x:101:104::/var/lib/postgresql:/bin/bash\n";
        let user = from_passwd(both).expect("postgres");
        assert_eq!(
            (user.name.as_str(), user.uid, user.gid),
            ("postgres", 101, 104)
        );
        let bare = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n";
        assert_eq!(from_passwd(bare).map(|user| user.uid), Some(65534));
        assert_eq!(
            from_passwd("root:x:0:0::/:/bin/sh\npostgres:x:0:0::/:/bin/sh\n"),
            None
        );
    }

    #[test]
    fn a_closed_folder_on_the_way_is_seen() {
        let dir = tempfile::tempdir().expect("folder");
        let closed = dir.path().join("closed");
        std::fs::create_dir(&closed).expect("create");
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).expect("mode");
        let stranger = RunAs {
            name: "stranger".into(),
            uid: 54_321,
            gid: 54_321,
        };
        assert!(!can_reach(Some(&stranger), &closed.join("data")));
        assert!(can_reach(None, &closed.join("data")));
    }
}
