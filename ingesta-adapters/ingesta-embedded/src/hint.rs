//! Which command installs PostgreSQL on this system.
//!
//! Promises: an answer on every system, exact on the common ones.
//! Does not: run it.

/// The command that installs PostgreSQL here.
pub(crate) fn install_command() -> String {
    let os_release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    command_for(std::env::consts::OS, &os_release).to_owned()
}

fn command_for(os: &str, os_release: &str) -> &'static str {
    if os == "macos" {
        return "brew install postgresql@17";
    }
    let value = |key: &str| {
        let line = os_release
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    let (id, like) = (value("ID"), value("ID_LIKE"));
    let known = std::iter::once(id.as_str()).chain(like.split_whitespace());
    for family in known {
        match family {
            "debian" | "ubuntu" => return "apt-get install postgresql",
            "fedora" | "rhel" | "centos" => return "dnf install postgresql-server",
            "alpine" => return "apk add postgresql",
            "arch" => return "pacman -S postgresql",
            "suse" | "opensuse" | "sles" => return "zypper install postgresql-server",
            _ => {}
        }
    }
    "the PostgreSQL package of your system, version 14 or newer"
}

#[cfg(test)]
mod tests {
    use super::command_for;

    #[test]
    fn the_package_is_named_for_the_system_and_its_relatives() {
        assert_eq!(
            command_for("linux", "ID=debian\n"),
            "apt-get install postgresql"
        );
        let mint = "NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n";
        assert_eq!(command_for("linux", mint), "apt-get install postgresql");
        let rocky = "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n";
        assert_eq!(command_for("linux", rocky), "dnf install postgresql-server");
        assert_eq!(command_for("macos", ""), "brew install postgresql@17");
        assert!(command_for("linux", "").contains("PostgreSQL"));
    }
}
