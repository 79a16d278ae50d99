//! A broker of one's own, for tests that take it away and bring it back.
//!
//! Promises: the address and the data stay the same through every kill, stop and pause; all is gone
//! when it is dropped. Of a process that was killed before, the watchdog stops the broker, and the
//! next one clears away what is left.
//! Does not: share anything with the broker that other tests use.

use std::fs::File;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use rustix::process::Signal;
use uuid::Uuid;

use super::doors::{Door, Doors};
use super::home::Home;
use super::permission::{self, Operation, Resource};
use super::source::Source;
use super::{PATIENCE, Pace, launch, process, start_new};
use crate::services::folder::{Folder, remove_tree};
use crate::services::lock::{self, Kind};
use crate::services::skip::or_skip;
use crate::services::throwaway::Running;
use crate::services::watchdog::{self, Orders};

/// Others look through the folder of all brokers for a moment only.
const TURN: Duration = Duration::from_secs(60);

/// A broker that nobody else uses.
///
/// ```no_run
/// # async fn test() -> anyhow::Result<()> {
/// use ingesta_testing::services::OwnedBroker;
///
/// let broker = OwnedBroker::start().await?;
/// broker.kill().await?;
/// assert!(broker.pause().is_err(), "it is dead");
/// broker.start_again().await?; // where it was, with what it had
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OwnedBroker {
    folder: Folder,
    source: Source,
    address: String,
    _in_use: File,
}

impl OwnedBroker {
    /// Starts a broker on data of its own.
    ///
    /// # Errors
    /// When no Apache Kafka can be had (the text says what to install or to set) or it does not start.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(None).await
    }

    /// Starts one that asks who comes at every door but the open one, which is [`address`].
    ///
    /// [`address`]: OwnedBroker::address
    ///
    /// # Errors
    /// As [`OwnedBroker::start`].
    ///
    /// ```no_run
    /// # async fn test() -> anyhow::Result<()> {
    /// use ingesta_testing::services::{Door, Doors, Operation, OwnedBroker, Resource};
    ///
    /// let doors = Doors { users: vec![("ana".into(), "s3cret".into())], ..Doors::default() };
    /// let broker = OwnedBroker::start_guarded(&doors).await?;
    /// broker.allow("ana", Operation::Write, Resource::Topics("t"))?;
    /// assert_ne!(broker.door(Door::Sasl)?, broker.address());
    /// assert!(broker.door(Door::Tls).is_err(), "it has no certificate");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start_guarded(doors: &Doors) -> anyhow::Result<Self> {
        Self::start_with(Some(doors)).await
    }

    /// As [`OwnedBroker::start_guarded`], but `None` where [`OwnedBroker::start_or_skip`] is.
    ///
    /// # Errors
    /// As [`OwnedBroker::start_or_skip`].
    pub async fn start_guarded_or_skip(doors: &Doors) -> anyhow::Result<Option<Self>> {
        or_skip(Self::start_guarded(doors).await)
    }

    async fn start_with(doors: Option<&Doors>) -> anyhow::Result<Self> {
        let source = Source::find().await.context("this test needs a broker")?;
        let all = Folder::of_this_workspace("brokers");
        let (folder, in_use) = room_of_its_own(&all).await?;
        let mut this = Self {
            folder,
            source,
            address: String::new(),
            _in_use: in_use,
        };
        let running = start_new(&this.home(), &this.source, Pace::QuickStart, doors).await?;
        this.address.clone_from(&running.address);
        this.watch(&running).await?;
        Ok(this)
    }

    /// As [`OwnedBroker::start`], but `None` when none can be had and `INGESTA_TEST_ALLOW_SKIP=1`
    /// says that such tests may be skipped.
    ///
    /// # Errors
    /// As [`OwnedBroker::start`] without that variable, and always in CI (`CI=true`).
    pub async fn start_or_skip() -> anyhow::Result<Option<Self>> {
        or_skip(Self::start().await)
    }

    /// Where it listens, or did: `127.0.0.1:` and a port.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where a door of it is: `127.0.0.1:` and a port.
    ///
    /// # Errors
    /// When it has no such door.
    pub fn door(&self, door: Door) -> anyhow::Result<String> {
        Ok(self.home().door(door)?.to_string())
    }

    /// Lets a user do this, from now on. A broker that was started without doors asks nobody, and
    /// refuses it.
    ///
    /// # Errors
    /// When the broker does not answer, or refuses.
    pub fn allow(&self, user: &str, operation: Operation, on: Resource<'_>) -> anyhow::Result<()> {
        permission::allow(self.home().address()?, user, operation, on)
    }

    /// Ends it at once (`SIGKILL`), and waits until it has gone.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&self) -> anyhow::Result<()> {
        self.signal(Signal::KILL)?;
        ensure!(self.is_gone().await, "the broker survived a kill");
        Ok(())
    }

    /// Stops it in order (`SIGTERM`), and waits until it has gone.
    ///
    /// # Errors
    /// When it does not run, or does not stop within 30 s.
    pub async fn stop(&self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)?;
        ensure!(self.is_gone().await, "the broker did not stop in order");
        Ok(())
    }

    /// Freezes it (`SIGSTOP`): connections stay, and nothing is answered.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a frozen one go on (`SIGCONT`).
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    /// Starts it again after [`OwnedBroker::kill`] or [`OwnedBroker::stop`], on the same address
    /// and the same data.
    ///
    /// # Errors
    /// When it runs, or does not come back.
    pub async fn start_again(&self) -> anyhow::Result<()> {
        let home = self.home();
        if process::broker_of(&home.config()).is_some() {
            bail!("the broker runs already");
        }
        let running = launch::start(&home, &self.source, Pace::QuickStart).await;
        self.watch(&running.context("start the broker again")?)
            .await
    }

    pub(crate) fn home(&self) -> Home {
        Home::at(self.folder.data())
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let runs = process::signal_broker(&self.home().config(), signal)?;
        ensure!(runs, "the broker does not run");
        Ok(())
    }

    async fn is_gone(&self) -> bool {
        process::is_gone(&self.home().config(), PATIENCE).await
    }

    /// Should this process be killed, the broker and its folder do not stay.
    async fn watch(&self, running: &Running) -> anyhow::Result<()> {
        let orders = Orders {
            pid: running.pid,
            data: self.folder.root(),
            grace: Duration::ZERO,
            signals: "KILL:10",
        };
        watchdog::spawn(&self.folder, &orders).await
    }
}

