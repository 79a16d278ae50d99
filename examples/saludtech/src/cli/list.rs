//! `saludtech notificaciones list`: every notification and how it stands.
//!
//! Promises: what was stored before it was asked is shown, also where the service does not run.

use serde_json::json;

use super::args::{Common, ListArgs};
use super::out::Out;
use crate::neighbour::Opened;
use crate::notificaciones::{self, Lista};

pub(super) async fn run(common: &Common, args: &ListArgs, out: &Out) -> anyhow::Result<()> {
    let name = notificaciones::NOMBRE;
    let given = common.database_url.clone().map(Into::into);
    let opened = Opened::existing(given.as_ref(), &common.data_dir(name), name).await?;
    let listed = list(&opened, args, out).await;
    opened.close().await?;
    listed
}

async fn list(opened: &Opened, args: &ListArgs, out: &Out) -> anyhow::Result<()> {
    let mut lista = Lista::open(&opened.database).await?;
    if !lista.is_current() {
        out.note("the list is still behind: what was stored last may be missing");
    }
    let mut count = 0_u64;
    while let Some(rows) = lista.next().await? {
        for (id, row) in rows {
            if args.estado.is_some_and(|estado| estado != row.estado) {
                continue;
            }
            count += 1;
            out.json(&json!({"event": "notificacion", "id": id, "notificacion": row}));
            out.text(format_args!(
                "{id}  {:<11}  {:<13}  {} tries  {}  {}",
                row.estado.as_str(),
                row.asunto.as_str(),
                row.intentos,
                row.id_ingesta,
                row.codigo.unwrap_or_default(),
            ));
        }
    }
    out.json(&json!({"event": "listed", "notificaciones": count}));
    out.text(format_args!("{count} notifications"));
    Ok(())
}
