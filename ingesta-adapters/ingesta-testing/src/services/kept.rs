//! A folder that is made once, of packages from a registry, and kept between runs outside the tree.
//!
//! Promises: a half-made folder is never used and does not stay; of several processes one makes it
//! and the others wait; another list of packages is another folder.
//! Does not: know what is in it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use uuid::Uuid;

use super::folder::remove_tree;
use super::given;
use super::lock::{self, Kind};

/// How long one process may take to fetch what others wait for.
pub(crate) const LIMIT: Duration = Duration::from_secs(600);
const UNFINISHED: &str = "unfinished-";

/// Which folder, and how it is known to be whole.
pub(crate) struct Kept<'a> {
    cache: &'a Path,
    finished: PathBuf,
    is_whole: fn(&Path) -> bool,
}

/// A folder that is being made; dropped before its end, it is removed.
pub(crate) struct Begun {
    unfinished: PathBuf,
    finished: PathBuf,
    _alone: File,
}

impl<'a> Kept<'a> {
    /// The folder of this kind for what `list` says.
    pub(crate) fn new(cache: &'a Path, kind: &str, list: &str, whole: fn(&Path) -> bool) -> Self {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, list.as_bytes()).simple();
        let finished = cache.join(format!("{kind}-{}", &id.to_string()[..12]));
        Self {
            cache,
            finished,
            is_whole: whole,
        }
    }

    /// The folder, if it is there and whole.
    pub(crate) fn found(&self) -> Option<PathBuf> {
        (self.is_whole)(&self.finished).then(|| self.finished.clone())
    }

    /// Waits for others who make it; `None` if one of them did.
    pub(crate) async fn begin(&self) -> anyhow::Result<Option<Begun>> {
        let cache = self.cache.display();
        std::fs::create_dir_all(self.cache).with_context(|| format!("create {cache}"))?;
        let alone = lock::take(&self.cache.join("lock"), Kind::Alone, LIMIT).await?;
        if self.found().is_some() {
            return Ok(None);
        }
        remove_what_was_begun(self.cache)?;
        remove_tree(&self.finished)?;
        let name = format!("{UNFINISHED}{}", Uuid::new_v4().simple());
        let begun = Begun {
            unfinished: self.cache.join(name),
            finished: self.finished.clone(),
            _alone: alone,
        };
        let made = std::fs::create_dir(&begun.unfinished);
        made.with_context(|| format!("create {}", begun.unfinished.display()))?;
        Ok(Some(begun))
    }
}

impl Begun {
    /// Where to make it. It moves later: what is in it must not depend on its own path.
    pub(crate) fn folder(&self) -> &Path {
        &self.unfinished
    }

    /// It is whole.
    pub(crate) fn end(self) -> anyhow::Result<PathBuf> {
        std::fs::rename(&self.unfinished, &self.finished)
            .with_context(|| format!("create {}", self.finished.display()))?;
        Ok(self.finished.clone())
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        // After its end it is not there. What cannot be removed is removed by whoever begins next.
        let _ = remove_tree(&self.unfinished);
    }
}

/// The caller holds the lock, so whoever began it is dead.
fn remove_what_was_begun(cache: &Path) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(cache).with_context(|| format!("list {}", cache.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("list {}", cache.display()))?;
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            remove_tree(&entry.path())?;
        }
    }
    Ok(())
}

/// Where this user keeps such folders, beside the binaries of PostgreSQL that npm brought.
pub(crate) fn cache(of: &str) -> anyhow::Result<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Ok(Path::new("/var/cache/ingesta").join(of));
    }
    let folder = |name| given(name).map(PathBuf::from).filter(|it| it.is_absolute());
    let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    let cache = cache.context("neither XDG_CACHE_HOME nor HOME says where to keep packages")?;
    Ok(cache.join("ingesta").join(of))
}
