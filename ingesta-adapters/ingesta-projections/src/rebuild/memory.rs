//! How much memory a rebuild may take where nobody says: a quarter of what this process may have.
//!
//! That is the machine's memory or what its control group allows, whichever is less; where the
//! system does not tell, the least. Only Linux is asked.

use std::path::{Path, PathBuf};

/// What is taken in any case.
const LEAST: u64 = 256 << 20;
/// More makes no rebuild faster whose rows fit; a larger view is a reason to say so.
const MOST: u64 = 4 << 30;

/// The default, in bytes.
pub(super) fn default_bytes() -> u64 {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    quarter(allowed(read))
}

fn quarter(allowed: Option<u64>) -> u64 {
    allowed.map_or(LEAST, |bytes| (bytes / 4).clamp(LEAST, MOST))
}

/// The least of all limits that hold for this process.
fn allowed(read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
    let machine = read(Path::new("/proc/meminfo")).and_then(|text| total(&text));
    let groups = read(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let limits = limit_files(&groups);
    let groups = limits
        .iter()
        // A group without a limit says `max`.
        .filter_map(|path| read(path)?.trim().parse().ok());
    groups.chain(machine).min()
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1_024)
}

/// Where the limits of this process's group and of those around it stand, of both kinds of groups.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(kinds), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (root, file) = if kinds.is_empty() {
            ("/sys/fs/cgroup", "memory.max")
        } else if kinds.split(',').any(|kind| kind == "memory") {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            continue;
        };
        let group = Path::new(path.trim_start_matches('/'));
        let around = group
            .ancestors()
            .map(|g| Path::new(root).join(g).join(file));
        files.extend(around);
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn on(files: &'static [(&str, &str)]) -> Option<u64> {
        allowed(|path| {
            let found = files.iter().find(|(name, _)| Path::new(name) == path);
            found.map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn the_least_limit_counts_wherever_it_is_set() {
        const MACHINE: (&str, &str) = ("/proc/meminfo", "MemTotal:  8388608 kB\nMemFree: 1 kB\n");
        assert_eq!(on(&[MACHINE]), Some(8 * GIB));
        assert_eq!(
            on(&[
                MACHINE,
                ("/proc/self/cgroup", "0::/system.slice/ingesta.service\n"),
                (
                    "/sys/fs/cgroup/system.slice/ingesta.service/memory.max",
                    "max\n"
                ),
                ("/sys/fs/cgroup/system.slice/memory.max", "2147483648\n"),
            ]),
            Some(2 * GIB)
        );
        assert_eq!(
            on(&[
                MACHINE,
                ("/proc/self/cgroup", "9:cpu:/x\n5:memory:/docker/1\n"),
                (
                    "/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes",
                    "1073741824\n"
                ),
            ]),
            Some(GIB)
        );
        assert_eq!(on(&[]), None);
    }

    #[test]
    fn a_quarter_of_it_is_taken_within_bounds() {
        assert_eq!(quarter(None), LEAST);
        assert_eq!(quarter(Some(GIB / 2)), LEAST);
        assert_eq!(quarter(Some(8 * GIB)), 2 * GIB);
        assert_eq!(quarter(Some(64 * GIB)), MOST);
    }
}
