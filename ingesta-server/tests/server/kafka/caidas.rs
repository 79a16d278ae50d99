//! A server that dies while messages flow, and another one that goes on.

use ingesta_server::mensajes::Esquema;
use serde_json::Value;

use super::contado::contar;
use super::operador::{Desk, desk, topics_ready};
use super::stage::sobre;
use crate::test_app::cuerpo;

const CREAR: Esquema = Esquema::ComandoCrearIngesta;
const COMMANDS: usize = 200;
const KEYS: usize = 4;
const RELAY: &str = "integracion_ingesta";
/// Those of a server without settings.
const PARTITIONS: i32 = 6;
/// What is to be told in the end.
const TOLD: usize = COMMANDS + KEYS;

/// Sends a named command with each of these, over some keys.
async fn enviar(desk: &Desk, bodies: &[Value]) {
    for (index, body) in bodies.iter().enumerate() {
        let value = sobre(CREAR, &format!("orden-{index}"), body);
        let key = format!("k{}", index % KEYS);
        desk.stage.escribir(CREAR, &key, Some(value)).await;
    }
}

async fn creadas(desk: &Desk) -> i64 {
    let sql = "select count(*) from events where event_type = 'IngestaCreada'";
    desk.ground.ask(sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn t_13_a_server_killed_while_commands_flow_carries_each_out_once_and_loses_no_event() {
    let Some(desk) = desk().await else {
        return;
    };
    let first = desk.serve();
    topics_ready(&first).await;
    let bodies: Vec<Value> = (0..COMMANDS).map(|_| cuerpo()).collect();
    // Between an effect and its offset, between a message and its checkpoint.
    let killed = async {
        desk.ground
            .eventually("some commands", async || {
                (creadas(&desk).await >= 10).then_some(())
            })
            .await;
        first.kill();
    };
    tokio::join!(enviar(&desk, &bodies), killed);
    let second = desk.serve();
    let all = i64::try_from(COMMANDS).expect("a small number");
    desk.ground
        .eventually("every command", async || {
            (creadas(&desk).await >= all).then_some(())
        })
        .await;
    // Each of them once more, as a producer does that got no answer; behind them one of each key,
    // which is not carried out before all the others of its key are.
    enviar(&desk, &bodies).await;
    for key in 0..KEYS {
        let value = sobre(CREAR, &format!("ultima-{key}"), &cuerpo());
        desk.stage
            .escribir(CREAR, &format!("k{key}"), Some(value))
            .await;
    }
    desk.ground
        .eventually("the last ones", async || {
            let sql = "select count(*) from events where command_id like '%/ultima-%'";
            let last = desk.ground.ask(sql).await;
            (usize::try_from(last) == Ok(KEYS)).then_some(())
        })
        .await;
    assert_eq!(
        creadas(&desk).await,
        i64::try_from(TOLD).expect("a small number")
    );
    assert!(desk.stage.apartados(CREAR).await.is_empty());

    // Published: each at least once, each repetition equal to its first.
    let behind = format!(
        "select count(*) from events e, ingesta_subscriptions s where s.name = '{RELAY}'
            and aggregate_type = 'Ingesta' and (e.xact, e.position) > (s.xact, s.position)"
    );
    desk.ground
        .eventually("everything to be published", async || {
            (desk.ground.ask(&behind).await == 0).then_some(())
        })
        .await;
    assert_eq!(second.terminate(), Some(0));
    let told = desk
        .stage
        .leer_todo(Esquema::EventosIngesta, PARTITIONS)
        .await;
    assert_eq!(contar(&told).firsts.len(), TOLD);
}
