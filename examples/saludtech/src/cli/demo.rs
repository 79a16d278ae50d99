//! `saludtech demo`: see the library's room of that name.
//!
//! Promises: a signal stops everything that was started; the exit code is 1 where something has no
//! end, or two.

use std::time::Duration;

use anyhow::ensure;

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
        a_la_vez: args.a_la_vez.max(1),
        fallos: args.fallos.clone(),
        semilla: args.semilla,
        muertes: (args.muertes > 0).then(|| Duration::from_secs(args.muertes)),
        ingesta: args.ingesta.clone(),
        plazo: Duration::from_secs(
            args.plazo
                .unwrap_or_else(|| 300 + u64::from(args.ingestas) / 10),
        ),
    };
    let mut signals = StopSignals::new()?;
    let well = demo::run(&plan, *out, signals.next()).await?;
    ensure!(
        well,
        "not everything has exactly one end, or what is written down disagrees"
    );
    Ok(())
}
