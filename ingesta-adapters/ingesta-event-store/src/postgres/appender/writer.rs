//! A writer: one connection of its own, one batch at a time, every caller answered.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

use super::batch::{Arrays, places, sort};
use super::loser::judge;
use super::pack::{self, Losers};
use super::queue::Place;
use super::request::{Request, Taken};
use super::shared::SharedFailure;
use super::whole;
use crate::postgres::bell::Bell;
use crate::postgres::patience::Patience;
use crate::postgres::{Database, classify};
use crate::{AppendError, CommandOutcome, Position, StoreError};

/// How often a batch that a rival rolled back is sent again.
pub(super) const AGAIN_MAX: u32 = 3;
/// A connection that was idle for longer is asked whether it still lives, before a command is
/// entrusted to it: a command lost with a dead connection has an unknown outcome.
const TRUSTED: Duration = Duration::from_millis(500);

/// Batches that are sent with care after one had a loser: they come in crowds.
const CAREFUL_FOR: u32 = 100;

pub(super) struct Writer {
    database: Database,
    bell: Arc<Bell>,
    connection: Option<PgConnection>,
    patience: Patience,
    used: Instant,
    /// Batches that are still to be sent with care.
    careful: u32,
}

impl Writer {
    pub(super) fn new(database: Database, bell: Arc<Bell>) -> Self {
        Self {
            patience: Patience::new(database.answers_within()),
            database,
            bell,
            connection: None,
            used: Instant::now(),
            careful: 0,
        }
    }

    /// Works until nobody can append any more and everything that waited is answered.
    pub(super) async fn run(mut self, mut place: Place) {
        while let Some(taken) = place.take().await {
            match taken {
                Taken::One(request) => {
                    let answer = self.store(&request).await;
                    place.about_to_look();
                    self.tell(request, answer);
                }
                Taken::Many(requests) => self.many(requests, &mut place).await,
            }
        }
    }

    /// Stores one command with a statement of its own.
    async fn store(&mut self, request: &Request) -> Result<CommandOutcome, AppendError> {
        let answer = match self.connection().await {
            Err(cause) => Err(AppendError::NotStored(cause)),
            Ok((connection, patience)) => {
                // It may be sent again after a rival rolled it back.
                let stored = whole::append(connection, &request.append);
                let stored = patience.wait(AGAIN_MAX + 1, stored).await;
                stored.unwrap_or_else(|| Err(AppendError::Unknown(silent())))
            }
        };
        match &answer {
            Ok(_) => self.used = Instant::now(),
            Err(AppendError::Unknown(_) | AppendError::NotStored(_)) => self.connection = None,
            Err(_) => {}
        }
        answer
    }

    fn tell(&self, request: Request, answer: Result<CommandOutcome, AppendError>) {
        if answer.is_ok() {
            self.bell.ring();
        }
        match answer {
            Err(AppendError::Conflict) => self.lost(vec![request]),
            answer => request.answer(answer),
        }
    }

    /// Stores what it can of a batch.
    async fn many(&mut self, mut requests: Vec<Request>, place: &mut Place) {
        sort(&mut requests);
        self.careful = self.careful.saturating_sub(1);
        let mut tries = 0;
        let won = loop {
            tries += 1;
            match self.pack(&requests).await {
                Err(classify::Append::Again(_)) if tries <= AGAIN_MAX => {}
                // Nothing was stored; with care, all but the losers are.
                Err(classify::Append::Taken) if self.careful == 0 => self.careful = CAREFUL_FOR,
                Err(classify::Append::Again(cause)) => break Err(AppendError::NotStored(cause)),
                Err(classify::Append::Taken) => break Err(AppendError::Conflict),
                Err(classify::Append::Ended(error)) => break Err(error),
                Ok(won) => break Ok(won),
            }
        };
        let failure = match won {
            Ok(won) => {
                place.about_to_look();
                return self.answer(requests, won, place);
            }
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
                    let answer = self.store(&request).await;
                    self.tell(request, answer);
                }
            }
        }
    }

    async fn pack(
        &mut self,
        requests: &[Request],
    ) -> Result<Vec<Option<Position>>, classify::Append> {
        let not_stored = |cause| classify::Append::Ended(AppendError::NotStored(cause));
        let losers = match self.careful {
            0 => Losers::Fail,
            _ => Losers::LeftOut,
        };
        let (connection, patience) = self.connection().await.map_err(not_stored)?;
        let arrays = Arrays::of(requests);
        let sent = pack::send(connection, &arrays, losers);
        let sent = patience.answer(sent).await;
        let rows = sent.map_err(classify::append)?;
        self.used = Instant::now();
        places(requests, &rows).map_err(|error| {
            let cause = classify::store("reading an append's answer", error);
            classify::Append::Ended(AppendError::Unknown(cause))
        })
    }

    fn answer(&self, requests: Vec<Request>, won: Vec<Option<Position>>, place: &Place) {
        if won.iter().any(Option::is_some) {
            self.bell.ring();
        }
        // Whoever was passed over because of one of these streams has waited in vain.
        let moved_on: HashMap<_, _> = if place.holds_any() {
            let winners = requests.iter().zip(&won).filter(|(_, won)| won.is_some());
            let parts = winners.map(|(request, _)| request.part());
            parts
                .map(|part| (part.stream.clone(), part.new_version()))
                .collect()
        } else {
            HashMap::new()
        };
        let mut losers = Vec::new();
        for (request, position) in requests.into_iter().zip(won) {
            match position {
                Some(position) => request.stored_at(position),
                None => losers.push(request),
            }
        }
        self.lost(losers);
        if !moved_on.is_empty() {
            self.lost(place.overtaken(&moved_on));
        }
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

    /// The connection, and how long to wait for its answers.
    async fn connection(&mut self) -> Result<(&mut PgConnection, &mut Patience), StoreError> {
        if self.database.pool().is_closed() {
            // Closed is closed, although these connections are no part of the pool.
            self.connection = None;
            return Err(classify::store("appending events", sqlx::Error::PoolClosed));
        }
        if self.used.elapsed() > TRUSTED
            && let Some(connection) = &mut self.connection
            && self.patience.answer(connection.ping()).await.is_err()
        {
            self.connection = None;
        }
        if self.connection.is_none() {
            self.connection = Some(self.database.appending_connection().await?);
        }
        self.used = Instant::now();
        let connection = self.connection.as_mut().expect("it was made a line ago");
        Ok((connection, &mut self.patience))
    }
}

/// What is known of a statement that was sent and not answered.
fn silent() -> StoreError {
    StoreError::Unavailable {
        attempted: "appending events",
        cause: Box::new(std::io::Error::from(std::io::ErrorKind::TimedOut)),
    }
}
