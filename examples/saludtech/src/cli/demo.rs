//! `saludtech demo`: see the library's room of that name.
//!
//! Promises: a signal stops everything that was started; the exit code is 1 where something has no
//! end, or two.

use std::time::Duration;

use anyhow::{bail, ensure};

use super::args::DemoArgs;
use super::out::Out;
use super::signals::StopSignals;
use crate::demo::{self, Plan};
use crate::fallos::Fallos;

pub(super) async fn run(args: &DemoArgs, out: &Out) -> anyhow::Result<()> {
    // Refused here, before anything is started.
    let _: Fallos = args.fallos.parse()?;
    let plan = Plan {
        ingestas: args.ingestas,
        fallos: args.fallos.clone(),
        semilla: args.semilla,
        ingesta: args.ingesta.clone(),
        plazo: Duration::from_secs(args.plazo),
    };
    let mut signals = StopSignals::new()?;
    // The processes go with the demo: they are killed when it is dropped.
    let well = tokio::select! {
        well = demo::run(&plan, *out) => well?,
        () = signals.next() => bail!("interrupted"),
    };
    ensure!(well, "not everything has exactly one end");
    Ok(())
}
