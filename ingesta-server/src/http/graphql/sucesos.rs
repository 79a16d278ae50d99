//! What is told while it happens: the live feeds, as a subscription.

use async_graphql::{Context, Result, Subscription};
use futures_util::{Stream, StreamExt as _, stream};
use ingesta_http::Problem;
use ingesta_http::live::{Watch, WatchFrom};

use super::tipos::{Canal, Suceso};
use super::{app, error, quien};
use crate::acceso::Rol;
use crate::http::vivo::{self, visible};
use crate::mensajes::Esquema;

/// Everything that is told.
pub(in crate::http) struct Sucesos;

#[Subscription]
impl Sucesos {
    /// What happens, in the order of the log. `desde` is `inicio` or a cursor; without it, what
    /// happens next.
    async fn sucesos(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "Canal::Todo")] canal: Canal,
        desde: Option<String>,
    ) -> Result<impl Stream<Item = Suceso>> {
        let principal = quien(context)?;
        if canal == Canal::Alertas && principal.rol() < Rol::Admin {
            let detail = "su papel no permite esto";
            return Err(error(&Problem::forbidden("papel_insuficiente", detail)));
        }
        let topics = match canal {
            Canal::Todo => vivo::ALL.to_vec(),
            Canal::Fallos => vec![Esquema::EventoFalloIngesta],
            Canal::Alertas => vec![Esquema::EventoAlertaIngesta],
        };
        let from = WatchFrom::of(&axum::http::HeaderMap::new(), desde.as_deref());
        let from = from.map_err(|problem| error(&problem))?;
        let watch = app(context)?.vivo.watch(from, visible(principal, topics));
        Ok(told(watch.await.map_err(|problem| error(&problem))?))
    }
}

fn told(watch: Watch) -> impl Stream<Item = Suceso> {
    let batches = stream::unfold(watch, async |mut watch| {
        let batch = watch.next().await?;
        let sucesos: Vec<Suceso> = batch
            .told()
            .map(|(cursor, frame)| Suceso {
                topico: frame.topic().to_owned(),
                cursor: cursor.map(|cursor| cursor.to_string()),
                mensaje: frame.data().to_owned(),
            })
            .collect();
        Some((stream::iter(sucesos), watch))
    });
    batches.flatten()
}
