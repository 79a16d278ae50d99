//! Servers that come and go while commands flow on a topic: the group's partitions move under them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ingesta_server::mensajes::Esquema;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::operador::{Desk, desk, topics_ready};
use super::stage::sobre;
use crate::cli::support::Server;
use crate::test_app::cuerpo;

const CREAR: Esquema = Esquema::ComandoCrearIngesta;
const KEYS: usize = 8;
/// Commands that wait at most: more than a server has in hand, so that its partitions are never idle.
const AHEAD: usize = 100;
const MORE: usize = 60;

async fn done(desk: &Desk) -> usize {
    let sql = "select count(*) from events where event_type = 'IngestaCreada'";
    usize::try_from(desk.ground.ask(sql).await).expect("a count")
}

/// Waits until so many more commands are carried out.
async fn progress(desk: &Desk) {
    let before = done(desk).await;
    desk.ground
        .eventually("commands to go on", async || {
            (done(desk).await >= before + MORE).then_some(())
        })
        .await;
}

/// Sends named commands over some keys until it is told to stop, never far ahead of the servers.
/// Answers how many.
async fn send(desk: &Desk, stop: &CancellationToken) -> usize {
    let mut sent = 0;
    while !stop.is_cancelled() {
        for _ in 0..AHEAD / 2 {
            let value = sobre(CREAR, &format!("orden-{sent:06}"), &cuerpo());
            let key = format!("k{}", sent % KEYS);
            desk.stage.escribir(CREAR, &key, Some(value)).await;
            sent += 1;
        }
        desk.ground
            .eventually("the servers to keep up", async || {
                (sent - done(desk).await <= AHEAD / 2).then_some(())
            })
            .await;
    }
    sent
}

/// A server more, while the commands go on: whoever waits for a process here holds them up.
async fn joins(desk: &Arc<Desk>) -> Server {
    let desk = Arc::clone(desk);
    let started = spawn_blocking(move || desk.serve()).await;
    started.expect("a server")
}

/// One joins, one leaves in order, one joins, one is killed: a rebalance each.
async fn come_and_go(desk: &Arc<Desk>, first: Server) -> Server {
    progress(desk).await;
    let second = joins(desk).await;
    progress(desk).await;
    let left = spawn_blocking(|| first.terminate()).await;
    assert_eq!(left.expect("its end"), Some(0));
    progress(desk).await;
    let third = joins(desk).await;
    progress(desk).await;
    second.kill();
    progress(desk).await;
    third
}

#[tokio::test(flavor = "multi_thread")]
async fn t_13_servers_come_and_go_while_commands_flow_and_each_takes_effect_once_in_order() {
    let Some(desk) = desk().await else {
        return;
    };
    let desk = Arc::new(desk);
    let first = desk.serve();
    topics_ready(&first).await;
    let stop = CancellationToken::new();
    let faults = async {
        let last = come_and_go(&desk, first).await;
        stop.cancel();
        last
    };
    let (sent, last) = tokio::join!(send(&desk, &stop), faults);
    desk.ground
        .eventually("every command", async || {
            (done(&desk).await >= sent).then_some(())
        })
        .await;
    assert_eq!(last.terminate(), Some(0));

    let names = "select command_id from events where event_type = 'IngestaCreada'
                 order by xact, position";
    let mut lanes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for name in desk.ground.texts(names).await {
        let (_, number) = name.rsplit_once("orden-").expect("a command of ours");
        let number: usize = number.parse().expect("a number");
        lanes.entry(number % KEYS).or_default().push(number);
    }
    for (key, lane) in lanes {
        // Each once, none missing, in the order in which they were sent.
        let expected: Vec<_> = (key..sent).step_by(KEYS).collect();
        assert_eq!(lane, expected, "key {key}");
    }
    assert!(desk.stage.apartados(CREAR).await.is_empty());
}
