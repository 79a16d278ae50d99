//! `Chromium`: a browser without a window, that a test steers over its own protocol (CDP).
//!
//! Promises: a profile of its own, nothing of anybody's browser; it ends, with every process that it
//! started, when it is dropped.
//! Does not: install a browser, or speak the protocol; the test connects to `url`.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use uuid::Uuid;

use super::given;
use super::program::in_path;
use super::skip::or_skip;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const HELP: &str = "install Chromium (Debian: `apt-get install chromium`), or set INGESTA_CHROMIUM \
                    to a Chrome or Chromium";
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// A running browser.
pub struct Chromium {
    child: Child,
    profile: PathBuf,
    url: String,
}

impl Chromium {
    /// Starts one; `None` when there is none and `INGESTA_TEST_ALLOW_SKIP=1` says that such tests may
    /// be skipped.
    ///
    /// # Errors
    /// When there is no Chromium, or it does not start; the text says what to install.
    ///
    /// ```no_run
    /// # async fn test() -> anyhow::Result<()> {
    /// let Some(browser) = ingesta_testing::services::Chromium::start_or_skip().await? else {
    ///     return Ok(());
    /// };
    /// assert!(browser.url().starts_with("ws://127.0.0.1:"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start_or_skip() -> anyhow::Result<Option<Self>> {
        or_skip(Self::start().await.context("this test needs a browser"))
    }

    /// Where it listens for those who steer it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn start() -> anyhow::Result<Self> {
        let named = given("INGESTA_CHROMIUM").map(PathBuf::from);
        let program = named.or_else(|| NAMES.iter().find_map(|name| in_path(name)));
        let program = program.ok_or_else(|| anyhow!("there is no Chromium: {HELP}"))?;
        let profile = std::env::temp_dir().join(format!("ingesta-chromium-{}", Uuid::now_v7()));
        let mut command = Command::new(&program);
        command
            .args([
                "--headless=new",
                "--remote-debugging-port=0",
                "--no-first-run",
            ])
            .args([
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-extensions",
            ])
            .args([
                "--disable-background-networking",
                "--lang=es",
                "--hide-scrollbars",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        if rustix::process::geteuid().is_root() {
            // Its sandbox does not work for root; a test shows it pages of its own only.
            command.arg("--no-sandbox");
        }
        let child = command.arg("about:blank").spawn();
        let child = child.with_context(|| format!("start {}: {HELP}", program.display()))?;
        let mut browser = Self {
            child,
            profile,
            url: String::new(),
        };
        let listening = tokio::time::timeout(STARTS_WITHIN, browser.listening());
        browser.url = listening.await.context("it did not start in time")??;
        Ok(browser)
    }

    /// What it says when it listens.
    async fn listening(&mut self) -> anyhow::Result<String> {
        let said = self.child.stderr.take().context("its words are read")?;
        let (mut lines, mut last) = (BufReader::new(said).lines(), String::new());
        while let Some(line) = lines.next_line().await? {
            if let Some(url) = line.strip_prefix("DevTools listening on ") {
                let url = url.trim().to_owned();
                // It goes on talking, and must find somebody who listens.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(url);
            }
            last = line;
        }
        bail!("the browser ended at its start: {last}")
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            // Gone already is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
        // What it still holds open goes when the system says so.
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
