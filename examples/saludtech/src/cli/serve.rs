//! A neighbour, until it is told to stop.
//!
//! Promises: says on stdout where it is asked how it is, once it runs; a signal during the start
//! ends it too, and nothing is left running.

use anyhow::{Context, bail};
use serde_json::json;

use super::args::{AnonimizadorArgs, EtiquetadoArgs, NotificacionesArgs, Via};
use super::out::Out;
use super::signals::StopSignals;
use crate::anonimizador::{self, Seudonimizador};
use crate::etiquetado;
use crate::neighbour::{Ground, Options, Parts, Running};
use crate::notificaciones::{self, Archivo, Correo, Despacho, Direcciones, Registro, Smtp};

const PORT_ANONIMIZADOR: u16 = 5001;
const PORT_ETIQUETADO: u16 = 5002;
const PORT_NOTIFICACIONES: u16 = 5003;

pub(super) async fn anonimizador(args: &AnonimizadorArgs, out: &Out) -> anyhow::Result<()> {
    let options = args.common.options(anonimizador::NOMBRE, PORT_ANONIMIZADOR);
    let seudonimos = clave(args, &options)?;
    run(&options, out, async |ground| {
        anonimizador::parts(&ground, &options, &seudonimos)
    })
    .await
}

/// A key of its own only where nobody else can share the database.
fn clave(args: &AnonimizadorArgs, options: &Options) -> anyhow::Result<Seudonimizador> {
    if let Some(path) = &args.clave {
        return Ok(Seudonimizador::from_file(path)?);
    }
    if options.database_url.is_some() {
        bail!(
            "a given database may be shared, so all instances need the same key: make one with \
             `openssl rand -hex 32 > FILE` and name it with --clave FILE"
        );
    }
    let folder = &options.data_dir;
    std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    Ok(Seudonimizador::from_file_or_new(&folder.join("clave"))?)
}

pub(super) async fn etiquetado(args: &EtiquetadoArgs, out: &Out) -> anyhow::Result<()> {
    let options = args.common.options(etiquetado::NOMBRE, PORT_ETIQUETADO);
    run(&options, out, async |ground| {
        etiquetado::parts(&ground, &options)
    })
    .await
}

pub(super) async fn notificaciones(args: &NotificacionesArgs, out: &Out) -> anyhow::Result<()> {
    let options = args
        .common
        .options(notificaciones::NOMBRE, PORT_NOTIFICACIONES);
    let correo = Correo::new(Direcciones {
        de: args.de.clone(),
        para_fallos: args.para_fallos.clone(),
        para_alertas: args.para_alertas.clone(),
    })?;
    let despacho: std::sync::Arc<dyn Despacho> = match args.via {
        Via::Archivo => std::sync::Arc::new(Archivo::new(options.data_dir.join("correos"))?),
        Via::Registro => std::sync::Arc::new(Registro),
        Via::Smtp => std::sync::Arc::new(Smtp::new(&args.smtp)?),
    };
    run(&options, out, async |ground| {
        notificaciones::parts(&ground, &options, correo, despacho, args.intentos).await
    })
    .await
}

async fn run<F>(options: &Options, out: &Out, make: F) -> anyhow::Result<()>
where
    F: AsyncFnOnce(Ground) -> anyhow::Result<Parts>,
{
    let mut signals = StopSignals::new().context("listen for signals")?;
    let mut running = tokio::select! {
        started = Running::start(options, make) => started?,
        () = signals.next() => bail!("interrupted while starting"),
    };
    let url = format!("http://{}", running.addr);
    out.json(&json!({
        "event": "ready",
        "service": options.name,
        "url": url,
        "pid": std::process::id(),
    }));
    out.text(format_args!("{} is ready", options.name));
    out.text(format_args!("  health  {url}/health"));
    out.text(format_args!("  broker  {}", options.kafka.brokers));
    out.text("  stop    Ctrl-C or SIGTERM");
    let failed = tokio::select! {
        () = signals.next() => None,
        error = running.failed() => Some(error),
    };
    tracing::info!("stopping");
    tokio::select! {
        stopped = running.stop() => stopped?,
        () = signals.next() => tracing::warn!("second signal: not waiting any longer"),
    }
    failed.map_or(Ok(()), Err)
}
