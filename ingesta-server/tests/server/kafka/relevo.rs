//! Two servers on one database and one broker: one relay at a time, and another goes on where it ended.
//!
//! T-15 for the relays: their server is killed, and frozen and woken, while commands flow.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use ingesta_server::mensajes::Esquema;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::contado::{Contado, contar};
use super::operador::{Desk, desk, topics_ready};
use super::stage::Leido;
use crate::cli::support::Server;
use crate::test_app::cuerpo;

const RELAY: &str = "integracion_ingesta";
/// Those of a server without settings.
const PARTITIONS: i32 = 6;
const LANES: usize = 2;
const MORE: i64 = 60;

/// The servers that clients may ask.
type Addresses = watch::Sender<Vec<String>>;

/// Sends it to one server after the other until one has done it. A frozen one does not answer.
async fn insist(
    addresses: &watch::Receiver<Vec<String>>,
    path: &str,
    key: &str,
    body: &Value,
) -> Value {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(5))
        .build()
        .expect("a client");
    for turn in 0.. {
        let url = {
            let known = addresses.borrow();
            known[turn % known.len()].clone()
        };
        let request = client.post(format!("{url}{path}")).json(body);
        let sent = request.header("idempotency-key", key).send().await;
        if let Ok(answer) = sent
            && answer.status() == 202
            && let Ok(answer) = answer.json().await
        {
            return answer;
        }
    }
    unreachable!("it insists")
}

/// Ingestas from beginning to end, one after the other, until it is told to stop.
async fn live(lane: usize, addresses: watch::Receiver<Vec<String>>, stop: CancellationToken) {
    for number in 0.. {
        if stop.is_cancelled() {
            return;
        }
        let key = |step: &str| format!("{lane}-{number}-{step}");
        let create = "/ingesta/crear-ingesta-comando";
        let created = insist(&addresses, create, &key("c"), &cuerpo()).await;
        let id = created["id_ingesta"].as_str().expect("an id").to_owned();
        for step in ["iniciar", "alertar", "eliminar"] {
            let path = format!("/ingesta/{id}/{step}");
            let body = json!({ "motivo": "limpieza" });
            insist(&addresses, &path, &key(step), &body).await;
        }
    }
}

/// Where the relay is: who works, since when, and how far.
#[derive(Debug)]
struct Term {
    pid: u32,
    epoch: i64,
    place: i64,
}

async fn term(desk: &Desk) -> Option<Term> {
    let sql = format!(
        "select split_part(owner, '-', 1) || ' ' || epoch || ' ' || position
           from ingesta_subscriptions where name = '{RELAY}' and owner is not null"
    );
    let row = desk.ground.texts(&sql).await.pop()?;
    let mut parts = row.split(' ');
    let mut number = || -> Option<i64> { parts.next()?.parse().ok() };
    Some(Term {
        pid: u32::try_from(number()?).ok()?,
        epoch: number()?,
        place: number()?,
    })
}

/// Waits until a relay has got further than this, of a later term than `epoch`.
async fn later(desk: &Desk, epoch: i64, place: i64) -> Term {
    desk.ground
        .eventually("a relay to go on", async || {
            let now = term(desk).await?;
            (now.epoch > epoch && now.place > place).then_some(now)
        })
        .await
}

/// How many events are stored behind the relay's checkpoint.
async fn behind(desk: &Desk) -> i64 {
    let sql = format!(
        "select count(*) from events e, ingesta_subscriptions s where s.name = '{RELAY}'
            and aggregate_type = 'Ingesta' and (e.xact, e.position) > (s.xact, s.position)"
    );
    desk.ground.ask(&sql).await
}

/// Waits until so many more events are stored.
async fn more_events(desk: &Desk) {
    let count = "select count(*) from events";
    let before = desk.ground.ask(count).await;
    desk.ground
        .eventually("commands to go on", async || {
            (desk.ground.ask(count).await >= before + MORE).then_some(())
        })
        .await;
}

/// Takes the server that has the relay out of the others.
fn holder(servers: &mut Vec<Server>, term: &Term) -> Server {
    let found = servers.iter().position(|server| server.pid() == term.pid);
    servers.remove(found.expect("one of ours has the relay"))
}

fn tell(addresses: &Addresses, servers: &[&Server]) {
    let urls = servers.iter().map(|server| server.url.clone()).collect();
    addresses.send_replace(urls);
}