impl Drop for OwnedBroker {
    #[expect(
        clippy::print_stderr,
        reason = "what stays behind must be seen, and drop cannot fail"
    )]
    fn drop(&mut self) {
        let folder = self.folder.clone();
        // A thread of its own, because the runtime of a test that fails is on its way out.
        let cleared = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(clear(&folder))
        });
        match cleared.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("a broker of a test stays behind: {error:#}"),
            Err(_) => eprintln!("a broker of a test stays behind"),
        }
    }
}

/// A new folder that is in use from the start; those of dead processes are cleared away before.
async fn room_of_its_own(all: &Folder) -> anyhow::Result<(Folder, File)> {
    all.create()?;
    let _turn = lock::take(&all.lock(), Kind::Alone, TURN).await?;
    let rooms = all.data();
    std::fs::create_dir_all(&rooms).with_context(|| format!("create {}", rooms.display()))?;
    let entries = std::fs::read_dir(&rooms).with_context(|| format!("list {}", rooms.display()))?;
    for entry in entries {
        let room = Folder::at(entry.context("list the folders of brokers")?.path());
        // Unless it went away just now, or somebody uses it.
        if let Ok(Some(_in_use)) = lock::try_take(&room.users(), Kind::Alone) {
            clear(&room).await?;
        }
    }
    let room = Folder::at(rooms.join(Uuid::new_v4().simple().to_string()));
    room.create()?;
    let in_use = lock::take(&room.users(), Kind::InCommon, TURN).await?;
    Ok((room, in_use))
}

async fn clear(room: &Folder) -> anyhow::Result<()> {
    process::kill_all(&Home::at(room.data()).config()).await?;
    remove_tree(room.root())
}
