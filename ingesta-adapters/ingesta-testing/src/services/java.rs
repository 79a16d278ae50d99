//! Finds a Java that is new enough for Kafka 4.
//!
//! Promises: `JAVA_HOME` first, then `PATH`, then the system's usual folders; what is found has been
//! asked for its version.
//! Does not: install one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::bail;

use super::given;
use super::program::{in_path, run};

/// What brokers of Kafka 4 need.
const OLDEST: u32 = 17;
const LIMIT: Duration = Duration::from_secs(30);

/// The program `java`.
pub(crate) async fn find() -> anyhow::Result<PathBuf> {
    let mut tried = Vec::new();
    for java in candidates() {
        let mut command = Command::new(&java);
        command.args(["-Xshare:auto", "-version"]);
        let found = match run(command, LIMIT).await {
            Ok(said) => major(&said),
            Err(_) => None,
        };
        match found {
            Some(major) if major >= OLDEST => return Ok(java),
            Some(major) => tried.push(format!("{} is version {major}", java.display())),
            None => tried.push(format!("{} does not run", java.display())),
        }
    }
    if tried.is_empty() {
        bail!("there is no `java`");
    }
    bail!("Java {OLDEST} or newer is needed ({})", tried.join("; "))
}

fn candidates() -> Vec<PathBuf> {
    let home = given("JAVA_HOME").map(|home| Path::new(&home).join("bin/java"));
    let installed = std::fs::read_dir("/usr/lib/jvm").into_iter().flatten();
    let installed = installed.filter_map(|entry| Some(entry.ok()?.path().join("bin/java")));
    let mut installed: Vec<_> = installed.collect();
    installed.sort();
    let all = home.into_iter().chain(in_path("java")).chain(installed);
    all.filter(|java| java.is_file()).collect()
}

/// `openjdk version "17.0.15" 2025-04-15`; before 9 it was `"1.8.0_292"`.
fn major(said: &str) -> Option<u32> {
    let version = said.split_once(" version \"")?.1;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit());
    match numbers.next()?.parse().ok()? {
        1 => numbers.next()?.parse().ok(),
        major => Some(major),
    }
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_read_in_the_old_form_too() {
        let cases = [
            ("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK", Some(17)),
            ("Picked up: -Dx\njava version \"1.8.0_292\"\n", Some(8)),
            ("openjdk version \"25-ea\" 2025-09-16", Some(25)),
            ("something else", None),
        ];
        for (said, wanted) in cases {
            assert_eq!(major(said), wanted, "{said}");
        }
    }
}
