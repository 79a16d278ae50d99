//! Loads the streams that many callers ask for at once with one statement.
//!
//! Two readers own their connections, so a load costs one round trip and no check of a pooled
//! connection before and after it; a lone caller waits for nobody. This is only a faster way: what
//! fails here is asked again, stream by stream, through the pool, and that answer counts.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row, TypeInfo, ValueRef};
use tokio::sync::{mpsc, oneshot};

use super::appender::xid8;
use super::load::load_stream;
use super::patience::Patience;
use super::row::bigint;
use super::{Database, classify};
use crate::{Position, RecordedEvent, StoreError, StreamId};

/// While one is away for its rows, the other takes what has gathered.
const READERS: usize = 2;
/// Loads that wait; beyond this callers wait to be let in.
const WAITING_MAX: usize = 4_096;
/// Streams of one statement: enough to share a round trip, few enough not to wait for each other.
const TOGETHER_MAX: usize = 64;

/// The rows come in the order of the request: the server walks the array, stream by stream. JSON is
/// sent as it is stored: a cast to text would print it once more before.
const LOAD: &str = "
select u.n, e.xact, e.position, e.sequence, e.event_type, e.event_version,
       e.payload, e.metadata, e.recorded_at
  from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality as u(at, ai, after, n)
 cross join lateral (
       select * from events s
        where s.aggregate_type = u.at and s.aggregate_id = u.ai and s.sequence > u.after
        order by s.sequence) e";

type Loaded = Result<Vec<RecordedEvent>, StoreError>;

struct Request {
    stream: StreamId,
    after: u64,
    answer: oneshot::Sender<Loaded>,
}

/// A handle on the readers, which begin with the first load and end with the last handle.
#[derive(Clone)]
pub(super) struct Loader {
    database: Database,
    door: Arc<Mutex<Option<mpsc::Sender<Request>>>>,
}

impl Loader {
    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            door: Arc::default(),
        }
    }

    /// The events of a stream after sequence `after`.
    pub(super) async fn load(&self, stream: &StreamId, after: u64) -> Loaded {
        if stream.aggregate_id.contains('\0') || stream.aggregate_type.contains('\0') {
            // No text of this database has one, so there is no such stream.
            return Ok(Vec::new());
        }
        let (answer, answered) = oneshot::channel();
        let request = Request {
            stream: stream.clone(),
            after,
            answer,
        };
        if self.door().send(request).await.is_ok()
            && let Ok(loaded) = answered.await
        {
            return loaded;
        }
        // The readers' runtime has ended.
        load_stream(&self.database, stream, after).await
    }

    /// Readers live on the runtime of the first caller; when that has ended, the next caller's
    /// runtime carries on.
    fn door(&self) -> mpsc::Sender<Request> {
        let mut door = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = door.as_ref().filter(|open| !open.is_closed()) {
            return open.clone();
        }
        let (open, waiting) = mpsc::channel(WAITING_MAX);
        let queue = Arc::new(tokio::sync::Mutex::new(waiting));
        for _ in 0..READERS {
            let reader = Reader {
                patience: Patience::new(self.database.answers_within()),
                database: self.database.clone(),
                connection: None,
            };
            tokio::spawn(reader.run(Arc::clone(&queue)));
        }
        *door = Some(open.clone());
        open
    }
}

struct Reader {
    database: Database,
    patience: Patience,
    connection: Option<PgConnection>,
}

impl Reader {
    async fn run(mut self, queue: Arc<tokio::sync::Mutex<mpsc::Receiver<Request>>>) {
        while let Some(requests) = gather(&queue).await {
            match self.together(&requests).await {
                Ok(loaded) => {
                    for (request, events) in requests.into_iter().zip(loaded) {
                        // A caller that went away has nobody who could hear it.
                        drop(request.answer.send(Ok(events)));
                    }
                }
                Err(_) => {
                    self.connection = None;
                    each_by_itself(&self.database, requests);
                }
            }
        }
    }

