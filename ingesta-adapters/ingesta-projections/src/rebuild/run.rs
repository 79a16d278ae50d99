//! A rebuild from its beginning to its end: one pass over the log for all, then each by itself.

use std::sync::Arc;

use ingesta_event_store::Position;

use super::build::{Build, Ground};
use super::compare::Compared;
use super::names::Purpose;
use super::progress::RebuildPhase;
use super::state::Stage;
use super::target::Target;
use super::{RebuildError, folding};

/// What became of one projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Which projection.
    pub projection: String,
    /// Rows written from the log, before the fresh table followed it.
    pub rows: u64,
    /// Events read, over all passes.
    pub events: u64,
    /// Streams that are parked in the fresh view.
    pub parked: u64,
    /// How the fresh table differed from the old one; `None`: not compared, or no old one.
    pub compared: Option<Compared>,
    /// Where the view stood when it was swapped.
    pub position: Position,
    /// True if it went on from an interrupted rebuild.
    pub resumed: bool,
}

/// Opens the builds in the order of their names, so that two calls cannot wait for one another.
/// What begins anew ends its fold where those before do, so that one pass reads the log for all.
/// Told to stop in between, it gives up what it has opened.
pub(crate) async fn open(
    ground: &Arc<Ground>,
    targets: &[Arc<dyn Target>],
    purpose: Purpose,
    mut at_most: Option<u64>,
) -> Result<Vec<Build>, RebuildError> {
    let mut targets: Vec<_> = targets.iter().collect();
    targets.sort_by(|one, other| one.name().cmp(other.name()));
    let mut builds: Vec<Build> = Vec::new();
    for target in targets {
        let opened = Build::open(ground, target, purpose, at_most).await;
        let stopped = ground.stop.is_cancelled();
        match opened {
            Ok(build) => {
                if build.stage == Stage::Folding {
                    at_most = Some(build.upto);
                }
                builds.push(build);
            }
            Err(error) => {
                give_up(builds).await;
                return Err(error);
            }
        }
        if stopped {
            give_up(builds).await;
            return Err(RebuildError::Cancelled);
        }
    }
    Ok(builds)
}

/// Gives every lease back: nobody need wait to go on.
pub(crate) async fn give_up(builds: Vec<Build>) {
    for build in builds {
        build.give_up().await;
    }
}

/// Rebuilds and swaps them all.
pub(crate) async fn run(
    ground: &Arc<Ground>,
    targets: &[Arc<dyn Target>],
) -> Result<Vec<Rebuilt>, RebuildError> {
    ground.database.check_cluster().await?;
    let mut builds = open(ground, targets, Purpose::Rebuild, None).await?;
    let done = finish(ground, &mut builds).await;
    give_up(builds).await;
    let done = done?;
    ground.progress.phase(RebuildPhase::Done, None);
    Ok(done)
}

async fn finish(ground: &Ground, builds: &mut [Build]) -> Result<Vec<Rebuilt>, RebuildError> {
    ground.until_stopped(folding::fold(ground, builds)).await?;
    let mut done = Vec::new();
    for build in builds {
        let (compared, position) = replace(ground, build).await?;
        let projection = build.names.projection.clone();
        let parked = ground.storage.parked(&projection).await?.len() as u64;
        done.push(Rebuilt {
            projection,
            rows: build.rows,
            events: build.events,
            parked,
            compared,
            position,
            resumed: build.resumed,
        });
    }
    Ok(done)
}

/// How often a build is begun anew because an operator skips events that it has folded.
const ANEW_MAX: u32 = 5;

/// Brings what is folded to where it can be swapped, and compares it on the way.
async fn ready(build: &mut Build) -> Result<Option<Compared>, RebuildError> {
    build.index().await?;
    build.approach().await?;
    let compared = if build.ground.options.compare {
        build.compare().await?
    } else {
        None
    };
    build.approach().await?;
    Ok(compared)
}

/// Swaps the table of what is folded.
async fn replace(
    ground: &Ground,
    build: &mut Build,
) -> Result<(Option<Compared>, Position), RebuildError> {
    for number in 0..=ANEW_MAX {
        if number > 0 {
            build.note("begun anew: events that it holds were skipped in the view meanwhile");
            build.begin_anew(None).await?;
            let fold = folding::fold(ground, std::slice::from_mut(build));
            ground.until_stopped(fold).await?;
        }
        let compared = ground.until_stopped(ready(build)).await?;
        if let Some(position) = build.swap().await? {
            return Ok((compared, position));
        }
    }
    Err(RebuildError::Stopped {
        projection: build.names.projection.clone(),
        message: "events were skipped in the view during every try".to_owned(),
    })
}
