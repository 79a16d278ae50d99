//! The whole landscape in one command: the server, its neighbours, a broker, databases, failures on
//! purpose, and what became of every image that was handed in.
//!
//! Promises: everything that is started is stopped; a neighbour that dies is started again; what is
//! told at the end is read from the server and from its topic, not believed.
//! It works on databases and topics of its own, so that nobody else's are touched.

mod binary;
mod children;
mod entregas;
mod ground;
mod persona;
mod rastro;
mod resumen;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{bail, ensure};
use tokio::time::Instant;

use self::children::Children;
use self::entregas::{Estado, Puerta};
use self::ground::{Avisos, Terreno};
use self::persona::Persona;
use self::rastro::Rastro;
use self::resumen::Resumen;
use crate::cli::Out;
use crate::notificaciones::EstadoNotificacion;

/// Failures that every step meets now and then.
pub const FALLOS: &str = "anonimizar.rechazar=0.05,anonimizar.callar=0.05,anonimizar.caer=0.02,\
                          etiquetar.rechazar=0.1,etiquetar.callar=0.05,etiquetar.repetir=0.1,\
                          etiquetar.fallar=0.05,limpiar.rechazar=0.15,limpiar.repetir=0.05,\
                          revertir.callar=0.1,revertir.demorar=0.1,notificar.fallar=0.1";

/// How often it is looked whether everything has ended.
const LOOK: Duration = Duration::from_millis(500);

/// What a demo is told.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many images are handed in.
    pub ingestas: u32,
    /// Failures on purpose, as the neighbours take them.
    pub fallos: String,
    /// The seed that decides which messages they meet.
    pub semilla: u64,
    /// The server's binary; `None`: the one beside this one, which is built where it is missing.
    pub ingesta: Option<PathBuf>,
    /// How long everything may take.
    pub plazo: Duration,
}

/// Runs it, and tells what became of everything. True if all ended, and each in one way.
///
/// # Errors
/// When something that it needs cannot be had; the text says what to do.
pub(crate) async fn run(
    plan: &Plan,
    out: Out,
    interrupted: impl Future<Output = ()>,
) -> anyhow::Result<bool> {
    out.text("starting PostgreSQL and Kafka");
    let mut interrupted = std::pin::pin!(interrupted);
    let terreno = tokio::select! {
        terreno = Terreno::new() => terreno?,
        () = &mut interrupted => bail!("interrupted"),
    };
    let mut children = Children::new(plan, &terreno)?;
    let toured = tokio::select! {
        toured = tour(plan, &terreno, &mut children, out) => toured,
        () = &mut interrupted => Err(anyhow::anyhow!("interrupted")),
    };
    children.stop().await;
    let resumen = toured?;
    resumen.tell(out);
    Ok(resumen.is_well())
}

async fn tour(
    plan: &Plan,
    terreno: &Terreno,
    children: &mut Children,
    out: Out,
) -> anyhow::Result<Resumen> {
    let deadline = Instant::now() + plan.plazo;
    let url = children.start(out).await?;
    let puerta = Puerta::new(&url)?;
    let mut rastro = Rastro::follow(terreno)?;
    let ids = puerta.entregar(plan.ingestas, &terreno.prefix).await?;
    ensure!(!ids.is_empty(), "the server took none of the images");
    out.text(format_args!(
        "{} images handed in over HTTP at {url}",
        ids.len()
    ));
    let mut persona = Persona::default();
    let mut said = 0;
    let (estados, avisos) = loop {
        children.keep_alive(out).await?;
        let estados = puerta.estados(&ids).await?;
        persona.decide(&puerta, &estados).await?;
        let ended = estados.values().filter(|estado| estado.is_final()).count();
        if ended > said {
            out.text(format_args!("  {ended} of {} have ended", ids.len()));
            said = ended;
        }
        let over = Instant::now() >= deadline;
        let all = ended == ids.len() && rastro.is_complete(&ids);
        if all || over {
            let avisos = terreno.avisos().await?;
            if over || is_told(&avisos, &estados, persona.decided()) {
                break (estados, avisos);
            }
        }
        tokio::time::sleep(LOOK).await;
    };
    rastro.stop().await;
    Ok(Resumen::new(
        &estados,
        &rastro.ambas(&ids),
        persona.decided(),
        avisos,
        children.restarts(),
    ))
}

/// Whether each failure and each alert has its notification, and none is open.
fn is_told(avisos: &Avisos, estados: &BTreeMap<String, Estado>, alerts: u64) -> bool {
    let failed = estados.values().filter(|estado| estado.0 == "Fallida");
    let open = [EstadoNotificacion::Pedida, EstadoNotificacion::Enviando];
    let is_open = |estado: &EstadoNotificacion| avisos.contains_key(estado.as_str());
    avisos.values().sum::<u64>() == failed.count() as u64 + alerts && !open.iter().any(is_open)
}
