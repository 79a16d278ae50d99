//! A writer: one connection of its own, one batch at a time, every caller answered.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use tokio::sync::Mutex;

use super::batch::{Arrays, outcomes, part, sort};
use super::loser::judge;
use super::pack;
use super::queue::{Queue, Request, Taken};
use super::shared::SharedFailure;
use super::whole;
use crate::postgres::bell::Bell;
use crate::postgres::{Database, classify};
use crate::{AppendError, CommandOutcome, StoreError};

/// How often a batch that a rival rolled back is sent again.
pub(super) const AGAIN_MAX: u32 = 3;
/// A connection that was idle for longer is asked whether it still lives, before a command is
/// entrusted to it: a command lost with a dead connection has an unknown outcome.
const TRUSTED: Duration = Duration::from_millis(500);

pub(super) struct Writer {
    database: Database,
    bell: Arc<Bell>,
    connection: Option<PgConnection>,
    used: Instant,
}

impl Writer {
    pub(super) fn new(database: Database, bell: Arc<Bell>) -> Self {
        Self {
            database,
            bell,
            connection: None,
            used: Instant::now(),
        }
    }

    /// Works until nobody can append any more and everything that waited is answered.
    pub(super) async fn run(mut self, queue: Arc<Mutex<Queue>>) {
        loop {
            let taken = queue.lock().await.take().await;
            match taken {
                None => return,
                Some(Taken::One(request)) => self.one(request).await,
                Some(Taken::Many(requests)) => {
                    let moved_on = self.many(requests).await;
                    let lost = queue.lock().await.overtaken(&moved_on);
                    self.lost(lost);
                }
            }
        }
    }

    /// Stores one command with a statement of its own.
    async fn one(&mut self, request: Request) {
        // It may be sent again after a rival rolled it back, each time with the whole limit.
        let limit = self.database.answers_within();
        let limit = limit.map(|limit| limit * (AGAIN_MAX + 1));
        let answer = match self.connection().await {
            Err(cause) => Err(AppendError::NotStored(cause)),
            Ok(connection) => {
                let answer = whole::append(connection, &request.append);
                within(limit, answer).await
            }
        };
        self.settle(&answer);
        match answer {
            Err(AppendError::Conflict) => self.lost(vec![request]),
            answer => request.answer(answer),
        }
    }

    /// Stores what it can of a batch; answers with the streams whose state is no longer the one
    /// that a waiting command was decided on.
    async fn many(&mut self, mut requests: Vec<Request>) -> HashSet<crate::StreamId> {
        sort(&mut requests);
        let mut tries = 0;
        let won = loop {
            tries += 1;
            match self.pack(&requests).await {
                Err(classify::Append::Again(_)) if tries <= AGAIN_MAX => {}
                Err(classify::Append::Again(cause)) => break Err(AppendError::NotStored(cause)),
                Err(classify::Append::Taken) => break Err(AppendError::Conflict),
                Err(classify::Append::Ended(error)) => break Err(error),
                Ok(won) => break Ok(won),
            }
        };
        let failure = match won {
            Ok(won) => return self.answer(requests, won),
            Err(error) => SharedFailure::of(error),
        };
        match failure {
            Ok(shared) => {
                // A connection that failed is not used again, whatever its state.
                self.connection = None;
                requests
                    .into_iter()
                    .for_each(|request| request.answer(Err(shared.told())));
            }
            // Some command of the batch is refused: each by itself, so that only that one fails.
            Err(_) => {
                for request in requests {
                    self.one(request).await;
                }
            }
        }
        HashSet::new()
    }

    async fn pack(
        &mut self,
        requests: &[Request],
    ) -> Result<Vec<Option<CommandOutcome>>, classify::Append> {
        let not_stored = |cause| classify::Append::Ended(AppendError::NotStored(cause));
        let database = self.database.clone();
        let connection = self.connection().await.map_err(not_stored)?;
        let arrays = Arrays::of(requests);
        let sent = database.in_time(pack::send(connection, &arrays)).await;
        let rows = sent.map_err(classify::append)?;
        self.used = Instant::now();
        outcomes(requests, &rows).map_err(|error| {
            let cause = classify::store("reading an append's answer", error);
            classify::Append::Ended(AppendError::Unknown(cause))
        })
    }

    fn answer(
        &self,
        requests: Vec<Request>,
        won: Vec<Option<CommandOutcome>>,
    ) -> HashSet<crate::StreamId> {
        if won.iter().any(Option::is_some) {
            self.bell.ring();
        }
        let mut moved_on = HashSet::with_capacity(requests.len());
        let mut losers = Vec::new();
        for (request, outcome) in requests.into_iter().zip(won) {
            moved_on.insert(part(&request).stream.clone());
            match outcome {
                Some(outcome) => request.answer(Ok(outcome)),
                None => losers.push(request),
            }
        }
        self.lost(losers);
        moved_on
    }

    /// Tells losers why, without keeping the next batch waiting.
    fn lost(&self, requests: Vec<Request>) {
        let (named, unnamed): (Vec<_>, Vec<_>) = requests
            .into_iter()
            .partition(|request| request.append.command.is_some());
        unnamed
            .into_iter()
            .for_each(|request| request.answer(Err(AppendError::Conflict)));
        if named.is_empty() {
            return;
        }
        let database = self.database.clone();
        tokio::spawn(async move {
            for request in named {
                let error = judge(&database, &request.append).await;
                request.answer(Err(error));
            }
        });
    }

    fn settle(&mut self, answer: &Result<CommandOutcome, AppendError>) {
        match answer {
            Ok(_) => {
                self.used = Instant::now();
                self.bell.ring();
            }
            Err(AppendError::Unknown(_) | AppendError::NotStored(_)) => self.connection = None,
            Err(_) => {}
        }
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        if self.database.pool().is_closed() {
            // Closed is closed, although these connections are no part of the pool.
            self.connection = None;
            return Err(classify::store("appending events", sqlx::Error::PoolClosed));
        }
        if self.used.elapsed() > TRUSTED
            && let Some(connection) = &mut self.connection
            && self.database.in_time(connection.ping()).await.is_err()
        {
            self.connection = None;
        }
        if self.connection.is_none() {
            self.connection = Some(self.database.appending_connection().await?);
        }
        self.used = Instant::now();
        Ok(self.connection.as_mut().expect("it was made a line ago"))
    }
}

/// An answer that does not come in time is unknown: the statement was sent.
async fn within(
    limit: Option<Duration>,
    answer: impl Future<Output = Result<CommandOutcome, AppendError>>,
) -> Result<CommandOutcome, AppendError> {
    let Some(limit) = limit else {
        return answer.await;
    };
    tokio::time::timeout(limit, answer)
        .await
        .unwrap_or_else(|cause| {
            Err(AppendError::Unknown(StoreError::Unavailable {
                attempted: "appending events",
                cause: Box::new(cause),
            }))
        })
}