    async fn together(
        &mut self,
        requests: &[Request],
    ) -> Result<Vec<Vec<RecordedEvent>>, StoreError> {
        const ATTEMPTED: &str = "loading streams";
        let failed = |e| classify::store(ATTEMPTED, e);
        if self.database.pool().is_closed() {
            return Err(failed(sqlx::Error::PoolClosed));
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.database.loading_connection().await?),
        };
        let of = |part: fn(&StreamId) -> &str| requests.iter().map(|r| part(&r.stream)).collect();
        let (types, ids): (Vec<&str>, Vec<&str>) =
            (of(|s| &s.aggregate_type), of(|s| &s.aggregate_id));
        let rows = sqlx::query(LOAD)
            .bind(types)
            .bind(ids)
            .bind(requests.iter().map(|r| bigint(r.after)).collect::<Vec<_>>())
            .fetch_all(connection);
        let rows = self.patience.answer(rows).await.map_err(failed)?;
        sort(requests, &rows).map_err(failed)
    }
}

/// What waits, at least one load; `None` once nobody can ask any more.
async fn gather(queue: &tokio::sync::Mutex<mpsc::Receiver<Request>>) -> Option<Vec<Request>> {
    let mut queue = queue.lock().await;
    let mut requests = vec![queue.recv().await?];
    // Callers that were answered a moment ago are about to ask again.
    tokio::task::yield_now().await;
    while requests.len() < TOGETHER_MAX
        && let Ok(next) = queue.try_recv()
    {
        requests.push(next);
    }
    Some(requests)
}

/// At once, so that nobody hears of an outage later than the others.
fn each_by_itself(database: &Database, requests: Vec<Request>) {
    for request in requests {
        let database = database.clone();
        tokio::spawn(async move {
            let loaded = load_stream(&database, &request.stream, request.after).await;
            drop(request.answer.send(loaded));
        });
    }
}

fn sort(requests: &[Request], rows: &[PgRow]) -> Result<Vec<Vec<RecordedEvent>>, sqlx::Error> {
    // Streams that are loaded together are about as long as one another.
    let length = rows.len().div_ceil(requests.len().max(1));
    let lists = requests.iter().map(|_| Vec::with_capacity(length));
    let mut loaded: Vec<Vec<RecordedEvent>> = lists.collect();
    for row in rows {
        let number: i64 = row.try_get(0)?;
        let place = usize::try_from(number - 1).unwrap_or(usize::MAX);
        let (Some(request), Some(events)) = (requests.get(place), loaded.get_mut(place)) else {
            let answer = "a load answered for nobody's request";
            return Err(sqlx::Error::Protocol(answer.into()));
        };
        let event = event(&request.stream, row)?;
        if events
            .last()
            .is_some_and(|last| last.sequence >= event.sequence)
        {
            return Err(sqlx::Error::Protocol("a load is out of order".into()));
        }
        events.push(event);
    }
    Ok(loaded)
}

fn event(stream: &StreamId, row: &PgRow) -> Result<RecordedEvent, sqlx::Error> {
    let sequence: i64 = row.try_get(3)?;
    Ok(RecordedEvent {
        position: Position::new(xid8(row.try_get_raw(1)?)?, row.try_get(2)?),
        stream: stream.clone(),
        sequence: u64::try_from(sequence).map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
        event_type: row.try_get(4)?,
        event_version: row.try_get(5)?,
        payload: json(row, 6)?,
        metadata: json(row, 7)?,
        recorded_at: row.try_get(8)?,
    })
}

/// The text of a column that holds JSON. Somebody may have changed its type: `jsonb` is sent with
/// its version, a 1, before the text, and of anything else the other way of loading makes a text.
fn json(row: &PgRow, column: usize) -> Result<String, sqlx::Error> {
    let value = row.try_get_raw(column)?;
    let sent = value.as_str().map_err(sqlx::Error::Decode)?;
    let text = match value.type_info().name() {
        "JSON" => Some(sent),
        "JSONB" => sent.strip_prefix('\u{1}'),
        _ => None,
    };
    text.map(str::to_owned)
        .ok_or_else(|| sqlx::Error::Decode("the column does not hold JSON".into()))
}
