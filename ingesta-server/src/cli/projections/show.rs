//! `ingesta projections show`: one row, as it is in its table or as it was.
//!
//! Promises: a past row is the fold of the log up to then, whatever became of the table; asks, and
//! changes nothing.
//! Does not: hide personal data, for the row is what was asked for.

use ingesta_event_store::{Moment, PostgresStorage, SETTLE_WITHIN};
use ingesta_projections::{Projection, ProjectionSubscriber, ReadError, Row, as_of};
use serde::Serialize;
use serde_json::json;

use super::chosen;
use crate::app::{event_codec, imagenes, ingestas, vista_de_sagas};
use crate::cli::args::{ProjectionNames, ShowRowArgs};
use crate::cli::database::Opened;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Out;
use crate::config::Config;
use crate::registry::{VISTA_IMAGENES, VISTA_SAGAS};

pub(super) async fn run(config: &Config, args: ShowRowArgs, out: &Out) -> Result<Exit, CliError> {
    let names = chosen(&ProjectionNames {
        names: vec![args.name.clone()],
        all: false,
    })?;
    let opened = Opened::existing(config).await?.checked().await?;
    let (database, codec) = (&opened.database, event_codec());
    let shown = if names == [VISTA_IMAGENES] {
        show(&opened, &imagenes(database, &codec), &args, out).await
    } else if names == [VISTA_SAGAS] {
        show(&opened, &vista_de_sagas(database, &codec), &args, out).await
    } else {
        show(&opened, &ingestas(database, &codec), &args, out).await
    };
    opened.close().await?;
    shown.map(|()| Exit::Done)
}

async fn show<P: Projection>(
    opened: &Opened,
    subscriber: &ProjectionSubscriber<P>,
    args: &ShowRowArgs,
    out: &Out,
) -> Result<(), CliError> {
    let row = match args.at.moment() {
        Some(moment) => past(opened, subscriber, &args.key, moment).await?,
        None => match subscriber.view().get(&args.key).await {
            Ok(row) => row,
            Err(ReadError::Store(error)) => return Err(error.into()),
            Err(error) => return Err(CliError::Failed(error.to_string())),
        },
    };
    let Some(row) = row else {
        let there = if args.at.moment().is_some() {
            "there was no such row at that moment"
        } else {
            "there is no such row"
        };
        return Err(CliError::Failed(there.to_owned()));
    };
    print(&args.name, &row, out)
}

async fn past<P: Projection>(
    opened: &Opened,
    subscriber: &ProjectionSubscriber<P>,
    key: &str,
    moment: Moment,
) -> Result<Option<Row<P::State>>, CliError> {
    let storage = PostgresStorage::new(opened.database.clone());
    let row = as_of(
        &storage,
        subscriber.projection(),
        key,
        moment,
        SETTLE_WITHIN,
    );
    Ok(row.await?)
}

fn print<S: Serialize>(name: &str, row: &Row<S>, out: &Out) -> Result<(), CliError> {
    let state = serde_json::to_value(&row.state)
        .map_err(|_| CliError::Failed("the row is no JSON".to_owned()))?;
    out.json(&json!({
        "projection": name,
        "key": row.id,
        "version": row.version,
        "state": state,
    }));
    out.text(format_args!("{name}  {}  version {}", row.id, row.version));
    out.text(format_args!("{state:#}"));
    Ok(())
}
