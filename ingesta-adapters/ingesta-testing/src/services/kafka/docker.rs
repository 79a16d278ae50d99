//! A broker from its image, where an engine runs on this very machine.
//!
//! The broker in the container shares our network, our user and, under the same path, our folder; so
//! it is found, signalled and cleaned up as one that this machine's Java runs.
//!
//! Promises: an engine elsewhere (a virtual machine, another host, rootless) is seen and refused.
//! Does not: keep the container.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use super::home::Home;
use crate::services::program::{in_path, run};

const IMAGE: &str = "apache/kafka:4.1.0";
/// Where the image keeps its jars.
pub(crate) const LIBRARIES: &str = "/opt/kafka/libs/*";
const ASKED: Duration = Duration::from_secs(20);
const PULLED: Duration = Duration::from_secs(600);

/// Docker's client, when its engine can be used and has the image.
pub(crate) async fn find() -> anyhow::Result<PathBuf> {
    let docker = in_path("docker").context("there is no `docker`")?;
    let mut info = Command::new(&docker);
    info.args([
        "info",
        "--format",
        "{{.Name}}|{{.KernelVersion}}|{{.SecurityOptions}}",
    ]);
    let engine = run(info, ASKED).await.context("no engine answers")?;
    let here = format!("{}|{}|", of_kernel("hostname"), of_kernel("osrelease"));
    if !engine.starts_with(&here) || engine.contains("rootless") {
        bail!("the engine does not run on this machine itself");
    }
    let mut inspect = Command::new(&docker);
    inspect.args(["image", "inspect", "--format", "{{.Id}}", IMAGE]);
    if run(inspect, ASKED).await.is_err() {
        let mut pull = Command::new(&docker);
        pull.args(["pull", "--quiet", IMAGE]);
        run(pull, PULLED).await.context("no image")?;
    }
    Ok(docker)
}

/// Nothing on systems that are not Linux, where an engine always runs in a virtual machine.
fn of_kernel(name: &str) -> String {
    let text = std::fs::read_to_string(Path::new("/proc/sys/kernel").join(name));
    text.unwrap_or_default().trim().to_owned()
}

/// `docker run` up to the arguments of Java.
pub(crate) fn command(docker: &Path, home: &Home) -> Command {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    let mut command = Command::new(docker);
    command
        .args(["run", "--rm", "--network", "host", "--workdir", "/"])
        .arg("--user")
        .arg(format!("{}:{}", user.as_raw(), group.as_raw()))
        .arg("--volume")
        .arg(format!("{0}:{0}", home.root().display()))
        .args(["--entrypoint", "java", IMAGE])
        .current_dir("/");
    command
}
