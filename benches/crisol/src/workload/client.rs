//! One client: what it asks next, and how it brings an operation to an end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Shared;
use super::door::{self, Try};
use crate::history::{Answered, Expectation, Outcome, Sent, What};
use crate::random::Random;

/// Between two operations: the faults are to decide a run, not the CPU.
const PAUSE: Duration = Duration::from_millis(20);
/// Between two tries of one operation.
const PAUSE_BEFORE_RETRY: Duration = Duration::from_millis(50);
/// After this an operation is left as unknown. Longer than any recovery.
const PATIENCE: Duration = Duration::from_secs(45);
/// Ingestas that a client keeps in mind.
const KNOWN_MAX: usize = 32;

/// An ingesta of this client's that is still in its first state, or the end that it came to.
struct Known {
    id: String,
    ended: Option<What>,
}

pub(super) struct Client {
    shared: Arc<Shared>,
    http: reqwest::Client,
    random: Random,
    known: Vec<Known>,
}

impl Client {
    pub(super) fn new(shared: Arc<Shared>, http: reqwest::Client, random: Random) -> Self {
        Self {
            shared,
            http,
            random,
            known: Vec::new(),
        }
    }

    /// Until it is told to stop.
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        while !self.shared.stopping() {
            match self.random.between(0, 99) {
                0..50 => self.create().await?,
                50..75 => self.end().await?,
                _ => self.read().await?,
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn create(&mut self) -> anyhow::Result<()> {
        let (url, modality, expectation) = match self.random.between(0, 99) {
            // Refused at the door.
            0..8 => ("http", "CT", Expectation::Refusal),
            // Accepted, and its image is refused: a reaction of a reaction.
            8..18 => (
                "https://imagenes.example.org/a.dcm",
                "??",
                Expectation::Event,
            ),
            _ => (
                "https://imagenes.example.org/a.dcm",
                "CT",
                Expectation::Event,
            ),
        };
        let body = door::creation(self.random.number() >> 40, url, modality);
        let (outcome, id) = self.operate(What::Crear, None, expectation, &body).await?;
        // One that will be rejected by itself is left alone.
        if let (Outcome::Ok, Some(id), "CT") = (outcome, id, modality) {
            if self.known.len() == KNOWN_MAX {
                self.known.remove(0);
            }
            self.known.push(Known { id, ended: None });
        }
        Ok(())
    }

    async fn end(&mut self) -> anyhow::Result<()> {
        let Some(place) = self.choose() else {
            return Ok(());
        };
        let what = if self.random.percent(50) {
            What::Eliminar
        } else {
            What::Revertir
        };
        let known = &self.known[place];
        let expectation = match known.ended {
            None => Expectation::Event,
            Some(ended) if ended == what => Expectation::Nothing,
            Some(_) => Expectation::Refusal,
        };
        let (id, body) = (
            known.id.clone(),
            json!({ "motivo": "una prueba de fallas" }),
        );
        let (outcome, _) = self.operate(what, Some(id), expectation, &body).await?;
        match (outcome, expectation) {
            (Outcome::Ok, Expectation::Event) => self.known[place].ended = Some(what),
            // What has become of it, only the log knows.
            (Outcome::Unknown, Expectation::Event) => drop(self.known.remove(place)),
            _ => {}
        }
        Ok(())
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        let Some(place) = self.choose() else {
            return Ok(());
        };
        let id = self.known[place].id.clone();
        self.operate(What::Leer, Some(id), Expectation::Nothing, &Value::Null)
            .await?;
        Ok(())
    }

    fn choose(&mut self) -> Option<usize> {
        let last = u64::try_from(self.known.len()).ok()?.checked_sub(1)?;
        usize::try_from(self.random.between(0, last)).ok()
    }

    /// Writes it down, sends it until its end is known, and writes that down.
    async fn operate(
        &mut self,
        what: What,
        id: Option<String>,
        expectation: Expectation,
        body: &Value,
    ) -> anyhow::Result<(Outcome, Option<String>)> {
        let number = self.shared.numbers.fetch_add(1, Ordering::Relaxed);
        let key = format!("{}-{number}", self.shared.run);
        let sent = Sent {
            number,
            key,
            what,
            id,
            expectation,
        };
        self.shared.recorder.sent(&sent)?;
        let answered = self.bring_to_an_end(&sent, body).await;
        self.shared.recorder.answered(&answered)?;
        self.shared.count(answered.outcome);
        Ok((answered.outcome, answered.id))
    }

    async fn bring_to_an_end(&mut self, sent: &Sent, body: &Value) -> Answered {
        let began = Instant::now();
        let number = sent.number;
        let (mut tries, mut faults, mut last) = (0, 0, None);
        loop {
            tries += 1;
            let answer = self.try_once(sent, body).await;
            let (outcome, status, id) = match answer {
                Try::Acknowledged { status, id } => (Outcome::Ok, Some(status), id),
                Try::Refused { status } => (Outcome::Rejected, Some(status), None),
                Try::Open { status, fault } => {
                    faults += u32::from(fault);
                    last = status.or(last);
                    // Some clients never come back: their commands are there once, or not at all.
                    let gives_up = began.elapsed() > PATIENCE || self.random.percent(3);
                    if !gives_up {
                        tokio::time::sleep(PAUSE_BEFORE_RETRY).await;
                        continue;
                    }
                    (Outcome::Unknown, last, None)
                }
            };
            return Answered {
                number,
                outcome,
                status,
                id,
                tries,
                faults,
            };
        }
    }

    /// One try, which the client may leave in the middle.
    async fn try_once(&mut self, sent: &Sent, body: &Value) -> Try {
        let server = self.shared.server.borrow().clone();
        let request = door::send(&self.http, &server, sent, body);
        if !self.random.percent(4) {
            return request.await;
        }
        let patience = Duration::from_micros(self.random.between(500, 30_000));
        if let Ok(answer) = tokio::time::timeout(patience, request).await {
            return answer;
        }
        self.shared.hang_ups.fetch_add(1, Ordering::Relaxed);
        Try::Open {
            status: None,
            fault: false,
        }
    }
}