/// The relay's server is killed and a new one comes; whoever has the relay then freezes, and wakes.
/// Answers who runs then, how long nothing was published each time, and how many events the two
/// relays can have had in hand.
async fn faults(
    desk: &Desk,
    mut servers: Vec<Server>,
    addresses: &Addresses,
) -> (Vec<Server>, [Duration; 2], i64) {
    let first = later(desk, 0, 0).await;
    more_events(desk).await;
    holder(&mut servers, &first).kill();
    let killed = Instant::now();
    let mut in_hand = behind(desk).await;
    servers.push(desk.serve());
    tell(addresses, &[&servers[0], &servers[1]]);
    let place = term(desk).await.map_or(0, |term| term.place);
    let second = later(desk, first.epoch, place).await;
    let after_kill = killed.elapsed();
    more_events(desk).await;

    let frozen = holder(&mut servers, &second);
    frozen.signal(Signal::STOP);
    let stopped = Instant::now();
    in_hand += behind(desk).await;
    // Whoever waits for its answer asks the other one in the end.
    tell(addresses, &[&servers[0]]);
    let place = term(desk).await.map_or(0, |term| term.place);
    let third = later(desk, second.epoch, place).await;
    let after_freeze = stopped.elapsed();
    assert_ne!(third.pid, second.pid);
    more_events(desk).await;
    frozen.signal(Signal::CONT);
    desk.ground
        .eventually(
            "the woken one to know that it has lost its place",
            async || {
                let (_, ready) = frozen.get("/readyz").await;
                let all = ready["components"].as_array()?.iter();
                let mut relays = all.filter(|it| it["name"] == RELAY);
                let detail = relays.next()?["detail"].as_str()?.to_owned();
                // Or it has taken it again, in a term of its own.
                let again = term(desk).await.is_some_and(|now| now.epoch > third.epoch);
                (detail.contains("standing by") || again).then_some(())
            },
        )
        .await;
    servers.push(frozen);
    more_events(desk).await;
    (servers, [after_kill, after_freeze], in_hand)
}

/// Every message against the log; answers how many are repetitions.
fn compare(told: &[Leido], stored: &BTreeSet<String>) -> usize {
    let Contado {
        firsts,
        repetitions,
    } = contar(told);
    let mut keys: BTreeMap<&str, u64> = BTreeMap::new();
    for one in &firsts {
        let next = keys.entry(&one.key).or_default();
        *next += 1;
        let expected = format!("Ingesta/{}/{next}", one.key);
        assert_eq!(one.ce_id, expected, "out of order");
    }
    let told: BTreeSet<_> = firsts.iter().map(|one| one.ce_id.clone()).collect();
    let lost: Vec<_> = stored.difference(&told).collect();
    assert!(lost.is_empty(), "{} events are lost: {lost:?}", lost.len());
    assert_eq!(told.len(), stored.len(), "only what is stored is told");
    repetitions
}

#[tokio::test(flavor = "multi_thread")]
async fn t_15_a_relay_that_is_killed_and_one_that_freezes_leave_no_gap() {
    let Some(desk) = desk().await else {
        return;
    };
    let servers = vec![desk.serve(), desk.serve()];
    topics_ready(&servers[0]).await;
    let addresses = Addresses::default();
    tell(&addresses, &[&servers[0], &servers[1]]);
    let stop = CancellationToken::new();
    // Tasks of their own: whoever waits for a process must not hold them up.
    let lanes: JoinSet<()> = (0..LANES)
        .map(|lane| live(lane, addresses.subscribe(), stop.clone()))
        .collect();
    let (servers, [killed, frozen], in_hand) = faults(&desk, servers, &addresses).await;
    stop.cancel();
    lanes.join_all().await;
    desk.ground
        .eventually("everything to be published", async || {
            (behind(&desk).await == 0).then_some(())
        })
        .await;
    for server in servers {
        assert_eq!(server.terminate(), Some(0));
    }
    let ids = "select aggregate_type || '/' || aggregate_id || '/' || sequence from events
                where aggregate_type = 'Ingesta'";
    let stored = desk.ground.texts(ids).await.into_iter().collect();
    let told = desk
        .stage
        .leer_todo(Esquema::EventosIngesta, PARTITIONS)
        .await;
    let repetitions = compare(&told, &stored);
    let at_most = usize::try_from(in_hand).expect("a count");
    assert!(
        repetitions <= at_most,
        "{repetitions} of {at_most} are repeated"
    );
    let events = stored.len();
    println!(
        "{events} events, {repetitions} repetitions; handed over after {killed:.1?}, {frozen:.1?}"
    );
}
