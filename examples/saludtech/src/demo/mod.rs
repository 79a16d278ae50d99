//! The whole landscape in one command: the server, its neighbours, a broker, databases, failures on
//! purpose, and what became of every image that was handed in.
//!
//! Promises: everything that is started is stopped; a neighbour that dies is started again; what is
//! told at the end is read from the logs, the views and the topics, and compared.
//! It works on databases and topics of its own, so that nobody else's are touched.

mod auditoria;
mod binary;
mod children;
mod entregas;
mod ground;
mod libros;
mod muerte;
mod persona;
mod rastro;
mod resumen;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use tokio::time::Instant;

use self::auditoria::{Auditoria, Visto};
use self::children::Children;
use self::entregas::Puerta;
use self::ground::{Avisos, Terreno};
use self::muerte::Muerte;
use self::persona::Persona;
use self::rastro::{Rastro, Sabido};
use self::resumen::Resumen;
use crate::cli::Out;
use crate::notificaciones::EstadoNotificacion;

/// Failures that every step meets now and then.
pub const FALLOS: &str = "anonimizar.rechazar=0.05,anonimizar.callar=0.05,anonimizar.caer=0.02,\
                          anonimizar.perder=0.02,etiquetar.rechazar=0.1,etiquetar.callar=0.05,\
                          etiquetar.repetir=0.1,etiquetar.fallar=0.05,etiquetar.demorar=0.02,\
                          limpiar.rechazar=0.15,limpiar.repetir=0.05,limpiar.perder=0.02,\
                          revertir.callar=0.1,revertir.demorar=0.05,revertir.perder=0.05,\
                          notificar.fallar=0.1";

/// How often it is looked whether everything has ended.
const LOOK: Duration = Duration::from_millis(500);
/// How long what has ended may take to be told everywhere.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// What a demo is told.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many images are handed in.
    pub ingestas: u32,
    /// How many of them may be under way at once.
    pub a_la_vez: usize,
    /// Failures on purpose, as the neighbours take them.
    pub fallos: String,
    /// The seed that decides which messages they meet, and who is killed when.
    pub semilla: u64,
    /// About how often a process is killed, the server too; `None`: never.
    pub muertes: Option<Duration>,
    /// The server's binary; `None`: the one beside this one, which is built where it is missing.
    pub ingesta: Option<PathBuf>,
    /// How long everything may take.
    pub plazo: Duration,
}

/// Runs it, and tells what became of everything. True if all ended, each in one way, and everything
/// that is written down agrees.
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
    let mut muerte = Muerte::new(plan.semilla, plan.muertes);
    let mut persona = Persona::default();
    let (mut ids, mut said, mut over) = (Vec::<String>::new(), 0, false);
    let taken = plan.ingestas as usize;
    out.text(format_args!("handing images in over HTTP at {url}"));
    while !over {
        keep(children, &mut muerte, out).await?;
        let sabido = rastro.dicho();
        // Whoever speaks to a server that was killed waits for somebody to start it again.
        tokio::select! {
            decided = persona.decide(&puerta, &sabido) => decided?,
            died = keeping(children, &mut muerte, out) => return Err(died),
        }
        let ended = ids.iter().filter(|id| has_ended(id, &sabido, &persona));
        let ended = ended.count();
        if ended > said {
            out.text(format_args!("  {ended} of {taken} have ended"));
            said = ended;
        }
        if ended == taken {
            break;
        }
        // As many as a provider would have under way, so that what waits waits for a neighbour and
        // not for its turn.
        let room = plan.a_la_vez.saturating_sub(ids.len() - ended);
        let next = ids.len()..taken.min(ids.len() + room);
        ids.extend(tokio::select! {
            new = puerta.entregar(next, &terreno.prefix) => new?,
            died = keeping(children, &mut muerte, out) => return Err(died),
        });
        over = Instant::now() >= deadline;
        tokio::time::sleep(LOOK).await;
    }
    if ids.len() < taken {
        let handed = ids.len();
        out.text(format_args!(
            "the time (--plazo) is over: {handed} of {taken} were handed in"
        ));
    }
    let settled = deadline.min(Instant::now() + SETTLED_WITHIN);
    let mut nobody = Muerte::new(plan.semilla, None);
    let (sabido, auditoria, avisos) = loop {
        let sabido = rastro.dicho();
        let auditoria = tokio::select! {
            auditoria = auditar(terreno, &puerta, &ids, &sabido) => auditoria?,
            died = keeping(children, &mut nobody, out) => return Err(died),
        };
        let avisos = terreno.avisos().await?;
        let told = auditoria.is_well() && is_told(&avisos, &sabido);
        if told || Instant::now() >= settled {
            break (sabido, auditoria, avisos);
        }
        tokio::time::sleep(LOOK).await;
    };
    rastro.stop().await;
    let estados = ids.iter().map(|id| sabido.estado(id));
    let mut resumen = Resumen::of(u64::from(plan.ingestas), estados);
    resumen.eliminada_y_fallida = sabido.ambas();
    resumen.decididas = persona.decided();
    resumen.avisos(avisos, sabido.avisos());
    (resumen.reinicios, resumen.muertes) = (children.restarts(), muerte.count());
    resumen.auditoria = auditoria;
    Ok(resumen)
}

/// Starts again what has died, and kills whose turn it is.
async fn keep(children: &mut Children, muerte: &mut Muerte, out: Out) -> anyhow::Result<()> {
    children.keep_alive(out).await?;
    if let Some(quien) = muerte.due() {
        out.text(format_args!("  {} is killed", quien.nombre()));
        children.kill(quien).await?;
    }
    Ok(())
}

/// The same on and on; ends only with what cannot be mended.
async fn keeping(children: &mut Children, muerte: &mut Muerte, out: Out) -> anyhow::Error {
    loop {
        if let Err(error) = keep(children, muerte, out).await {
            return error;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether nothing more is expected of this one.
fn has_ended(id: &str, sabido: &Sabido, persona: &Persona) -> bool {
    match sabido.estado(id).as_str() {
        "en camino" => false,
        "Alertada" => persona.lets_wait(id),
        _ => true,
    }
}

/// Asks everybody, and compares.
async fn auditar(
    terreno: &Terreno,
    puerta: &Puerta,
    ids: &[String],
    sabido: &Sabido,
) -> anyhow::Result<Auditoria> {
    let vistas = puerta.estados(ids).await?;
    let libros = libros::leer(terreno).await?;
    let vistos: BTreeMap<String, Visto> = vistas
        .into_iter()
        .map(|(id, vista)| {
            let topico = sabido.estado(&id);
            (id, Visto { vista, topico })
        })
        .collect();
    Ok(Auditoria::new(&libros, &vistos))
}

/// Whether each failure and each alert has its notification, and none is open.
fn is_told(avisos: &Avisos, sabido: &Sabido) -> bool {
    let open = [EstadoNotificacion::Pedida, EstadoNotificacion::Enviando];
    let is_open = |estado: &EstadoNotificacion| avisos.contains_key(estado.as_str());
    avisos.values().sum::<u64>() == sabido.avisos() && !open.iter().any(is_open)
}
