//! The sides that are compared: vanilla postgres-es and Ingesta, each with and without a view.
//!
//! Each side has a database of its own on the same server. Promises: a side executes the same
//! domain command through its own public way in, on as many connections as the other; where both
//! keep a view it is the same view.

mod ours;
mod seed;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::ensure;
use ingesta_domain::ingesta::IngestaCommand;
use sqlx::PgPool;

use crate::closed_loop::{self, Load, Measured};
use crate::postgres::Server;
use crate::vanilla::{self, Shown};

pub use ours::{Ours, shown};
pub use seed::HISTORY;

type Answer = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// One way to execute a command.
#[derive(Clone)]
pub struct Side {
    pool: PgPool,
    execute: Arc<dyn Fn(String, IngestaCommand) -> Answer + Send + Sync>,
    /// The follower that keeps the view behind the commands, where there is one.
    ours: Option<Ours>,
    /// True where rows of a view must be there before its aggregates are updated.
    seeds_view: bool,
}

impl Side {
    /// postgres-es.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn vanilla(server: &mut Server, with_view: bool) -> anyhow::Result<Self> {
        let pool = Server::pool(&server.database("vanilla").await?).await?;
        sqlx::raw_sql(vanilla::SCHEMA).execute(&pool).await?;
        let (query, lost) = vanilla::view::<Shown>(&pool);
        let commands = Arc::new(vanilla::commands(&pool, with_view.then_some(query)));
        let execute = move |id: String, command| -> Answer {
            let (commands, lost) = (Arc::clone(&commands), lost.clone());
            Box::pin(async move {
                commands.execute(&id, command).await?;
                lost.check()
            })
        };
        Ok(Self {
            pool,
            execute: Arc::new(execute),
            ours: None,
            seeds_view: with_view,
        })
    }

    /// Ingesta, keeping this many aggregates in memory.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn ingesta(
        server: &mut Server,
        cached: usize,
        with_view: bool,
    ) -> anyhow::Result<Self> {
        let url = server.database("ingesta").await?;
        let mut ours = Ours::open(&url, cached).await?;
        if with_view {
            ours.keep_view().await?;
        }
        let pool = ours.database.pool().clone();
        let this = ours.clone();
        let execute = move |id: String, command| -> Answer {
            let ours = this.clone();
            Box::pin(async move { ours.execute(&id, command).await.map(drop) })
        };
        Ok(Self {
            pool,
            execute: Arc::new(execute),
            ours: Some(ours),
            seeds_view: false,
        })
    }

    /// Executes commands in a closed loop; a view that is kept behind them must have caught up
    /// before the time ends.
    ///
    /// # Errors
    /// The first failure.
    pub async fn window<C>(&self, load: Load, command: C) -> anyhow::Result<Measured>
    where
        C: Fn(u64) -> (String, IngestaCommand) + Send + Sync + 'static,
    {
        let side = self.clone();
        let execute = move |number| {
            let (id, command) = command(number);
            (side.execute)(id, command)
        };
        closed_loop::run(load, execute, self.settle()).await
    }

    /// Waits for the view, if it is kept behind the commands.
    ///
    /// # Errors
    /// When it does not catch up.
    pub async fn settle(&self) -> anyhow::Result<()> {
        match &self.ours {
            Some(ours) => ours.settle().await,
            None => Ok(()),
        }
    }

    /// Makes sure that the view holds every aggregate, and ends its follower.
    ///
    /// # Errors
    /// When it does not.
    pub async fn finish(&self) -> anyhow::Result<()> {
        let keeps = self.seeds_view || self.ours.as_ref().is_some_and(Ours::keeps_view);
        self.settle().await?;
        if let Some(ours) = &self.ours {
            ours.stop().await?;
        }
        if keeps {
            let missing: i64 = sqlx::query_scalar(
                "select count(*) from events e left join ingesta_view v on v.view_id = e.aggregate_id \
                  where e.sequence = 1 and v.view_id is null",
            )
            .fetch_one(&self.pool)
            .await?;
            ensure!(missing == 0, "{missing} aggregates are missing in a view");
        }
        Ok(())
    }
}
