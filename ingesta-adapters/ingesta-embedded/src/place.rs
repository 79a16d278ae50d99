//! Where the data really goes: the folder that was asked for, or one that PostgreSQL may reach.
//!
//! Promises: the same answer on every run for the same folder; two folders never share a fallback.
//! Does not: open closed folders; a home with mode 0700 stays closed.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::error::{EmbeddedError, io};
use crate::layout::Layout;
use crate::user::{RunAs, can_reach, owner_of};

const FALLBACK_ROOT: &str = "/var/lib/ingesta";

/// The folder to use for a wanted one, and the user to run PostgreSQL as there.
///
/// Root goes on as the user whose data is there already: data never changes hands because
/// somebody ran the server once as root, or because a `postgres` user was created meanwhile.
pub(crate) fn resolve(
    wanted: &Path,
    user: Option<RunAs>,
) -> Result<(Layout, Option<RunAs>), EmbeddedError> {
    let absolute = std::path::absolute(wanted).map_err(io("resolve", wanted))?;
    let absolute = canonical_as_far_as_it_exists(&absolute);
    if user.is_none() {
        return Ok((Layout::new(absolute), None));
    }
    let fallback = Layout::new(fallback_for(Path::new(FALLBACK_ROOT), &absolute));
    let there = Layout::new(absolute);
    for layout in [&there, &fallback] {
        let owner = owner_of(&layout.cluster());
        if owner.is_some() && can_reach(owner.as_ref(), layout.root()) {
            return Ok((layout.clone(), owner));
        }
    }
    let reachable = can_reach(user.as_ref(), there.root());
    Ok((if reachable { there } else { fallback }, user))
}

/// Whether the data went elsewhere than it was asked for.
pub(crate) fn is_fallback(layout: &Layout) -> bool {
    layout.root().starts_with(FALLBACK_ROOT)
        && layout
            .root()
            .file_name()
            .is_some_and(|name| name.to_str().is_some_and(|name| name.starts_with("data-")))
}

/// Makes the folder; others may pass through it, not list it.
pub(crate) fn create(layout: &Layout) -> Result<(), EmbeddedError> {
    let root = layout.root();
    if root.is_dir() {
        return Ok(());
    }
    let mut missing: Vec<_> = root.ancestors().take_while(|dir| !dir.exists()).collect();
    missing.reverse();
    for dir in missing {
        match std::fs::DirBuilder::new().mode(0o711).create(dir) {
            Ok(()) => {}
            // Somebody else was quicker, and sees to the mode.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(io("create", dir)(error)),
        }
        // A strict umask would close the folder for the user that runs PostgreSQL.
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o711))
            .map_err(io("set the mode of", dir))?;
    }
    Ok(())
}

/// `/proc` and PostgreSQL speak of real paths, so links are resolved; what is missing is appended.
fn canonical_as_far_as_it_exists(path: &Path) -> PathBuf {
    for dir in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (std::fs::canonicalize(dir), path.strip_prefix(dir)) {
            return if rest.as_os_str().is_empty() {
                real
            } else {
                real.join(rest)
            };
        }
    }
    path.to_owned()
}

fn fallback_for(root: &Path, wanted: &Path) -> PathBuf {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, wanted.as_os_str().as_encoded_bytes());
    root.join(format!("data-{}", id.simple()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_folders_never_share_a_fallback_and_one_keeps_its_own() {
        let root = Path::new("/fallback");
        let one = fallback_for(root, Path::new("/root/a/.ingesta"));
        assert_ne!(one, fallback_for(root, Path::new("/root/b/.ingesta")));
        assert_eq!(one, fallback_for(root, Path::new("/root/a/.ingesta")));
    }

    #[test]
    fn a_folder_behind_a_link_has_one_name_before_and_after_it_exists() {
        let dir = tempfile::tempdir().expect("folder");
        let link = dir.path().join("link");
        std::fs::create_dir(dir.path().join("real")).expect("create");
        std::os::unix::fs::symlink(dir.path().join("real"), &link).expect("link");
        let before = canonical_as_far_as_it_exists(&link.join("new"));
        std::fs::create_dir(link.join("new")).expect("create");
        assert_eq!(before, canonical_as_far_as_it_exists(&link.join("new")));
    }
}
